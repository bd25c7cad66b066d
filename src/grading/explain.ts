/**
 * Joins what a probe saw to what the engine says should happen. Observation and prediction are independent; where they
 * disagree the learner hears both, because then one of them is wrong.
 */

import type { RequestCheck } from '../content/schema.ts'
import { agrees } from './converge.ts'
import type { OutcomeKind } from './outcome.ts'
import { type Prediction, predictNow } from './predict.ts'
import type { Observation } from './probe.ts'
import type { ClusterWorld } from './world.ts'

export { type Matrix, type MatrixCell, type MatrixLetter, matrix, observeMatrix } from './matrix.ts'
export { type Prediction, type PredictOptions, predict } from './predict.ts'
export { type ClusterWorld, readWorld, worldOf } from './world.ts'

const words: Record<OutcomeKind | 'unknown', string> = {
  ok: 'reach the application',
  status: 'be answered with an error',
  denied: 'be denied with 403',
  refused: 'be refused',
  dropped: 'get no answer',
  unreachable: 'reach nothing',
  unknown: 'meet something that is not modelled',
}

/** Whether the check is about the connection rather than about who may do what. */
const asksForConnection = ({ expect }: RequestCheck): boolean =>
  typeof expect === 'string'
    ? expect === 'refused'
    : expect.mtls !== undefined || [expect.outcome].flat().includes('refused')

/**
 * The sentence that answers what the check asks. A request that got through was decided last by the authorization
 * policies, but a check that wanted it refused or encrypted fails for what was said about the connection.
 */
const sentence = (check: RequestCheck, prediction: Prediction): string => {
  if (prediction.outcome !== 'ok' || !asksForConnection(check)) return prediction.because
  return prediction.steps.findLast((says) => /: (plaintext|mTLS|.*accepted)/.test(says)) ?? prediction.because
}

/** Why a request went as it did, in the mesh's own terms; undefined when the engine has nothing to say. */
export const explain = async (
  world: ClusterWorld,
  request: RequestCheck,
  observation: Observation,
): Promise<string | undefined> => {
  if (!observation.ran) return observation.says
  if (world.mesh === undefined) return undefined
  const prediction = await predictNow(world, request.from, request.to, request)
  const { kind, says } = observation.outcome
  if (prediction.outcome === 'unknown') return `cannot say why: ${prediction.because}`
  if (agrees(prediction, kind)) return sentence(request, prediction)
  if (observation.waited !== undefined)
    return `not yet: after ${observation.waited} s the probe still saw ${says}, but it should ${words[prediction.outcome]}: ${prediction.because}`
  return `the probe saw ${says}, but it should ${words[prediction.outcome]}: ${prediction.because}`
}
