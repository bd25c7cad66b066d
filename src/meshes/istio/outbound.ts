/**
 * The caller's sidecar: which listener takes the connection, where the request goes, and in what it is wrapped.
 * Upstream: pilot/pkg/networking/core/listener.go (buildSidecarOutboundListeners), httproute.go
 * (buildSidecarOutboundHTTPRouteConfig, buildCatchAllVirtualHost).
 */
import type { Service } from '../../kube/kinds.ts'
import type { Call, HttpRequest } from '../call.ts'
import { hostCovers, withoutPort } from '../match/hosts.ts'
import { hasLabels } from '../match/labels.ts'
import type { Evidence, Step, Upstream } from '../verdict.ts'
import { clientTls } from './client-tls.ts'
import type { Cluster } from './cluster.ts'
import type { IstioModel } from './compile.ts'
import { routeConnection } from './connection-route.ts'
import { listensHttp, literalRoutes } from './host-routes.ts'
import type { Asker } from './http-match.ts'
import { ambientDoubt, isGateway, isMeshed, outboundBypass } from './pods.ts'
import { nameOf, refOf } from './read.ts'
import { addressOf, hostOfService, type MeshPort, type MeshService, mergesWith, servicesNamed } from './registry.ts'
import type { HeaderChanges, OwnAnswer } from './route-action.ts'
import { type Routed, straightTo, throughVirtualService, toCluster } from './routing.ts'
import { type Scope, scopeOf } from './sidecar.ts'
import { doubtful } from './verdicts.ts'
import { connectionServiceFor, virtualServiceFor } from './virtual-service.ts'

/** How the caller's bytes leave its pod. */
export interface Outbound {
  /** `direct`: no sidecar on this side. `http` and `tcp`: how the caller's sidecar handles the bytes. */
  proxy: 'direct' | 'http' | 'tcp'
  transport: 'mtls' | 'tls' | 'plaintext'
  /** Server name that mTLS of a sidecar carries. */
  sni: string
  steps: Step[]
  /** The call as it goes on: to the endpoint that was picked, with the request as it was rewritten. */
  call: Call
  upstream?: Upstream
  /** Where the caller's sidecar sends it, when it knows the place. */
  cluster?: Cluster
  changes?: HeaderChanges
  /** The endpoint depends on the request. */
  hashed?: true
  /** Set when the call cannot be decided on this side; the last step names what is not modelled. */
  unknown?: true
  /** Set when the caller's own sidecar ends the connection. */
  refused?: Step
  /** The caller's sidecar does not trust the receiver's certificate. */
  mistrusts?: Step
  /** Set when the caller's own sidecar answers. */
  answer?: OwnAnswer & { cluster?: string; route?: string; delay?: number }
}

const step = (outcome: Step['outcome'], says: string, evidence?: Step['evidence']): Step => ({
  at: 'client',
  outcome,
  says,
  ...(evidence === undefined ? {} : { evidence }),
})

const hostOf = (http: HttpRequest): string => withoutPort(http.authority).toLowerCase().replace(/\.$/, '')

/** The address that the caller dialled: a Service's, or the place itself. */
const dialledAddress = (call: Call): string => {
  const ip = call.service?.object.spec.clusterIP
  return ip && ip !== 'None' ? ip : addressOf(call.destination)
}

/** What the sidecar does with bytes for a place that it knows nothing of. */
const stray = (call: Call, scope: Scope, protocol: 'http' | 'tcp', says: string): Outbound => {
  const base = { proxy: protocol, transport: 'plaintext', sni: '', call } as const
  if (scope.outboundPolicy === 'ALLOW_ANY') {
    const upstream: Upstream = {
      cluster: 'PassthroughCluster',
      ...(protocol === 'http' ? { route: 'allow_any' } : {}),
      destination: call.destination,
      port: call.port,
      endpoints: [],
    }
    const goes = call.protocol === 'tls' ? 'as it is' : 'as it is, in plaintext'
    return { ...base, upstream, steps: [step('info', `${says}: it passes the request on ${goes}`, scope.egress)] }
  }
  const why = `${says}, and outboundTrafficPolicy is REGISTRY_ONLY`
  if (protocol === 'tcp') {
    const refused = step('deny', `${why}: the connection ends in BlackHoleCluster`, scope.policyFrom)
    const { destination, port } = call
    const upstream: Upstream = { cluster: 'BlackHoleCluster', destination, port, endpoints: [] }
    return { ...base, refused, upstream, steps: [refused] }
  }
  const last = step('deny', `${why}: the caller's sidecar answers 502`, scope.policyFrom)
  const answer = { status: 502, body: '', headers: [], flags: '-', details: 'direct_response', says: last.says }
  return { ...base, answer: { ...answer, route: 'block_all' }, steps: [last] }
}

