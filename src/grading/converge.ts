/**
 * On a real mesh a change takes seconds until every proxy has it. A probe that does not meet what the objects say is
 * sent again until it does, or the time for that is over: so "not yet" is told from "no", which is answered at once.
 */
import type { OutcomeKind } from './outcome.ts'
import type { Prediction } from './predict.ts'
import type { Observation } from './probe.ts'

export interface Converge {
  /** How long a change may take to arrive. */
  seconds: number
  /** Milliseconds; default: a timer. Rejects when `signal` aborts. */
  pause?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** The answer is not wanted any more: what was seen last will do. */
  isStale?: () => boolean
}

const timer = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  const { setTimeout } = await import('node:timers/promises')
  await setTimeout(milliseconds, undefined, { signal })
}

/** Whether the outcome is the predicted one; whether the application's own answer is all that could differ. */
export const agrees = (prediction: Prediction, observed: OutcomeKind): boolean =>
  prediction.outcome === observed ||
  prediction.also === observed ||
  (prediction.outcome === 'ok' && observed === 'status')

/** What is not predicted, or could not be sent, cannot disagree. A witness of the connection counts as well. */
const disagrees = (prediction: Prediction, observation: Observation): boolean => {
  if (!observation.ran || prediction.outcome === 'unknown') return false
  if (!agrees(prediction, observation.outcome.kind)) return true
  const { witness } = observation
  const isKnown = prediction.transport === 'mtls' || prediction.transport === 'plaintext'
  return witness !== undefined && isKnown && witness.mtls !== (prediction.transport === 'mtls')
}

const longest = 2000

/**
 * What a probe sees once it agrees with the prediction, or last, with `waited` then. `send` is called once when they
 * agree at first, and at most about `seconds` / 2 times more otherwise.
 */
export const untilConverged = async (
  send: () => Promise<Observation>,
  predict: () => Promise<Prediction>,
  { seconds, pause = timer, isStale = () => false }: Converge,
  signal?: AbortSignal,
): Promise<Observation> => {
  const [first, prediction] = await Promise.all([send(), predict()])
  let seen = first
  let waited = 0
  for (let next = 250; disagrees(prediction, seen) && !isStale(); next = Math.min(next * 2, longest)) {
    if (waited + next > seconds * 1000) return seen.ran ? { ...seen, waited: Math.round(waited / 1000) } : seen
    await pause(next, signal)
    waited += next
    seen = await send()
  }
  return seen
}
