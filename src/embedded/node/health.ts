/** What a container's three probes do to it: started, ready, restarted. */
import { type Probe, type ProbeTarget, watchProbe } from './probes.ts'
import type { ContainerRecord } from './status.ts'

export interface Reactions {
  /** `ready` has changed. */
  changed: () => void
  /** The startup probe has passed: what waited for this container may go on. */
  started: () => void
  unhealthy: (kind: 'Readiness' | 'Liveness' | 'Startup', says: string) => void
  /** Failed as often as it may: the container has to go. */
  failed: (kind: 'liveness' | 'startup') => void
}

/**
 * Begins with the startup probe, if there is one; the other two wait for it. Ends with the run. `isResumed`: the record
 * says already what earlier probes found.
 */
export const watchContainer = (
  record: ContainerRecord,
  target: ProbeTarget,
  react: Reactions,
  isResumed = false,
): void => {
  const { startupProbe, readinessProbe, livenessProbe } = record.spec as Partial<
    Record<'startupProbe' | 'readinessProbe' | 'livenessProbe', Probe>
  >
  const setReady = (isReady: boolean): void => {
    if (record.ready === isReady) return
    record.ready = isReady
    react.changed()
  }
  const begin = (): void => {
    record.started = true
    if (!isResumed) record.ready = record.role !== 'init' && !readinessProbe
    if (readinessProbe)
      watchProbe(target, readinessProbe, {
        onSuccess: () => setReady(true),
        onFailure(says, exhausted) {
          react.unhealthy('Readiness', says)
          if (exhausted) setReady(false)
        },
      })
    if (livenessProbe)
      watchProbe(target, livenessProbe, {
        onSuccess() {},
        onFailure(says, exhausted) {
          react.unhealthy('Liveness', says)
          if (exhausted) react.failed('liveness')
        },
      })
  }
  if (!startupProbe || (isResumed && record.started)) {
    begin()
    return
  }
  record.started = false
  record.ready = false
  watchProbe(target, startupProbe, {
    once: true,
    onSuccess() {
      begin()
      react.started()
    },
    onFailure(says, exhausted) {
      react.unhealthy('Startup', says)
      if (exhausted) react.failed('startup')
    },
  })
}