/** The call with what wraps it, once it is known where it goes. */
export const finish = (model: IstioModel, routed: Routed, call: Call, protocol: 'http' | 'tcp'): Outbound => {
  const base = { proxy: protocol, transport: 'plaintext', sni: '', call } as const
  if (routed.kind === 'unknown') return { ...base, steps: routed.steps, unknown: true }
  if (routed.kind === 'answer') {
    const { answer, steps, kind: _kind, ...more } = routed
    const last = steps.at(-1)
    if (protocol === 'http' || last === undefined) return { ...base, steps, answer: { ...answer, ...more } }
    return { ...base, steps, refused: last }
  }
  const { cluster, call: sent, upstream, changes } = routed
  const tls = clientTls(model, sent, cluster)
  const steps = [...routed.steps, tls.step, ...(tls.mistrusts === undefined ? [] : [tls.mistrusts])]
  return {
    proxy: protocol,
    transport: tls.transport,
    sni: tls.transport === 'mtls' ? (tls.sni ?? serverNameOf(cluster.name)) : '',
    steps,
    call: sent,
    cluster,
    upstream: tls.startsTls === undefined ? upstream : { ...upstream, startsTls: tls.startsTls },
    ...(changes === undefined ? {} : { changes }),
    ...(cluster.policy.loadBalancer?.value.consistentHash === undefined ? {} : { hashed: true }),
    ...(tls.unknown ? { unknown: true } : {}),
    ...(tls.mistrusts === undefined ? {} : { mistrusts: tls.mistrusts }),
  }
}

/** `outbound_.80_._.orders.production.svc.cluster.local` */
export const serverNameOf = (cluster: string): string => cluster.replaceAll('|', '_.')

const sidecars: ReadonlySet<string> = new Set(['mesh'])

const askerOf = (call: Call, port: number): Asker => ({
  labels: call.source.metadata.labels,
  namespace: call.source.metadata.namespace ?? 'default',
  port,
  gateways: sidecars,
})

/** A request on a listener that routes by Host header. */
const byHost = (model: IstioModel, call: Call & { http: HttpRequest }, port: number, scope: Scope): Outbound => {
  const host = hostOf(call.http)
  const asker = askerOf(call, port)
  const named = servicesNamed(
    model.registry(),
    host,
    scope.from,
    (service) => scope.sees(service) && listensHttp(service, port),
  )
  const service = named.find((each) => each.namespace === scope.from) ?? named[0]
  const literal = literalRoutes(model, host, asker, scope, service)
  if (service !== undefined && literal === undefined) return toService(model, call, service, port, scope)
  if (literal !== undefined) return finish(model, throughVirtualService(model, call, literal, asker), call, 'http')
  return stray(call, scope, 'http', `The caller's sidecar knows no Service ${host} on port ${port}`)
}

/**
 * A ServiceEntry that claims the host or an address of a Kubernetes Service, or the host of another ServiceEntry that it
 * does not merge with.
 */
