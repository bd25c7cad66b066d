/**
 * The connection pool of one proxy for one cluster, as HTTP/1.1 uses it: one request for each connection, the rest waits,
 * what exceeds both limits is turned away. Upstream: envoy source/common/conn_pool/conn_pool_base.cc. Connections are
 * there at once, so a request waits only for the limit of connections.
 */
import type { Limits } from '../../meshes/verdict.ts'

export interface Pool {
  /** Resolves, when there is room, to what gives it back; undefined: overflow. Aborting leaves the queue. */
  enter(limits: Limits, signal: AbortSignal): Promise<(() => void) | undefined>
  /** The same for what never waits. */
  take(limit: number | undefined): (() => void) | undefined
}

export const createPool = (): Pool => {
  let active = 0
  const waiting: (() => void)[] = []
  const leave = (): void => {
    active--
    waiting.shift()?.()
  }
  const take = (): (() => void) => {
    active++
    let held = true
    return () => {
      if (held) leave()
      held = false
    }
  }
  return {
    take: (limit) => (limit !== undefined && active >= limit ? undefined : take()),
    async enter({ requests, connections, pending }, signal) {
      if (requests !== undefined && active >= requests) return undefined
      if (connections === undefined || active < connections) return take()
      if (pending !== undefined && waiting.length >= pending) return undefined
      return new Promise((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', give)
          resolve(take())
        }
        const give = (): void => {
          const at = waiting.indexOf(go)
          if (at >= 0) waiting.splice(at, 1)
          resolve(() => {})
        }
        waiting.push(go)
        signal.addEventListener('abort', give, { once: true })
      })
    },
  }
}
