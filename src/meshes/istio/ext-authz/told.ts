/** An authorizer's answer in sentences, and as what the caller meets. */
import type { Pod } from '../../../kube/kinds.ts'
import type { Call, CheckFact, HttpRequest } from '../../call.ts'
import type { Evidence, Step, Verdict } from '../../verdict.ts'
import type { Asks } from '../authorize.ts'
import type { IstioModel } from '../compile.ts'
import { type Handlers, proxyResponse, type Refusal } from '../effects.ts'
import { isFields } from '../read.ts'
import { type CheckAnswer, readAnswer } from './answer.ts'
import { isGrpc, keyOf } from './check.ts'
import type { ExtensionProvider } from './provider.ts'

const whom = ({ name, service, port }: ExtensionProvider): string =>
  `the external authorizer ${name} (${service.replace(/^.*\//, '')}:${port})`

/** Nobody asked, so nobody knows. */
const unasked = (provider: ExtensionProvider, evidence: Evidence): Step => ({
  at: 'server',
  outcome: 'unknown',
  says: `${whom(provider)} decides, and it can only be asked where the request really happens`,
  evidence,
})

/** As if the authorizer had let it pass and written nothing. */
const supposed = (receiver: Pod, provider: ExtensionProvider): CheckFact => ({
  ...keyOf({ receiver, provider }),
  reply: { status: 200, headers: [], body: isGrpc(provider) ? JSON.stringify({ status: {} }) : '' },
})

/** What would become of the call if it were let pass. */
export const ifAllowed = ({ steps, because }: Pick<Verdict, 'steps' | 'because'>): Step => {
  const { says, evidence } = steps.at(-1) ?? { says: because }
  return {
    at: 'server',
    outcome: 'info',
    says: `If the external authorizer allows it: ${says}`,
    ...(evidence === undefined ? {} : { evidence }),
  }
}

/** A check that would need something that is not modelled. */
const uncheckable = (provider: ExtensionProvider, evidence: Evidence): Step => ({
  at: 'server',
  outcome: 'unknown',
  says: `${whom(provider)} is shown the body of requests (includeRequestBodyInCheck), which is not modelled`,
  evidence,
})

const answered = (provider: ExtensionProvider, answer: CheckAnswer, evidence: Evidence): Step => {
  const said = (): string => {
    if (answer.kind === 'allowed')
      return answer.isOpen
        ? `${whom(provider)} does not answer, and failOpen lets the request pass`
        : `${whom(provider)} allows it`
    return answer.details === 'ext_authz_error'
      ? `${whom(provider)} does not answer, so it is denied (${answer.status})`
      : `${whom(provider)} denies it (${answer.status})`
  }
  return { at: 'server', outcome: answer.kind === 'allowed' ? 'pass' : 'deny', says: said(), evidence }
}

/** What an authorizer's word does to the call. */
export interface Checked {
  outcome: 'pass' | 'deny' | 'unknown'
  last: () => Step
  /** Headers that it writes into the request, and into the response. */
  written: [string, string][]
  shown: [string, string][]
  /** Of a refusal. */
  answer?: CheckAnswer & { kind: 'denied' }
  /** Of a question that nobody asked: its best answer. */
  supposed?: CheckFact
}

/** The say of the provider that a matching rule names, as far as anybody asked it. */
export const checkedBy = ({ provider, evidence }: Asks, call: Call): Checked => {
  const nothing = { written: [], shown: [] }
  if (isFields(provider.settings.includeRequestBodyInCheck))
    return { outcome: 'unknown', last: () => uncheckable(provider, evidence()), ...nothing }
  const { by, authorizer } = keyOf({ receiver: call.destination, provider })
  const fact = call.checks?.find((each) => each.by === by && each.authorizer === authorizer)
  if (fact === undefined) {
    const last = (): Step => unasked(provider, evidence())
    return { outcome: 'unknown', last, supposed: supposed(call.destination, provider), ...nothing }
  }
  const answer = readAnswer(fact, provider)
  const last = (): Step => answered(provider, answer, evidence())
  return answer.kind === 'denied'
    ? { outcome: 'deny', last, answer, ...nothing }
    : { outcome: 'pass', last, written: answer.setRequestHeaders, shown: answer.setResponseHeaders }
}

/** A request in which these headers replace others of their names. */
export const withHeaders = (request: HttpRequest, set: readonly [string, string][]): HttpRequest => {
  const names = new Set(set.map(([name]) => name))
  return { ...request, headers: [...request.headers.filter(([name]) => !names.has(name)), ...set] }
}

/** Envoy's flag for all that the filter refuses is UAEX. */
export const refusedByAuthorizer = (
  model: IstioModel,
  call: Call,
  handlers: Handlers,
  answer: CheckAnswer & { kind: 'denied' },
): Refusal => {
  const { status, headers, body, details } = answer
  if (!handlers.server) return { effect: { kind: 'close' }, logged: { server: { status: 0, flags: 'UAEX', details } } }
  return {
    effect: proxyResponse(model, call, handlers, { status, headers, body }),
    logged: {
      server: { status, flags: 'UAEX', details },
      ...(handlers.client ? { client: { status, flags: '-', details: 'via_upstream' } } : {}),
    },
  }
}
