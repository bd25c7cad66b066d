/** The containers of a pod as the node keeps them: what is known of each, and its current and previous run. */
import type { Container, Pod } from '../../kube/kinds.ts'
import type { Run } from './container.ts'
import type { ContainerRecord } from './status.ts'

export interface Entry {
  record: ContainerRecord
  run?: Run
  /** The run before, for `logs --previous`. */
  previous?: Run
  /** A restart is planned. */
  cancelRestart?: () => void
  /** Consecutive restarts that the back-off counts, and when the last run began. */
  crashes: number
  startedAt: number
}

const entry = (spec: Container, role: ContainerRecord['role'], waits: string): Entry => ({
  record: {
    spec,
    role,
    state: { waiting: { reason: waits } },
    lastState: {},
    restarts: 0,
    started: false,
    ready: false,
    image: spec.image,
    imageID: '',
  },
  crashes: 0,
  startedAt: 0,
})

const ephemeralSpecs = (pod: Pod): Container[] => (pod.spec.ephemeralContainers ?? []) as Container[]

/** Init containers and sidecars first, in the order in which they start. */
export const entriesOf = (pod: Pod): Entry[] => {
  const init = pod.spec.initContainers ?? []
  return [
    ...init.map((spec) => entry(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init', 'PodInitializing')),
    ...pod.spec.containers.map((spec) =>
      entry(spec, 'main', init.length > 0 ? 'PodInitializing' : 'ContainerCreating'),
    ),
    ...newEphemeral(pod, []),
  ]
}

/** Containers that `kubectl debug` has added since. */
export const newEphemeral = (pod: Pod, known: readonly Entry[]): Entry[] =>
  ephemeralSpecs(pod)
    .filter(({ name }) => !known.some(({ record }) => record.spec.name === name))
    .map((spec) => entry(spec, 'ephemeral', 'ContainerCreating'))

/** The container's run is over. @param now RFC 3339 */
export const noteEnd = (item: Entry, run: Run, exitCode: number, now: string): void => {
  const { record } = item
  item.previous = run
  item.run = undefined
  record.started = false
  record.ready = false
  record.state = {
    terminated: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: record.state.running?.startedAt,
      finishedAt: now,
      containerID: `containerd://${run.id}`,
    },
  }
}

/** Where in the pod's spec the container stands, for events. */
export const fieldPathOf = ({ spec, role }: ContainerRecord): string => {
  const list = role === 'main' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers'
  return `spec.${list}{${spec.name}}`
}

/** Names that exec, attach and logs may ask for. */
export const containerNames = (pod: Pod): string[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...ephemeralSpecs(pod)].map(({ name }) => name)
