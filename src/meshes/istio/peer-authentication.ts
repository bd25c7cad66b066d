/**
 * PeerAuthentication: which mode the receiver's sidecar is in. Mesh, namespace, workload and port levels; UNSET inherits
 * from the level above; on one level the oldest policy wins whole. Upstream: pilot/pkg/security/authn/policy_applier.go
 * (ComposePeerAuthentication) and pilot/pkg/model/authentication.go.
 */
import type { KubeObject } from '../../kube/api.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import type { Evidence } from '../verdict.ts'
import { fields, labelMap, nameOf, refOf, text } from './read.ts'

export type Mode = 'STRICT' | 'PERMISSIVE' | 'DISABLE'

export interface PeerAuthentication {
  object: KubeObject
  /** Empty: the whole namespace (or, in the root namespace, the mesh). */
  labels: Record<string, string>
  /** Absent: UNSET. */
  mode?: Mode
  /** By container port. A port without a mode inherits the workload's. */
  ports: ReadonlyMap<number, Mode | undefined>
}

/** A mode and what set it; without evidence it is the default. */
export interface EffectiveMode {
  mode: Mode
  evidence?: Evidence
  /** `PeerAuthentication production/default`, with the port where it matters; or that there is none. */
  says: string
}

const modeOf = (mtls: unknown): Mode | undefined => {
  const mode = text(fields(mtls).mode)
  return mode === 'STRICT' || mode === 'PERMISSIVE' || mode === 'DISABLE' ? mode : undefined
}

export const readPeerAuthentication = (object: KubeObject): PeerAuthentication => {
  const spec = fields(object.spec)
  return {
    object,
    labels: labelMap(fields(spec.selector).matchLabels),
    mode: modeOf(spec.mtls),
    ports: new Map(Object.entries(fields(spec.portLevelMtls)).map(([port, mtls]) => [Number(port), modeOf(mtls)])),
  }
}

const isWide = (policy: PeerAuthentication): boolean => Object.keys(policy.labels).length === 0

export interface PeerAuthentications {
  rootNamespace: string
  /** By namespace, oldest first. */
  byNamespace: ReadonlyMap<string, readonly PeerAuthentication[]>
  /** Of whole namespaces, as far as somebody asked. */
  known: Map<string, EffectiveMode>
}

const byDefault: EffectiveMode = {
  mode: 'PERMISSIVE',
  says: 'No PeerAuthentication applies, so the mode is PERMISSIVE',
}

const set = (policy: PeerAuthentication, mode: Mode, field: string, where = ''): EffectiveMode => ({
  mode,
  evidence: { object: refOf(policy.object), field },
  says: `${nameOf(refOf(policy.object))} is ${mode}${where}`,
})

const findNamespaceMode = (all: PeerAuthentications, namespace: string): EffectiveMode => {
  const widest = (where: string): PeerAuthentication | undefined => all.byNamespace.get(where)?.find(isWide)
  const own = namespace === all.rootNamespace ? undefined : widest(namespace)
  if (own?.mode !== undefined) return set(own, own.mode, 'spec.mtls.mode')
  const mesh = widest(all.rootNamespace)
  return mesh?.mode === undefined ? byDefault : set(mesh, mesh.mode, 'spec.mtls.mode', ' for the whole mesh')
}

/** What callers go by when they decide once for a whole Service: namespace and mesh level only. */
export const namespaceMode = (all: PeerAuthentications, namespace: string): EffectiveMode => {
  const mode = all.known.get(namespace) ?? findNamespaceMode(all, namespace)
  all.known.set(namespace, mode)
  return mode
}

/** What the sidecar of a workload with these labels does on that container port. */
export const workloadMode = (
  all: PeerAuthentications,
  namespace: string,
  labels: Labels,
  port: number,
): EffectiveMode => {
  const inherited = namespaceMode(all, namespace)
  // Selector policies of the root namespace select nothing, not even there.
  if (namespace === all.rootNamespace) return inherited
  const own = all.byNamespace.get(namespace)?.find((policy) => !isWide(policy) && hasLabels(policy.labels, labels))
  if (own === undefined) return inherited
  const portMode = own.ports.get(port)
  if (portMode !== undefined) return set(own, portMode, `spec.portLevelMtls.${port}.mode`, ` on port ${port}`)
  return own.mode === undefined ? inherited : set(own, own.mode, 'spec.mtls.mode')
}

/** Policies that learners expect to count here and that do not: shadowed by an older one, or a selector in the root. */
export const ignoredPolicies = (all: PeerAuthentications, namespace: string, labels: Labels): Evidence[] => {
  const scoped = (all.byNamespace.get(namespace) ?? []).filter((policy) => hasLabels(policy.labels, labels))
  const shadowed =
    namespace === all.rootNamespace
      ? []
      : [...scoped.filter(isWide).slice(1), ...scoped.filter((policy) => !isWide(policy)).slice(1)]
  const inRoot = (all.byNamespace.get(all.rootNamespace) ?? []).filter((policy) => !isWide(policy))
  return [
    ...shadowed.map((policy) => ({ object: refOf(policy.object) })),
    ...inRoot
      .filter((policy) => hasLabels(policy.labels, labels))
      .map((policy) => ({ object: refOf(policy.object), field: 'spec.selector' })),
  ]
}
