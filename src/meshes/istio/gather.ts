/**
 * The facts that deciding needs and that a pure function cannot have, in the order in which proxies on the way need them:
 * what external authorizers say, and whether tokens are good. See docs/decisions.
 * Not modelled: authorizers behind a ServiceEntry, but for one in the receiver's own pod (127.0.0.1).
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Call, CheckFact, HttpRequest, TokenFact } from '../call.ts'
import type { Outside } from '../mesh.ts'
import type { IstioModel } from './compile.ts'
import { readAnswer } from './ext-authz/answer.ts'
import { type Check, keyOf, questionOf } from './ext-authz/check.ts'
import type { ExtensionProvider } from './ext-authz/provider.ts'
import { withHeaders } from './ext-authz/told.ts'
import { checkWanted } from './ext-authz/wanted.ts'
import { behindGateway, gatewayCheck } from './gateway/index.ts'
import { tokenFacts } from './jwt/gather.ts'
import { type Outbound, outbound } from './outbound.ts'
import { isGateway, isMeshed } from './pods.ts'
import { isFields } from './read.ts'
import { receiverOf } from './receiver.ts'
import { addressOf } from './registry.ts'

/** Where the authorizer listens. */
const placeOf = (
  model: IstioModel,
  { service, port }: ExtensionProvider,
): { host: string; port: number } | undefined => {
  const slash = service.indexOf('/')
  const host = service.slice(slash + 1).toLowerCase()
  const home = slash < 0 ? undefined : service.slice(0, slash)
  const known = (model.registry().byHost.get(host) ?? []).find((each) => home === undefined || each.namespace === home)
  if (known?.kubernetes !== undefined) return { host, port }
  const beside = known?.endpoints(port).find(({ pod }) => addressOf(pod) === '127.0.0.1')
  return beside && { host: '127.0.0.1', port: beside.port }
}

const ask = async (model: IstioModel, check: Check, outside: Outside): Promise<CheckFact | undefined> => {
  const place = placeOf(model, check.provider)
  const isShownBodies = isFields(check.provider.settings.includeRequestBodyInCheck)
  if (outside.ask === undefined || place === undefined || isShownBodies) return undefined
  const question = questionOf(check, place.host, place.port)
  const reply = await outside.ask(check.receiver, question).catch(() => undefined)
  return reply === undefined ? undefined : { ...keyOf(check), reply }
}

interface Facts {
  checks: CheckFact[]
  tokens: TokenFact[]
}

/** What one proxy finds out: its authorizer first, which may write a token into the request. */
const factsAt = async (
  model: IstioModel,
  at: { receiver: Pod; http?: HttpRequest; check?: Check },
  outside: Outside,
): Promise<Facts> => {
  const { receiver, http, check } = at
  const fact = check && (await ask(model, check, outside))
  const answer = check && fact && readAnswer(fact, check.provider)
  const written = answer?.kind === 'allowed' ? answer.setRequestHeaders : []
  const tokens = await tokenFacts(model, receiver, http && withHeaders(http, written), outside)
  return { checks: fact === undefined ? [] : [fact], tokens }
}

/** The question of a sidecar that the call reaches. */
const sidecarCheck = (model: IstioModel, sent: Outbound): Check | undefined => {
  const { destination, port } = sent.call
  if (!isMeshed(destination) || receiverOf(model, destination).port(port).bypass !== undefined) return undefined
  return checkWanted(model, sent.transport === 'tls' ? { ...sent.call, protocol: 'tls' } : sent.call, sent)
}

/** See `Mesh.gather`. A proxy of the caller may send elsewhere than was dialled, and a gateway sends on. */
export const gather = async (model: IstioModel, call: Call, outside: Outside): Promise<Call> => {
  const sent = outbound(model, call)
  const { destination: receiver } = sent.call
  if (!isMeshed(receiver)) return call
  const viaGateway = isGateway(receiver)
  const http = sent.call.http ?? (viaGateway ? sent.call.tls?.http : undefined)
  const check = viaGateway ? gatewayCheck(model, sent.call, sent) : sidecarCheck(model, sent)
  const { checks, tokens } = await factsAt(model, { receiver, http, check }, outside)
  const onward = viaGateway ? behindGateway(model, { ...sent.call, tokens, checks }, sent) : undefined
  if (onward !== undefined) {
    const at = { receiver: onward.call.destination, http: onward.call.http, check: sidecarCheck(model, onward) }
    const behind = await factsAt(model, at, outside)
    checks.push(...behind.checks)
    tokens.push(...behind.tokens)
  }
  return { ...call, tokens, checks }
}
