/**
 * Weights and percentages. Envoy throws dice; here the number of the request decides, through a sequence that is spread
 * as evenly as can be (docs/decisions, "chance is the request's number"). Without a number, the likelier side counts.
 */

/** Fractional parts that have nothing to do with each other, one for each question. */
const steps = {
  abort: Math.SQRT2,
  delay: Math.sqrt(3),
  weight: Math.sqrt(5),
  enabled: Math.sqrt(7),
  enforced: Math.sqrt(11),
}

export type Question = keyof typeof steps

/** Of [0, 1), evenly spread over consecutive numbers. */
export const spread = (question: Question, turn: number): number => (turn * steps[question] + 0.5 / steps[question]) % 1

/** Whether a share (0 to 100) applies. */
export const applies = (question: Question, percent: number, turn: number | undefined): boolean => {
  if (percent <= 0) return false
  if (percent >= 100) return true
  return turn === undefined ? percent > 50 : spread(question, turn) * 100 < percent
}

/** Index of the weight that is drawn; the heaviest without a number. No weights at all: the first. */
export const draw = (weights: readonly number[], turn: number | undefined): number => {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return 0
  if (turn === undefined) return weights.indexOf(Math.max(...weights))
  let left = spread('weight', turn) * total
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return index
  }
  return weights.length - 1
}
