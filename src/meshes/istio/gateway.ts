/**
 * A gateway: a proxy that takes connections by Gateway resources, asks its own policies, and sends on by the
 * VirtualServices bound to it. Upstream: pilot/pkg/model/gateway.go (mergeGateways), pilot/pkg/networking/core/gateway.go.
 * Not modelled, and `unknown`: TLS modes PASSTHROUGH, AUTO_PASSTHROUGH and ISTIO_MUTUAL, TCP servers, certificate files.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Call, HttpRequest } from '../call.ts'
import { hostCovers, withoutPort } from '../match/hosts.ts'
import { hasLabels } from '../match/labels.ts'
import type { EndsTls, Evidence, Step, Verdict } from '../verdict.ts'
import { targetPort } from '../world.ts'
import { endedByCaller, ownReply } from './caller.ts'
import type { IstioModel } from './compile.ts'
import type { Asker } from './http-match.ts'
import { finish, type Outbound, servicesOf } from './outbound.ts'
import { type Fields, fields, isFields, labelMap, list, nameOf, refOf, text, texts } from './read.ts'
import { receive } from './receive.ts'
import { type Routed, throughVirtualService } from './routing.ts'
import { serverDoubt } from './unmodelled.ts'
import { doubtful, verdict } from './verdicts.ts'
import type { VirtualService } from './virtual-service.ts'

interface Server {
  object: KubeObject
  index: number
  spec: Fields
  /** The server's own port number. */
  port: number
  protocol: string
  /** `*`, `*.shop.example`; the namespace that a host may be bound from stands before a slash. */
  hosts: readonly string[]
}

const evidenceOf = ({ object, index }: Server, field = ''): Evidence => ({
  object: refOf(object),
  field: `spec.servers[${index}]${field}`,
})

const bareHost = (host: string): string => host.slice(host.indexOf('/') + 1)

/** The servers of all Gateways that select the pod and lead to that container port, oldest Gateway first. */
const serversOn = (model: IstioModel, call: Call): Server[] => {
  const pod = call.destination
  const ports = servicesOf(model, pod).flatMap((service) => service.spec.ports ?? [])
  const known = new Set(ports.map((port) => port.port))
  const leads = (number: number): boolean =>
    ports.some((port) => port.port === number && targetPort(pod, port) === call.port) ||
    (!known.has(number) && number === call.port)
  return model.gateways
    .filter((object) => hasLabels(labelMap(fields(object.spec).selector), pod.metadata.labels))
    .flatMap((object) =>
      list(fields(object.spec).servers).map((each, index): Server => {
        const spec = fields(each)
        const port = fields(spec.port)
        const protocol = (text(port.protocol) ?? '').toUpperCase()
        return { object, index, spec, port: Number(port.number), protocol, hosts: texts(spec.hosts) }
      }),
    )
    .filter((server) => leads(server.port))
}

/** Whether a VirtualService may be bound there for that host: the server names the host, and maybe its namespace. */
const binds = (server: Server, service: VirtualService, host: string): boolean =>
  server.hosts.some((entry) => {
    const slash = entry.indexOf('/')
    const from = slash < 0 ? '*' : entry.slice(0, slash)
    const home = server.object.metadata.namespace
    const here = from === '*' || from === service.namespace || (from === '.' && service.namespace === home)
    return here && hostCovers(bareHost(entry), host)
  })

const gatewayName = ({ object }: Server): string => `${object.metadata.namespace}/${object.metadata.name}`

/** VirtualServices for the host, most specific first; several for one host add up in order of age. */
const boundServices = (model: IstioModel, servers: readonly Server[], host: string): VirtualService[] => {
  const candidates = model.virtualServices.all.flatMap((service) => {
    const bound = servers.some((server) => service.gateways.has(gatewayName(server)) && binds(server, service, host))
    const covering = bound ? service.hosts.filter((each) => hostCovers(each, host)) : []
    const length = Math.max(-1, ...covering.map((each) => (each.startsWith('*') ? each.length : each.length + 1000)))
    return length < 0 ? [] : [{ service, length }]
  })
  const best = Math.max(...candidates.map(({ length }) => length))
  return candidates.filter(({ length }) => length === best).map(({ service }) => service)
}

