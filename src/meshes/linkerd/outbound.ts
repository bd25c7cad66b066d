/**
 * The caller's proxy: what leaves the cluster (EgressNetwork), and what speaks about a Service for its callers.
 * Upstream: linkerd2 policy-controller/k8s/index/src/outbound/index.rs (apply_http_route) and egress_network.rs
 * (resolve_egress_network), controller/api/destination/server.go (profileID), linkerd2-proxy
 * linkerd/app/outbound/src/http/profile.rs (should_override_policy).
 * Not modelled, and `unknown` naming the field: routes for callers, ServiceProfiles that change anything, and the
 * annotations of a Service about timeouts, retries and endpoints that fail.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Call } from '../call.ts'
import { addressRange } from '../match/cidr.ts'
import { isOutside } from '../outside.ts'
import { fields, list, nameOf, refOf, text, texts } from '../read.ts'
import type { Evidence, Step } from '../verdict.ts'
import { podAddresses } from '../world.ts'
import { clusterCidrs, isCoreKind, isPolicyKind, readNetwork } from './authorization.ts'
import type { LinkerdModel } from './compile.ts'

/** Why a call goes no further than the caller's own proxy. `refused`: an EgressNetwork denies it. */
export interface OutboundStop {
  outcome: 'refused' | 'unknown'
  step: Step
}

const doubt = (object: KubeObject, field: string, says: string): OutboundStop => {
  const evidence: Evidence = { object: refOf(object), field }
  const sentence = `${nameOf(evidence.object)} (${field}) ${says} and is not modelled`
  return { outcome: 'unknown', step: { at: 'client', outcome: 'unknown', says: sentence, evidence } }
}

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

/** Whether one of the route's parents is that object. A parent needs a kind; its namespace defaults to the route's. */
const hangsOn = (route: KubeObject, parent: KubeObject, port: number): boolean =>
  list(fields(route.spec).parentRefs).some((each) => {
    const ref = fields(each)
    const isKind = parent.kind === 'Service' ? isCoreKind(ref, 'Service') : isPolicyKind(ref, parent.kind)
    return (
      isKind &&
      ref.name === parent.metadata.name &&
      (text(ref.namespace) ?? route.metadata.namespace) === parent.metadata.namespace &&
      (ref.port === undefined || ref.port === port)
    )
  })

const routesFor = (model: LinkerdModel, spaces: readonly string[], parent: KubeObject, port: number) =>
  spaces
    .flatMap((space) => [
      ...(model.routes.get(space) ?? []).map(({ object }) => object),
      ...(model.otherRoutes.get(space) ?? []),
    ])
    .find((route) => hangsOn(route, parent, port))

const leavesCluster = (model: LinkerdModel, call: Call): OutboundStop | undefined => {
  const home = call.source.metadata.namespace ?? ''
  const address = podAddresses(call.destination)[0] ?? ''
  const networks = networksFor(model, home)
  const [first] = networks
  if (first && addressRange(address) === undefined)
    return doubt(first, 'spec.networks', `may take ${address}, whose address is not known,`)
  const network = narrowest(networks, address)
  if (network === undefined) return undefined
  if (!isOutside(call.destination)) return doubt(network, 'spec.networks', 'takes an address of this cluster')
  const route = routesFor(model, [network.metadata.namespace ?? ''], network, call.port)
  if (route) return doubt(route, 'spec.parentRefs', `speaks about what leaves through ${nameOf(refOf(network))}`)
  if (fields(network.spec).trafficPolicy !== 'Deny') return undefined
  const evidence = { object: refOf(network), field: 'spec.trafficPolicy' }
  const says = `${nameOf(evidence.object)} denies what leaves the cluster, and no route on it makes an exception: the caller's proxy refuses`
  return { outcome: 'refused', step: { at: 'client', outcome: 'deny', says, evidence } }
}

/** The profile that speaks about the Service: the caller's namespace before the Service's. */
const profileOf = (model: LinkerdModel, call: Call, service: KubeObject): KubeObject | undefined => {
  const name = `${service.metadata.name}.${service.metadata.namespace}.svc.cluster.local`
  return [call.source.metadata.namespace, service.metadata.namespace]
    .map((space) => model.profiles.get(`${space}/${name}`))
    .find((found) => found !== undefined)
}

/** A profile whose routes only name requests changes nothing but metrics. */
const profileDoubt = (profile: KubeObject): OutboundStop | undefined => {
  const spec = fields(profile.spec)
  if (list(spec.dstOverrides).length > 0)
    return doubt(profile, 'spec.dstOverrides', 'sends requests to other destinations')
  if (texts(spec.opaquePorts).length > 0) return doubt(profile, 'spec.opaquePorts', 'makes ports opaque')
  for (const [index, each] of list(spec.routes).entries()) {
    const route = fields(each)
    if (route.isRetryable === true) return doubt(profile, `spec.routes[${index}].isRetryable`, 'sends requests again')
    if (route.timeout !== undefined) return doubt(profile, `spec.routes[${index}].timeout`, 'gives requests a limit')
  }
  return undefined
}

/** Timeouts, retries and circuit breaking of callers, as annotations of the Service (or of a route, which is unknown anyway). */
const isCallersAnnotation = (name: string): boolean =>
  /^(timeout|retry|balancer|balancer\.alpha)\.linkerd\.io\//.test(name)

const toService = (model: LinkerdModel, call: Call, service: KubeObject, port: number): OutboundStop | undefined => {
  const spaces = [...new Set([service.metadata.namespace ?? '', call.source.metadata.namespace ?? ''])]
  const route = routesFor(model, spaces, { ...service, kind: 'Service' }, port)
  if (route) {
    const index = list(fields(route.spec).parentRefs).findIndex((each) => isCoreKind(fields(each), 'Service'))
    return doubt(
      route,
      `spec.parentRefs[${Math.max(index, 0)}]`,
      `routes what callers send to Service ${service.metadata.name}`,
    )
  }
  const profile = profileOf(model, call, service)
  const changed = profile && profileDoubt(profile)
  if (changed) return changed
  const annotation = Object.keys(service.metadata.annotations ?? {}).find(isCallersAnnotation)
  if (annotation === undefined) return undefined
  return doubt({ ...service, kind: 'Service', apiVersion: 'v1' }, `metadata.annotations["${annotation}"]`, 'applies')
}

/** Why the call ends at the caller's own proxy, or cannot be decided there; undefined: it goes on. */
export const stopsOutbound = (model: LinkerdModel, call: Call): OutboundStop | undefined => {
  if (call.service === undefined) return leavesCluster(model, call)
  return toService(model, call, call.service.object as unknown as KubeObject, call.service.port.port)
}
