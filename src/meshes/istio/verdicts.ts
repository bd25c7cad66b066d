/**
 * Verdicts of both sidecars. What a verdict says (outcome, transport, identity) is there at once; why it says so, and
 * what the caller meets in every byte, is worked out when it is first read: a table of everybody to everybody reads
 * few of them.
 */
import type { Call } from '../call.ts'
import {
  type Effect,
  type Evidence,
  type Gist,
  type Logged,
  plainVerdict,
  type Step,
  type Transport,
  type Verdict,
} from '../verdict.ts'
import type { IstioModel } from './compile.ts'
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

/** A field that a verdict may lack is one that a getter may forget. */
type EveryField = { [Name in keyof Required<Verdict>]: Verdict[Name] }

type Seen = Pick<Verdict, 'outcome' | 'transport' | 'identity' | 'upstream'> & { gist: Gist | undefined }

/** How to decide once more, with all the reasons. */
export type Whole = (model: IstioModel, call: Call) => Verdict

/** A verdict whose reasons are worked out when somebody reads them, by deciding once more. Copy it with `plainVerdict`. */
export class BriefVerdict implements EveryField {
  readonly outcome: Verdict['outcome']
  readonly transport: Transport
  readonly identity: string | undefined
  readonly gist: Gist | undefined
  readonly upstream: Verdict['upstream']
  private readonly model: IstioModel
  private readonly call: Call
  private readonly decide: Whole
  private whole: Verdict | undefined

  constructor(seen: Seen, model: IstioModel, call: Call, decide: Whole) {
    this.outcome = seen.outcome
    this.transport = seen.transport
    this.identity = seen.identity
    this.gist = seen.gist
    this.upstream = seen.upstream
    this.model = model
    this.call = call
    this.decide = decide
    this.whole = undefined
  }

  private told(): Verdict {
    this.whole ??= this.decide(this.model, this.call)
    return this.whole
  }
  get sent() {
    return this.told().sent
  }
  get http() {
    return this.told().http
  }
  get effect() {
    return this.told().effect
  }
  get decidedBy() {
    return this.told().decidedBy
  }
  get because() {
    return this.told().because
  }
  get steps() {
    return this.told().steps
  }
  get logged() {
    return this.told().logged
  }
  get inbound() {
    return this.told().inbound
  }
  get endsTls() {
    return this.told().endsTls
  }
  toJSON(): Verdict {
    return plainVerdict(this)
  }
}
