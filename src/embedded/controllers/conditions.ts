/** Conditions of a status: set one, keeping the time of the last real transition. */
import { type Clock, timestamp } from '../clock.ts'
import type { Condition } from '../kinds/types.ts'

type New = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

/**
 * The list with `wanted` in it. Nothing changes when status and reason are as before, as in the Deployment controller;
 * `touch` renews `lastUpdateTime` all the same.
 */
export const setCondition = (
  conditions: readonly Condition[],
  wanted: New,
  clock: Clock,
  { withUpdateTime = false, touch = false } = {},
): Condition[] => {
  const before = conditions.find(({ type }) => type === wanted.type)
  if (before?.status === wanted.status && before.reason === wanted.reason && !touch) return [...conditions]
  const now = timestamp(clock)
  const transition = before?.status === wanted.status ? before.lastTransitionTime : now
  const condition: Condition = {
    type: wanted.type,
    status: wanted.status,
    ...(withUpdateTime ? { lastUpdateTime: now } : {}),
    lastTransitionTime: transition,
    reason: wanted.reason,
    message: wanted.message,
  }
  return [...conditions.filter(({ type }) => type !== wanted.type), condition]
}

export const withoutCondition = (conditions: readonly Condition[], type: string): Condition[] =>
  conditions.filter((condition) => condition.type !== type)
