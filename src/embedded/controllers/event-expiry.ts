/** Forgets events an hour after they were last seen, as etcd's lease does in a real cluster. */
import type { EventObject } from '../kinds/types.ts'
import { type Controller, resources, stopAll } from './controller.ts'
import { workQueue } from './queue.ts'

const { events } = resources
const lifetime = 60 * 60 * 1000

const lastSeen = (event: EventObject): number =>
  Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '')

export const eventExpiry: Controller = ({ registry, clock }) => {
  /** One timer for the oldest event, not one for each. */
  const sweepKey = 'sweep'
  const queue = workQueue(clock, () => {
    let next = Number.POSITIVE_INFINITY
    for (const event of registry.list(events)) {
      const left = lastSeen(event) + lifetime - clock.now()
      if (left <= 0) {
        registry.delete(events, event.metadata.name, event.metadata.namespace)
      } else next = Math.min(next, left)
    }
    if (Number.isFinite(next)) queue.addAfter(sweepKey, next)
  })
  return stopAll(
    queue,
    // A timer that is already set is earlier than any that a new event would need.
    registry.watch(events, ({ type }) => type === 'ADDED' && queue.addAfter(sweepKey, lifetime), { replay: true }),
  )
}