const rivalOf = (model: IstioModel, service: MeshService, scope: Scope): (Evidence & { field: string }) | undefined => {
  const { byHost, entries } = model.registry()
  if (service.kubernetes === undefined) {
    const alike = byHost.get(service.host) ?? []
    // istiod keeps the oldest of a namespace, whomever it is exported to (push_context.go, initServiceRegistry).
    const hidden = (each: MeshService): boolean =>
      each.namespace === service.namespace && alike.indexOf(each) < alike.indexOf(service)
    const other = alike.find((each) => (scope.sees(each) ? !mergesWith(service, each) : hidden(each)))
    return other && { object: refOf(other.object), field: 'spec.hosts' }
  }
  const named = byHost.get(service.host)?.find((each) => each.kubernetes === undefined && scope.sees(each))
  if (named !== undefined) return { object: refOf(named.object), field: 'spec.hosts' }
  const claims = (each: MeshService): boolean => each.addresses.some((address) => service.addresses.includes(address))
  const addressed = entries.find((each) => claims(each) && scope.sees(each))
  return addressed && { object: refOf(addressed.object), field: 'spec.addresses' }
}

/** A call to a service that the sidecar knows: by a VirtualService for its host, or straight. */
const toService = (
  model: IstioModel,
  call: Call,
  service: MeshService,
  port: number,
  scope: Scope,
  read: 'http' | 'bytes' = 'http',
): Outbound => {
  const asker = askerOf(call, port)
  const rival = rivalOf(model, service, scope)
  if (rival !== undefined) {
    const says = `${nameOf(rival.object)} (${rival.field}) speaks of the same ${rival.field === 'spec.hosts' ? 'host' : 'address'} and is not modelled`
    const last = step('unknown', says, rival)
    return { proxy: 'tcp', transport: 'plaintext', sni: '', call, steps: [last], unknown: true }
  }
  const sees = scope.seesRoutes
  const { http } = call
  if (read === 'http' && call.protocol === 'http' && http !== undefined) {
    const own = virtualServiceFor(model.virtualServices, service.host, asker, sees)
    const routed =
      own === undefined
        ? straightTo(model, call, asker, service)
        : throughVirtualService(model, { ...call, http }, own, asker)
    return finish(model, routed, call, 'http')
  }
  const kind = service.ports.find((each) => each.number === port)?.protocol === 'tls' ? 'tls' : 'tcp'
  const own = connectionServiceFor(model.virtualServices, service.host, kind, asker, sees)
  if (own !== undefined) {
    const serverName = call.tls?.serverName.toLowerCase() ?? ''
    const found = routeConnection(model, own, kind, asker, { serverName, turn: call.turn?.number })
    const base = { proxy: 'tcp', transport: 'plaintext', sni: '', call } as const
    if ('untaken' in found) return stray(call, scope, 'tcp', found.untaken)
    if ('unsure' in found) return { ...base, steps: [doubtful('client', found.unsure)], unknown: true }
    if (found.cluster === undefined) return { ...base, steps: [found.step], refused: found.step }
    return finish(model, toCluster(found.cluster, call, [found.step]), call, 'tcp')
  }
  return finish(model, straightTo(model, call, asker, service), call, 'tcp')
}

/** A connection to something that is no known service: by server name or port of a ServiceEntry, or as a stranger. */
const toStranger = (model: IstioModel, call: Call, port: number, scope: Scope, says: string): Outbound => {
  const entries = model.registry().entries.filter((each) => each.addresses.length === 0 && scope.sees(each))
  const on = (service: MeshService, ...protocols: MeshPort['protocol'][]): boolean =>
    service.ports.some((each) => each.number === port && protocols.includes(each.protocol))
  const name = call.tls?.serverName.toLowerCase() ?? ''
  // The longest host counts, an exact one before all (Envoy's filter chain match by server name).
  const weight = ({ host }: MeshService): number => (host.startsWith('*') ? host.length : Number.POSITIVE_INFINITY)
  const byName = entries
    .filter((service) => on(service, 'tls') && name !== '' && hostCovers(service.host, name))
    .sort((a, b) => weight(b) - weight(a))[0]
  const found = byName ?? entries.find((service) => on(service, 'tcp', 'auto'))
  return found === undefined ? stray(call, scope, 'tcp', says) : toService(model, call, found, port, scope, 'bytes')
}

/** A proxy's own question goes straight at the Service's cluster, in whatever its traffic policy wraps it. */
const onOwnAccount = (model: IstioModel, call: Call): Outbound | undefined => {
  const { service } = call
  const known = service && model.registry().byHost.get(hostOfService(service.object))
  const found = known?.find((each) => each.kubernetes === service?.object)
  if (service === undefined || found === undefined) return undefined
  const routed = straightTo(model, call, askerOf(call, service.port.port), found)
  return { ...finish(model, routed, call, 'http'), proxy: 'direct' }
}

