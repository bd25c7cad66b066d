/**
 * The learner's work as data: what the cluster has that the lab has not. It is what a resumed scenario puts back, so that
 * the learner goes on exactly where they were, and what the feed tells changes by.
 *
 * Not modelled: pods made without a controller (`kubectl run`) unless they were applied from a manifest, and objects of
 * kinds that the session does not watch.
 */
import type { KubeObject, ObjectRef } from '../kube/api.ts'
import { lastAppliedAnnotation } from '../kube/apply.ts'

export interface Work {
  /** Objects that the lab does not have, or has otherwise; without what a server fills in. */
  present: KubeObject[]
  /** Objects of the lab that are gone. */
  absent: ObjectRef[]
  /** Workloads (`namespace/name`) whose pods are in the mesh: whether a pod was made before or after a label. */
  meshed: string[]
}

export const emptyWork = (): Work => ({ present: [], absent: [], meshed: [] })

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isObject = (value: unknown): value is KubeObject =>
  isRecord(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string' && isRecord(value.metadata)

export const isWork = (value: unknown): value is Work =>
  isRecord(value) &&
  Array.isArray(value.present) &&
  value.present.every(isObject) &&
  Array.isArray(value.absent) &&
  value.absent.every(isRecord) &&
  Array.isArray(value.meshed)

export const keyOf = ({ apiVersion, kind, metadata }: KubeObject): string =>
  // A kind served in two versions is one object.
  `${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`

/** As people name an object: `PeerAuthentication production/default`. */
export const nameOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`

export const refOf = ({ apiVersion, kind, metadata }: KubeObject): ObjectRef => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
})

/** Written by controllers, not by people. */
const machineAnnotations = new Set(['deployment.kubernetes.io/revision'])

/** Whether a person may have written the object: nothing owns it, and it is not the cluster's own housekeeping. */
export const isAuthored = ({ kind, metadata }: KubeObject): boolean =>
  !metadata.ownerReferences?.length &&
  !['EndpointSlice', 'Endpoints', 'Event', 'Lease', 'Node', 'ReplicaSet'].includes(kind) &&
  !(kind === 'ConfigMap' && (metadata.name === 'kube-root-ca.crt' || metadata.name.startsWith('istio-ca-'))) &&
  !(kind === 'ServiceAccount' && metadata.name === 'default')

/** The object as a person wrote it, as far as one can tell: without status and what the server fills in. */
const authoredPart = (object: KubeObject): KubeObject => {
  const { status: _, ...rest } = object
  const { name, namespace, labels, annotations, finalizers } = object.metadata
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !machineAnnotations.has(key))
  const part: KubeObject = {
    ...rest,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels && Object.keys(labels).length ? { labels } : {}),
      ...(kept.length ? { annotations: Object.fromEntries(kept) } : {}),
      ...(finalizers?.length ? { finalizers } : {}),
    },
  }
  if (object.kind === 'Service' && isRecord(object.spec) && object.spec.clusterIP !== 'None') {
    const { clusterIP: _ip, clusterIPs: _ips, ...spec } = object.spec
    part.spec = spec
  }
  return part
}

/** Text that is equal for objects that a person would call equal. Annotations that only kubectl reads are left out. */
export const fingerprint = (object: KubeObject): string => {
  const part = authoredPart(object)
  const { [lastAppliedAnnotation]: _, ...annotations } = part.metadata.annotations ?? {}
  return JSON.stringify({ ...part, metadata: { ...part.metadata, annotations } }, (_key, value: unknown) =>
    isRecord(value) && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(byKey)) : value,
  )
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)

/** A pod that no controller makes again comes back from its manifest, or not at all: injection changed the live one. */
const restorable = (object: KubeObject): KubeObject | undefined => {
  if (object.kind !== 'Pod') return authoredPart(object)
  const text = object.metadata.annotations?.[lastAppliedAnnotation]
  return text ? (JSON.parse(text) as KubeObject) : undefined
}

/** What must be done to the lab's objects (`baseline`) to get what there is (`live`). */
export const diffWork = (baseline: readonly KubeObject[], live: readonly KubeObject[], meshed: string[]): Work => {
  const was = new Map(baseline.filter(isAuthored).map((object) => [keyOf(object), object]))
  const is = new Map(live.filter(isAuthored).map((object) => [keyOf(object), object]))
  const isChanged = ([key, object]: [string, KubeObject]): boolean => {
    const before = was.get(key)
    return !object.metadata.deletionTimestamp && (!before || fingerprint(before) !== fingerprint(object))
  }
  return {
    present: [...is]
      .filter(isChanged)
      .flatMap(([, object]) => restorable(object) ?? [])
      .toSorted((a, b) => groundFirst(a) - groundFirst(b)),
    absent: [...was].filter(([key]) => !is.has(key)).map(([, object]) => refOf(object)),
    meshed: meshed.toSorted(),
  }
}

/** Namespaces, and the labels on them, come before what lives in them. */
const groundFirst = ({ kind }: KubeObject): number => (kind === 'Namespace' ? 0 : kind === 'ServiceAccount' ? 1 : 2)
