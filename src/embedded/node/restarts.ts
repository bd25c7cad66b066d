/**
 * Whether a container that has ended is started again, and when. Upstream: kubernetes/pkg/kubelet/container/helpers.go
 * (ShouldContainerBeRestarted), pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff) and kubelet.go (its limits).
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Entry } from './entries.ts'
import type { ContainerRecord } from './status.ts'

const firstBackOff = 10_000
const longestBackOff = 300_000
/** A run of that many milliseconds clears the back-off. */
const steady = 600_000

const policyOf = ({ spec }: Pod): string => spec.restartPolicy ?? 'Always'

export const shouldRestart = (pod: Pod, { role, state }: ContainerRecord): boolean => {
  const policy = policyOf(pod)
  const code = state.terminated?.exitCode ?? 0
  if (role === 'sidecar') return true
  if (role === 'ephemeral') return false
  if (role === 'init') return code !== 0 && policy !== 'Never'
  return policy === 'Always' || (policy === 'OnFailure' && code !== 0)
}

/** All main containers have ended, and none is started again. */
export const isDone = (pod: Pod, records: readonly ContainerRecord[]): boolean =>
  records
    .filter(({ role }) => role === 'main')
    .every((record) => record.state.terminated !== undefined && !shouldRestart(pod, record))

/** Counts one more crash. Milliseconds until the next start: none at first, then twice as long each time. */
export const backOff = (item: Entry, now: number): number => {
  if (now - item.startedAt > steady) item.crashes = 0
  const wait = item.crashes === 0 ? 0 : Math.min(firstBackOff * 2 ** (item.crashes - 1), longestBackOff)
  item.crashes++
  return wait
}

/** As Go prints a duration of whole seconds. */
const duration = (milliseconds: number): string => {
  const total = milliseconds / 1000
  return total < 60 ? `${total}s` : `${Math.floor(total / 60)}m${total % 60}s`
}

/** What the status and the event say while a container waits for its next start. */
export const crashLoop = ({ metadata }: Pod, name: string, wait: number) => {
  const where = `${metadata.name}_${metadata.namespace}(${metadata.uid})`
  return {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: `back-off ${duration(wait)} restarting failed container=${name} pod=${where}`,
    },
    event: `Back-off restarting failed container ${name} in pod ${where}`,
  }
}
