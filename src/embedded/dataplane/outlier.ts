/**
 * Outlier detection of one proxy for one cluster: endpoints that fail in a row are left alone for a while, longer each
 * time. Upstream: envoy source/common/upstream/outlier_detection_impl.cc. No timers: the intervals that have passed are
 * made up for when somebody asks. Not modelled: success rate, failure percentage, jitter.
 */
import type { OutlierDetection } from '../../meshes/verdict.ts'

interface Monitor {
  serverErrors: number
  gatewayErrors: number
  /** When the present ejection began; absent: in use. */
  ejectedAt?: number
  /** How many times the base ejection time counts. */
  multiplier: number
}

/** Envoy's `max_ejection_time`, milliseconds; a longer base time replaces it. */
const maxEjectionTime = 300_000

export interface Detector {
  /** `status` is the answer's; a failed connection counts as 503. */
  report(address: string, status: number): void
  /** The addresses that are left alone now. */
  ejected(): ReadonlySet<string>
  /** Follows changes of the configuration and of the endpoints. */
  configure(config: OutlierDetection, endpoints: readonly string[]): void
}

/** `now` gives milliseconds since the epoch. */
export const createDetector = (now: () => number): Detector => {
  const monitors = new Map<string, Monitor>()
  let config: OutlierDetection | undefined
  let lastCheck = now()

  const monitorOf = (address: string): Monitor => {
    const found = monitors.get(address)
    if (found !== undefined) return found
    const made = { serverErrors: 0, gatewayErrors: 0, multiplier: 0 }
    monitors.set(address, made)
    return made
  }

  /** Hosts return at the first interval after their time; in use, each interval makes their next ejection shorter. */
  const catchUp = (): void => {
    if (config === undefined) return
    const { interval, baseEjectionTime } = config
    const passed = Math.floor((now() - lastCheck) / interval)
    if (passed <= 0) return
    const longest = Math.max(maxEjectionTime, baseEjectionTime)
    for (const monitor of monitors.values()) {
      let left = passed
      if (monitor.ejectedAt !== undefined) {
        const until = monitor.ejectedAt + Math.min(baseEjectionTime * monitor.multiplier, longest)
        const ticks = Math.max(1, Math.ceil((until - lastCheck) / interval))
        if (ticks > passed) continue
        monitor.ejectedAt = undefined
        left = passed - ticks
      }
      monitor.multiplier = Math.max(0, monitor.multiplier - left)
    }
    lastCheck += passed * interval
  }

  const eject = (monitor: Monitor): void => {
    if (config === undefined || monitor.ejectedAt !== undefined) return
    const active = [...monitors.values()].filter((each) => each.ejectedAt !== undefined).length
    if ((100 * (active + 1)) / monitors.size > config.maxEjectionPercent) return
    monitor.ejectedAt = now()
    monitor.multiplier++
    monitor.serverErrors = 0
    monitor.gatewayErrors = 0
  }

  return {
    configure(next, endpoints) {
      catchUp()
      config = next
      for (const address of monitors.keys()) if (!endpoints.includes(address)) monitors.delete(address)
      for (const address of endpoints) monitorOf(address)
    },
    report(address, status) {
      if (config === undefined) return
      catchUp()
      const monitor = monitorOf(address)
      if (status < 500) {
        monitor.serverErrors = 0
        monitor.gatewayErrors = 0
        return
      }
      monitor.serverErrors++
      monitor.gatewayErrors = status >= 502 && status <= 504 ? monitor.gatewayErrors + 1 : 0
      const isOver =
        (config.serverErrors > 0 && monitor.serverErrors >= config.serverErrors) ||
        (config.gatewayErrors > 0 && monitor.gatewayErrors >= config.gatewayErrors)
      if (isOver) eject(monitor)
    },
    ejected() {
      catchUp()
      const out = [...monitors].filter(([, { ejectedAt }]) => ejectedAt !== undefined).map(([address]) => address)
      const healthy = 100 - (100 * out.length) / Math.max(1, monitors.size)
      // Too few are left: all are used again (panic routing).
      return config !== undefined && healthy < config.minHealthPercent ? new Set() : new Set(out)
    },
  }
}