interface Taken {
  server: Server
  /** Servers that share the routes. */
  group: Server[]
  http: HttpRequest
  scheme: 'http' | 'https'
  endsTls?: EndsTls
  says: string
}

/** The server that takes the connection, or why none does. */
const take = (servers: readonly Server[], call: Call): Taken | { ends: Step } | { unsure: Evidence } => {
  const first = servers[0]
  for (const server of servers) {
    const field = serverDoubt(server.spec)
    if (field !== undefined) return { unsure: evidenceOf(server, `.${field}`) }
  }
  const at = nameOf(refOf(call.destination))
  if (first === undefined)
    return { ends: { at: 'server', outcome: 'deny', says: `No Gateway serves port ${call.port} of ${at}` } }
  const ends = (says: string, evidence?: Evidence) => ({
    ends: { at: 'server' as const, outcome: 'deny' as const, says, ...(evidence === undefined ? {} : { evidence }) },
  })
  const tls = servers.filter((server) => isFields(server.spec.tls) && server.protocol !== 'HTTP')
  if (tls.length === 0) {
    const other = servers.find((server) => !/^(HTTP|HTTP2|GRPC)$/.test(server.protocol))
    if (other !== undefined) return { unsure: evidenceOf(other, '.port.protocol') }
    if (call.protocol !== 'http' || call.http === undefined)
      return ends(
        `${nameOf(refOf(first.object))} serves HTTP on port ${first.port}, and these bytes are not`,
        evidenceOf(first),
      )
    const says = `${nameOf(refOf(first.object))} serves HTTP on port ${first.port}`
    return { server: first, group: [...servers], http: call.http, scheme: 'http', says }
  }
  if (call.protocol !== 'tls')
    return ends(
      `${nameOf(refOf(first.object))} serves TLS on port ${first.port}, and this is plaintext`,
      evidenceOf(first),
    )
  const name = call.tls?.serverName.toLowerCase() ?? ''
  const server = tls.find(({ hosts }) => hosts.some((host) => hostCovers(bareHost(host), name)))
  if (server === undefined) return ends(`No server of ${nameOf(refOf(first.object))} is for the server name "${name}"`)
  const settings = fields(server.spec.tls)
  const mode = text(settings.mode) ?? 'PASSTHROUGH'
  const credential = text(settings.credentialName) ?? ''
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return { unsure: evidenceOf(server, '.tls.mode') }
  if (credential === '' || call.tls?.http === undefined) return { unsure: evidenceOf(server, '.tls') }
  const secret = {
    namespace: call.destination.metadata.namespace ?? 'default',
    name: credential.split('/').at(-1) ?? '',
  }
  const says = `${nameOf(refOf(server.object))} ends TLS on port ${server.port} with Secret ${secret.namespace}/${secret.name}`
  const endsTls = { secret, mutual: mode === 'MUTUAL' }
  return { server, group: [server], http: call.tls.http, scheme: 'https', endsTls, says }
}

const route = (model: IstioModel, call: Call & { http: HttpRequest }, taken: Taken): Routed => {
  const { server, group, scheme } = taken
  const host = withoutPort(call.http.authority).toLowerCase()
  const asker: Asker = {
    labels: call.source.metadata.labels,
    namespace: call.source.metadata.namespace ?? 'default',
    port: server.port,
    gateways: new Set(group.map(gatewayName)),
  }
  let last: Routed | undefined
  for (const service of boundServices(model, group, host)) {
    last = throughVirtualService(model, call, service, asker, scheme)
    const isMissed = last.kind === 'answer' && last.answer.details === 'route_not_found'
    if (!isMissed) return last
  }
  const says = `No VirtualService bound to ${nameOf(refOf(server.object))} is for the host ${host}: the gateway answers 404`
  const answer = { status: 404, body: '', headers: [], flags: 'NR', details: 'route_not_found', says }
  const step: Step = { at: 'server', outcome: 'deny', says, evidence: evidenceOf(server, '.hosts') }
  return last ?? { kind: 'answer', answer, steps: [step] }
}

