/**
 * What a workload's sidecar has been told of the mesh: the Sidecar resource that applies to it, which services it
 * imports, and what happens to traffic that it knows nothing of. Upstream: pilot/pkg/model/sidecar.go,
 * pilot/pkg/model/push_context.go (getSidecarScope).
 * Not modelled: egress listeners with a port, bind or captureMode of their own, egressProxy.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { hostCovers } from '../match/hosts.ts'
import { hasLabels } from '../match/labels.ts'
import type { Evidence } from '../verdict.ts'
import type { OutboundPolicy } from './mesh-config.ts'
import { fields, isFields, labelMap, list, refOf, text, texts } from './read.ts'
import { exportedTo, type MeshService } from './registry.ts'

export interface Scope {
  /** Namespace of the caller. */
  from: string
  outboundPolicy: OutboundPolicy
  /** What set the policy; absent for the default. */
  policyFrom?: Evidence
  /** Whether the sidecar has heard of the service. */
  sees: (service: Pick<MeshService, 'host' | 'namespace' | 'exportTo'>) => boolean
  /** Whether it gets the routes of a VirtualService: one with a host that overlaps with an imported one (VSMatches). */
  seesRoutes: (routes: { hosts: readonly string[]; namespace: string; exportTo: readonly string[] }) => boolean
  /** The `hosts` that leave services out. */
  egress?: Evidence
  /** A setting that is not modelled. */
  doubt?: Evidence
}

const selectorOf = (object: KubeObject): Record<string, string> =>
  labelMap(fields(fields(object.spec).workloadSelector).labels)

/** The one that selects the workload, else the namespace's, else the root namespace's; the oldest of each. */
export const findSidecar = (sidecars: readonly KubeObject[], pod: Pod, root: string): KubeObject | undefined => {
  const from = pod.metadata.namespace ?? 'default'
  const pick = (namespace: string, selecting: boolean): KubeObject | undefined =>
    sidecars.find((object) => {
      const wanted = selectorOf(object)
      return (
        object.metadata.namespace === namespace &&
        Object.keys(wanted).length > 0 === selecting &&
        hasLabels(wanted, pod.metadata.labels)
      )
    })
  return pick(from, true) ?? pick(from, false) ?? pick(root, false)
}

/** The host of an entry, when the entry speaks of that namespace. */
const importedHost = (entry: string, home: string, from: string): string | undefined => {
  const slash = entry.indexOf('/')
  const namespace = entry.slice(0, slash)
  const here = namespace === '*' || namespace === home || (namespace === '.' && home === from)
  return here ? entry.slice(slash + 1) : undefined
}

/** The view of the mesh that the caller's sidecar has. `outboundPolicy` is the mesh's. */
export const scopeOf = (
  sidecars: readonly KubeObject[],
  pod: Pod,
  mesh: { rootNamespace: string; outboundPolicy: OutboundPolicy; outboundPolicyFrom?: Evidence },
): Scope => {
  const from = pod.metadata.namespace ?? 'default'
  const byMesh = {
    from,
    outboundPolicy: mesh.outboundPolicy,
    ...(mesh.outboundPolicyFrom === undefined ? {} : { policyFrom: mesh.outboundPolicyFrom }),
  }
  const visible = (each: { exportTo: readonly string[]; namespace: string }): boolean =>
    exportedTo(each.exportTo, each.namespace, from)
  const everything = { sees: visible, seesRoutes: visible }
  const sidecar = findSidecar(sidecars, pod, mesh.rootNamespace)
  if (sidecar === undefined) return { ...byMesh, ...everything }
  const spec = fields(sidecar.spec)
  const object = refOf(sidecar)
  const policy = fields(spec.outboundTrafficPolicy)
  const policyField = 'spec.outboundTrafficPolicy.mode'
  // An outboundTrafficPolicy without a mode is the enum's zero value.
  const base = isFields(spec.outboundTrafficPolicy)
    ? {
        from,
        outboundPolicy: (text(policy.mode) ?? 'REGISTRY_ONLY') as OutboundPolicy,
        policyFrom: { object, field: policyField },
      }
    : byMesh
  const doubt = (field: string): Scope => ({ ...base, ...everything, doubt: { object, field } })
  if (policy.egressProxy !== undefined) return doubt('spec.outboundTrafficPolicy.egressProxy')
  const listeners = list(spec.egress).map(fields)
  if (listeners.length === 0) return { ...base, ...everything }
  const special = listeners.findIndex(
    (each) => each.port !== undefined || each.bind !== undefined || text(each.captureMode) === 'NONE',
  )
  if (special >= 0) return doubt(`spec.egress[${special}]`)
  const hosts = listeners.flatMap((each) => texts(each.hosts))
  // `~` in front takes hosts away again in releases after this one; alone it imports nothing in all of them.
  if (hosts.length > 1 && hosts.some((host) => host.startsWith('~'))) return doubt('spec.egress')
  const imported = (home: string): string[] => hosts.flatMap((entry) => importedHost(entry, home, from) ?? [])
  return {
    ...base,
    sees: (service) => visible(service) && imported(service.namespace).some((host) => hostCovers(host, service.host)),
    seesRoutes: (routes) =>
      visible(routes) &&
      imported(routes.namespace).some((host) =>
        routes.hosts.some((own) => hostCovers(host, own) || hostCovers(own, host)),
      ),
    egress: { object, field: 'spec.egress' },
  }
}
