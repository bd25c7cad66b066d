/**
 * What leaves the cluster: EgressNetworks, and the routes on them that make exceptions. Upstream: linkerd2
 * policy-controller/k8s/index/src/outbound/index/egress_network.rs (resolve_egress_network), policy-controller/grpc/src/outbound.rs
 * (to_proto: GRPCRoutes before HTTPRoutes before TLSRoutes before TCPRoutes, one kind alone counts), outbound/{http,tls,tcp}.rs
 * (the network's own policy is a last route, for the path prefix /).
 * Not modelled, and `unknown` naming the field: GRPCRoutes and TCPRoutes, routes that change requests, limit them, try
 * again or send them elsewhere, what is no TLS where only TLSRoutes speak.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Call } from '../call.ts'
import { addressRange } from '../match/cidr.ts'
import { isOutside } from '../outside.ts'
import { fields, list, nameOf, refOf, text, texts } from '../read.ts'
import { podAddresses } from '../world.ts'
import { clusterCidrs, isPolicyKind, readNetwork } from './authorization.ts'
import { doubt, hangsOn, isCallersAnnotation, type Outbound } from './callers.ts'
import type { LinkerdModel } from './compile.ts'
import { better, findRoute, hostRank, type Rank } from './routes.ts'

const everyOutside = ['0.0.0.0/0', '::/0'].map((cidr) => ({
  cidr,
  except: clusterCidrs.filter((each) => each.includes(':') === cidr.includes(':')),
}))

/** The longest prefix of the networks that has the address; undefined: none has. */
const prefixOf = (network: KubeObject, address: string): number | undefined => {
  const given = fields(network.spec).networks
  const lengths = list(given ?? everyOutside).flatMap((each) => {
    if (readNetwork(each)?.contains(address) !== true) return []
    const cidr = text(fields(each).cidr) ?? ''
    const [base = '', length = base.includes(':') ? '128' : '32'] = cidr.split('/')
    return [Number(length)]
  })
  return lengths.length === 0 ? undefined : Math.max(...lengths)
}

/** EgressNetworks of the caller's namespace if it has any, else those for everybody. */
const networksFor = (model: LinkerdModel, home: string): readonly KubeObject[] => {
  const inSpace = (space: string) => model.egressNetworks.filter(({ metadata }) => metadata.namespace === space)
  const own = inSpace(home)
  return own.length > 0 ? own : inSpace('linkerd-egress')
}

/** The one that takes the address: the narrowest, then the oldest, which comes first already. */
const narrowest = (networks: readonly KubeObject[], address: string): KubeObject | undefined => {
  const found = networks.flatMap((network) => {
    const prefix = prefixOf(network, address)
    return prefix === undefined ? [] : [{ network, prefix }]
  })
  return found.sort((a, b) => b.prefix - a.prefix)[0]?.network
}

const byPolicy = (network: KubeObject): Outbound | undefined => {
  if (fields(network.spec).trafficPolicy !== 'Deny') return undefined
  const evidence = { object: refOf(network), field: 'spec.trafficPolicy' }
  const says = `${nameOf(evidence.object)} denies what leaves the cluster, and no route on it makes an exception: the caller's proxy refuses`
  return { outcome: 'refused', step: { at: 'client', outcome: 'deny', says, evidence } }
}

/** Something of the rule that changes more than whether the call may leave. */
const ruleDoubt = (route: KubeObject, index: number, network: KubeObject): Outbound | undefined => {
  const rule = fields(list(fields(route.spec).rules)[index])
  const at = `spec.rules[${index}]`
  if (list(rule.filters).length > 0) return doubt(route, `${at}.filters`, 'changes requests that leave')
  if (rule.timeouts !== undefined) return doubt(route, `${at}.timeouts`, 'gives requests a limit')
  const isOwn = (ref: unknown): boolean =>
    isPolicyKind(fields(ref), 'EgressNetwork') && fields(ref).name === network.metadata.name
  if (!list(rule.backendRefs).every(isOwn)) return doubt(route, `${at}.backendRefs`, 'sends requests elsewhere')
  const annotation = Object.keys(route.metadata.annotations ?? {}).find(isCallersAnnotation)
  return annotation === undefined ? undefined : doubt(route, `metadata.annotations["${annotation}"]`, 'applies')
}