/** What a gateway did to the connection and sends on; `onward` is absent when the request ends there. */
interface Passed {
  taken: Taken
  own: Verdict
  onward?: Outbound
}

const asGateway = (call: Call, http: HttpRequest, scheme: string): Call & { http: HttpRequest } => {
  const peer = call.source.status?.podIP ?? ''
  const forwarded = http.headers.filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value)
  const kept = http.headers.filter(([name]) => name !== 'x-forwarded-for' && name !== 'x-forwarded-proto')
  const { service: _service, tls: _tls, ...rest } = call
  return {
    ...rest,
    source: call.destination,
    protocol: 'http',
    http: {
      ...http,
      headers: [...kept, ['x-forwarded-for', [...forwarded, peer].join(',')], ['x-forwarded-proto', scheme]],
    },
  }
}

/** Headers that a proxy writes for itself; what else it changed, its JWT filter did. */
const ofProxy = /^(:|x-forwarded-|x-envoy-|x-request-id$)/

/** The request as the gateway's JWT filter left it: a token that is not forwarded is gone, claims have become headers. */
const afterTokens = (http: HttpRequest, { effect }: Verdict): HttpRequest => {
  if (effect?.kind !== 'forward') return http
  const removed = effect.forwarding.removeRequestHeaders.filter((name) => !ofProxy.test(name))
  const set = effect.forwarding.setRequestHeaders.filter(([name]) => !ofProxy.test(name))
  if (removed.length === 0 && set.length === 0) return http
  const changed = new Set([...removed, ...set.map(([name]) => name)])
  return { ...http, headers: [...http.headers.filter(([name]) => !changed.has(name)), ...set] }
}

/** The gateway's own decision, and the call that it makes of it. */
const pass = (model: IstioModel, call: Call, sent: Outbound): Passed | Verdict => {
  const taken = take(serversOn(model, call), call)
  if ('unsure' in taken) {
    const last = doubtful('server', taken.unsure)
    return verdict('unknown', 'none', [...sent.steps, last], last)
  }
  if ('ends' in taken) {
    const { ends } = taken
    const kind = ends.evidence === undefined && call.protocol !== 'tls' ? 'refuse' : 'reset'
    return verdict('deny', 'none', [...sent.steps, ends], ends, { effect: { kind } })
  }
  const { http, scheme, says, server, group, endsTls } = taken
  if (endsTls?.mutual) {
    const last: Step = {
      at: 'server',
      outcome: 'deny',
      says: `${says} and asks for a client certificate, which the caller's application does not show`,
      evidence: evidenceOf(server, '.tls.mode'),
    }
    return withTls(verdict('deny', 'none', [...sent.steps, last], last, { effect: { kind: 'reset' } }), endsTls)
  }
  const { tls: _tls, ...rest } = call
  const listener = {
    mode: { mode: 'PERMISSIVE' as const, says, evidence: evidenceOf(server) },
    protocol: 'http' as const,
    wire: {
      transport: scheme === 'https' ? ('tls' as const) : ('plaintext' as const),
      accepted: true,
      ending: scheme === 'https' ? 'the request inside is read' : 'the request is read',
    },
  }
  const own = receive(model, { ...rest, protocol: 'http', http }, { ...sent, proxy: 'direct' }, listener)
  if (own.outcome !== 'allow') return endsTls === undefined ? own : withTls(own, endsTls)
  // Each virtual host of the port requires TLS by itself: the server's for the host that is asked for (gateway.go, RequireTls).
  const redirecting =
    scheme === 'http'
      ? group.find(
          ({ spec, hosts }) =>
            fields(spec.tls).httpsRedirect === true &&
            hosts.some((host) => hostCovers(bareHost(host), withoutPort(http.authority).toLowerCase())),
        )
      : undefined
  if (redirecting !== undefined) {
    const location = `https://${http.authority}${http.path}`
    const last: Step = {
      at: 'server',
      outcome: 'deny',
      says: `${nameOf(refOf(redirecting.object))} redirects to ${location}`,
      evidence: evidenceOf(redirecting, '.tls.httpsRedirect'),
    }
    const answer = {
      status: 301,
      body: '',
      headers: [['location', location] as [string, string]],
      flags: '-',
      details: 'direct_response',
      says: last.says,
    }
    return verdict('deny', 'none', [...own.steps, last], last, { effect: ownReply(answer, 'server-proxy') })
  }
  const asking = asGateway(call, afterTokens(http, own), scheme)
  const routed = route(model, asking, taken)
  return { taken, own, onward: finish(model, routed, asking, 'http') }
}

