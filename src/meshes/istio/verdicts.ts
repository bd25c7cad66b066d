/**
 * Verdicts of both sidecars. What a verdict says (outcome, transport, identity) is there at once; why it says so, and
 * what the caller meets in every byte, is worked out when it is first read: a table of everybody to everybody reads
 * few of them.
 */
import type { Effect, Evidence, Logged, Step, Transport, Verdict } from '../verdict.ts'
import { once } from './once.ts'
import { nameOf } from './read.ts'

export interface Reasons {
  steps: Step[]
  deciding: Step
}

export const verdict = (
  outcome: Verdict['outcome'],
  transport: Transport,
  steps: Step[],
  deciding: Step,
  more: { effect?: Effect; identity?: string; logged?: Logged } = {},
): Verdict => ({
  outcome,
  transport,
  ...(more.identity === undefined ? {} : { identity: more.identity }),
  ...(more.effect === undefined ? {} : { effect: more.effect }),
  ...(deciding.evidence === undefined ? {} : { decidedBy: deciding.evidence }),
  because: deciding.says,
  steps,
  ...(more.logged === undefined ? {} : { logged: more.logged }),
})

/** The same, told when asked. */
export const lazyVerdict = (
  outcome: Verdict['outcome'],
  transport: Transport,
  identity: string | undefined,
  reasons: () => Reasons,
  met: () => { effect?: Effect; logged?: Logged },
): Verdict => {
  const why = once(reasons)
  const what = once(met)
  return {
    outcome,
    transport,
    identity,
    get effect() {
      return what().effect
    },
    get decidedBy() {
      return why().deciding.evidence
    },
    get because() {
      return why().deciding.says
    },
    get steps() {
      return why().steps
    },
    get logged() {
      return what().logged
    },
  }
}

/** A field that matters and that is not modelled. */
export const doubtful = (at: Step['at'], evidence: Evidence): Step => ({
  at,
  outcome: 'unknown',
  says: `${nameOf(evidence.object)} (${evidence.field ?? 'spec'}) applies to this call and is not modelled`,
  evidence,
})
