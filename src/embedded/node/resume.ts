/** A pod that ran before this node did: what its status says of its containers, as a kubelet finds them after a restart. */
import type { ContainerStatus, Pod } from '../../kube/kinds.ts'
import type { ContainerRecord, State } from './status.ts'

const rememberedOf = ({ spec: { name }, role }: ContainerRecord, { status }: Pod): ContainerStatus | undefined => {
  const all = role === 'main' ? status?.containerStatuses : status?.initContainerStatuses
  return (all as ContainerStatus[] | undefined)?.find((each) => each.name === name)
}

/** What the status says of a container's past; one that runs is still to be started. */
export const recall = (record: ContainerRecord, pod: Pod): void => {
  const known = rememberedOf(record, pod)
  if (!known) return
  const { lastState, started, image, imageID } = known
  const state = known.state as State | undefined
  record.restarts = known.restartCount
  record.ready = known.ready
  record.started = Boolean(started)
  record.lastState = (lastState ?? {}) as State
  if (!state?.terminated) return
  const containerID = state.terminated.containerID?.replace('containerd://', '')
  Object.assign(record, { state, image, imageID, containerID })
}

/** Once it runs again: since when it does. */
export const recallStart = (record: ContainerRecord, pod: Pod): void => {
  const running = rememberedOf(record, pod)?.state?.running
  if (running) record.state = { running }
}