/** Getters stay getters: nothing is worked out before it is read. */
const withTls = (found: Verdict, endsTls: EndsTls): Verdict =>
  Object.defineProperties({} as Verdict, {
    ...Object.getOwnPropertyDescriptors(found),
    endsTls: { value: endsTls, enumerable: true, configurable: true },
  })

/** The calls that a gateway makes of a call to it, for whoever has to look at both. */
export const callBehindGateway = (model: IstioModel, call: Call, sent: Outbound): Call | undefined => {
  const passed = pass(model, call, sent)
  return 'taken' in passed ? passed.onward?.call : undefined
}

/** A sidecar of the caller puts its own name there again. */
const byGateway = (headers: [string, string][], sent: Outbound): [string, string][] =>
  headers.map(([name, value]) => [name, name === 'server' && sent.proxy !== 'http' ? 'istio-envoy' : value])

/** What becomes of a call to a gateway; `goOn` decides what it sends on. */
export const throughGateway = (
  model: IstioModel,
  call: Call,
  sent: Outbound,
  goOn: (onward: Outbound) => Verdict,
): Verdict => {
  const passed = pass(model, call, sent)
  if (!('taken' in passed) || passed.onward === undefined) return passed as Verdict
  const { taken, own, onward } = passed
  const last = onward.steps.at(-1)
  const lastly =
    onward.unknown && last !== undefined
      ? verdict('unknown', 'none', onward.steps, last)
      : (endedByCaller(onward) ?? goOn(onward))
  const { effect, upstream } = lastly
  const before = taken.http
  const met =
    effect?.kind === 'respond'
      ? { ...effect, by: 'server-proxy' as const, headers: byGateway(effect.headers, sent) }
      : effect?.kind === 'forward'
        ? {
            kind: 'forward' as const,
            forwarding: {
              ...effect.forwarding,
              removeRequestHeaders: [
                ...removedHeaders(before, onward.call.http),
                ...effect.forwarding.removeRequestHeaders,
              ],
              setRequestHeaders: [
                ...changedHeaders(before, onward.call.http),
                ...effect.forwarding.setRequestHeaders.filter(([name]) => name !== 'x-forwarded-for'),
              ],
              setResponseHeaders: byGateway(effect.forwarding.setResponseHeaders, sent),
            },
          }
        : effect
  return {
    outcome: lastly.outcome,
    transport: lastly.transport,
    ...(lastly.identity === undefined ? {} : { identity: lastly.identity }),
    ...(met === undefined ? {} : { effect: met }),
    ...(lastly.decidedBy === undefined ? {} : { decidedBy: lastly.decidedBy }),
    because: lastly.because,
    steps: [...own.steps, ...lastly.steps],
    ...(upstream === undefined ? {} : { upstream: { ...upstream, proxy: call.destination } }),
    ...(lastly.inbound === undefined ? {} : { inbound: lastly.inbound }),
    ...(taken.endsTls === undefined ? {} : { endsTls: taken.endsTls }),
  }
}

/** What the gateway wrote into the request, as the client's request has to be changed. */
const changedHeaders = (before: HttpRequest, after: HttpRequest | undefined): [string, string][] => {
  if (after === undefined) return []
  const path: [string, string][] = after.path === before.path ? [] : [[':path', after.path]]
  const host: [string, string][] = after.authority === before.authority ? [] : [[':authority', after.authority]]
  const had = new Map(before.headers)
  const set = after.headers.filter(([name, value]) => had.get(name) !== value)
  return [...path, ...host, ...set.map(([name, value]): [string, string] => [name, value])]
}

const removedHeaders = (before: HttpRequest, after: HttpRequest | undefined): string[] => {
  const kept = new Set(after?.headers.map(([name]) => name))
  return after === undefined ? [] : before.headers.map(([name]) => name).filter((name) => !kept.has(name))
}