/** What happens to the call before it leaves the caller's pod. */
export const outbound = (model: IstioModel, call: Call): Outbound => {
  const known = model.sent.get(call)
  if (known !== undefined) return known
  const made = (call.byProxy ? onOwnAccount(model, call) : undefined) ?? sendOut(model, call)
  model.sent.set(call, made)
  return made
}

const sendOut = (model: IstioModel, call: Call): Outbound => {
  const base = { transport: 'plaintext', sni: '', call } as const
  const ambient = ambientDoubt(call.source)
  if (ambient !== undefined)
    return { ...base, proxy: 'direct', steps: [step('unknown', ambient.says, ambient.evidence)], unknown: true }
  if (!isMeshed(call.source) || isGateway(call.source)) {
    const what =
      call.protocol === 'tls' ? "the application's own TLS, without a client certificate of the mesh" : 'plaintext'
    const is = isGateway(call.source) ? 'is a gateway itself' : 'has no sidecar'
    const says = `${nameOf(refOf(call.source))} ${is}: it sends ${what}`
    return { ...base, proxy: 'direct', steps: [step('info', says)] }
  }
  const port = call.service?.port.port ?? call.port
  const skip = outboundBypass(call.source, port)
  if (skip?.kind === 'bypass')
    return { ...base, proxy: 'direct', steps: [step('info', `${skip.says}: it sends plaintext`, skip.evidence)] }
  if (skip !== undefined)
    return { ...base, proxy: 'tcp', steps: [step('unknown', skip.says, skip.evidence)], unknown: true }
  const scope = scopeOf(model.sidecars, call.source, model.config)
  if (scope.doubt !== undefined) {
    const says = `${nameOf(scope.doubt.object)} (${scope.doubt.field}) applies to this call and is not modelled`
    return { ...base, proxy: 'tcp', steps: [step('unknown', says, scope.doubt)], unknown: true }
  }
  const registry = model.registry()
  const http = call.protocol === 'http' ? call.http : undefined
  const dialled = call.service
    ? registry.byHost
        .get(hostOfService(call.service.object))
        ?.filter((each) => each.kubernetes === call.service?.object)
    : registry.byAddress.get(dialledAddress(call))
  const seen = (dialled ?? []).filter(scope.sees)
  const service = seen.find(({ ports }) => ports.some((each) => each.number === port)) ?? seen[0]
  const protocol = service?.ports.find((each) => each.number === port)?.protocol
  // What a sidecar knows by address has a listener of its own, unless it is HTTP, which shares one for the port.
  if (service !== undefined && protocol !== undefined && protocol !== 'http')
    return toService(model, call, service, port, scope, protocol === 'auto' ? 'http' : 'bytes')
  const shared = protocol === 'http' || (registry.httpOn.get(port) ?? []).some((each) => scope.sees(each))
  if (shared && http !== undefined) return byHost(model, { ...call, http }, port, scope)
  if (protocol === 'http' && service !== undefined) {
    const says = `Port ${port} of ${nameOf(refOf(service.object))} is declared HTTP, and these bytes are not: the caller's sidecar closes the connection`
    const refused = step('deny', says, { object: refOf(service.object), field: 'spec.ports' })
    return { ...base, proxy: 'http', steps: [refused], refused }
  }
  const says =
    call.service === undefined
      ? "An address was asked for that the caller's sidecar knows no Service of"
      : `${nameOf(refOf(call.service.object))} is hidden from the caller's sidecar`
  return toStranger(model, call, port, scope, says)
}

/** Services that select the pod, oldest first: the first with a port is what the receiver's sidecar listens by. */
export const servicesOf = (model: IstioModel, pod: Call['destination']): readonly Service[] =>
  (model.services.get(pod.metadata.namespace ?? '') ?? []).filter((service) => {
    const selector = service.spec.selector ?? {}
    return Object.keys(selector).length > 0 && hasLabels(selector, pod.metadata.labels)
  })