const passed = (route: KubeObject, field: string, what: string, network: KubeObject): Outbound => {
  const evidence = { object: refOf(route), field }
  const says = `${nameOf(evidence.object)} takes ${what} and lets it out through ${nameOf(refOf(network))}`
  return { outcome: 'passed', step: { at: 'client', outcome: 'pass', says, evidence } }
}

/** The TLSRoute that names the server best; of equals the oldest, which comes first already (linkerd/tls/route/src/lib.rs, find). */
const forServer = (routes: readonly KubeObject[], name: string): KubeObject | undefined => {
  let best: { route: KubeObject; rank: number } | undefined
  for (const route of routes) {
    const rank = hostRank(texts(fields(route.spec).hostnames), name)
    if (rank !== undefined && (best === undefined || rank > best.rank)) best = { route, rank }
  }
  return best?.route
}

/** How well the network's own route, for the prefix /, takes any request. A route of a user wins where it is as good. */
const ownRank: Rank = [0, 1, 0, 0, 0]

const throughRoutes = (model: LinkerdModel, call: Call, network: KubeObject): Outbound | undefined => {
  const space = network.metadata.namespace ?? ''
  const isOn = (route: KubeObject): boolean => hangsOn(route, network, call.port)
  const http = (model.routes.get(space) ?? []).filter(({ object }) => isOn(object))
  const others = (model.otherRoutes.get(space) ?? []).filter(isOn)
  const ofKind = (kind: string): KubeObject[] => others.filter((route) => route.kind === kind)
  const unread = (route: KubeObject): Outbound =>
    doubt(route, 'spec.parentRefs', `speaks about what leaves through ${nameOf(refOf(network))}`)
  const [grpc] = ofKind('GRPCRoute')
  if (grpc) return unread(grpc)
  if (http.length > 0) {
    if (call.http === undefined) return byPolicy(network)
    const { method, path, authority } = call.http
    const found = findRoute(http, call.http)
    if (found === undefined || better(ownRank, found.rank)) return byPolicy(network)
    const { object } = found.route
    const { rule = 0, field = '' } = found.rule.evidence
    return ruleDoubt(object, rule, network) ?? passed(object, field, `${method} ${authority}${path}`, network)
  }
  const tls = ofKind('TLSRoute')
  const [first] = tls
  if (first) {
    const name = call.tls?.serverName
    if (name === undefined) return unread(first)
    const found = forServer(tls, name)
    if (found === undefined) return byPolicy(network)
    return ruleDoubt(found, 0, network) ?? passed(found, 'spec.hostnames', `TLS for ${name}`, network)
  }
  const [tcp] = ofKind('TCPRoute')
  return tcp ? unread(tcp) : byPolicy(network)
}

/** Of a call to an address that is no Service's. */
export const leavesCluster = (model: LinkerdModel, call: Call): Outbound | undefined => {
  const home = call.source.metadata.namespace ?? ''
  const address = podAddresses(call.destination)[0] ?? ''
  const networks = networksFor(model, home)
  const [first] = networks
  if (first && addressRange(address) === undefined)
    return doubt(first, 'spec.networks', `may take ${address}, whose address is not known,`)
  const network = narrowest(networks, address)
  if (network === undefined) return undefined
  if (!isOutside(call.destination)) return doubt(network, 'spec.networks', 'takes an address of this cluster')
  const annotation = Object.keys(network.metadata.annotations ?? {}).find(isCallersAnnotation)
  if (annotation !== undefined) return doubt(network, `metadata.annotations["${annotation}"]`, 'applies')
  return throughRoutes(model, call, network)
}
