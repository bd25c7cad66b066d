/**
 * The caller's proxy: what leaves the cluster (`egress.ts`), and what speaks about a Service for its callers.
 * Upstream: linkerd2 policy-controller/k8s/index/src/outbound/index.rs (apply_http_route),
 * controller/api/destination/server.go (profileID), linkerd2-proxy linkerd/app/outbound/src/http/profile.rs
 * (should_override_policy).
 * Not modelled, and `unknown` naming the field: routes for callers of a Service, ServiceProfiles that change anything, and
 * the annotations of a Service about timeouts, retries and endpoints that fail.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Call } from '../call.ts'
import { fields, list, texts } from '../read.ts'
import { isCoreKind } from './authorization.ts'
import { doubt, hangsOn, isCallersAnnotation, type Outbound } from './callers.ts'
import type { LinkerdModel } from './compile.ts'
import { leavesCluster } from './egress.ts'

const routesFor = (model: LinkerdModel, spaces: readonly string[], parent: KubeObject, port: number) =>
  spaces
    .flatMap((space) => [
      ...(model.routes.get(space) ?? []).map(({ object }) => object),
      ...(model.otherRoutes.get(space) ?? []),
    ])
    .find((route) => hangsOn(route, parent, port))

/** The profile that speaks about the Service: the caller's namespace before the Service's. */
const profileOf = (model: LinkerdModel, call: Call, service: KubeObject): KubeObject | undefined => {
  const name = `${service.metadata.name}.${service.metadata.namespace}.svc.cluster.local`
  return [call.source.metadata.namespace, service.metadata.namespace]
    .map((space) => model.profiles.get(`${space}/${name}`))
    .find((found) => found !== undefined)
}

/** A profile whose routes only name requests changes nothing but metrics. */
const profileDoubt = (profile: KubeObject): Outbound | undefined => {
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

const toService = (model: LinkerdModel, call: Call, service: KubeObject, port: number): Outbound | undefined => {
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

/** What the caller's own proxy makes of the call; undefined: nothing, it goes on. */
export const askOutbound = (model: LinkerdModel, call: Call): Outbound | undefined => {
  if (call.service === undefined) return leavesCluster(model, call)
  return toService(model, call, call.service.object as unknown as KubeObject, call.service.port.port)
}
