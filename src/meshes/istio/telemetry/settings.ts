/**
 * The Telemetry API: which Telemetry objects and which providers of MeshConfig count for one proxy. Upstream:
 * pilot/pkg/model/telemetry.go (getTelemetries, applicableTelemetries, fetchProvider).
 * Not modelled: tracing, targetRefs (they attach to gateways and waypoints), reportingInterval.
 */
import type { KubeObject, ResourceRef } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { hasLabels } from '../../match/labels.ts'
import { byAge, type Fields, fields, labelMap, list, text } from '../read.ts'

export type Side = 'client' | 'server'

export interface Telemetries {
  rootNamespace: string
  mesh: Fields
  /** By namespace, oldest first. */
  byNamespace: ReadonlyMap<string, readonly KubeObject[]>
}

export const telemetryReads: readonly ResourceRef[] = [
  { group: 'telemetry.istio.io', version: 'v1', resource: 'telemetries' },
  { group: '', version: 'v1', resource: 'configmaps' },
]

const onlyDefaults: Fields = { defaultProviders: { metrics: ['prometheus'] } }

/** A YAML parser is heavy; the configuration that an installation brings is told apart without one. */
const readMesh = (mesh: string, parse: (yaml: string) => unknown): Fields => {
  const isPlain =
    !/accessLog|extensionProviders/i.test(mesh) && /^defaultProviders:\n {2}metrics:\n {2}- prometheus$/m.test(mesh)
  if (isPlain) return onlyDefaults
  try {
    return fields(parse(mesh))
  } catch {
    // istiod keeps what it had before; at its start that is the default.
    return {}
  }
}

/** @param parse reads YAML, and may throw */
export const readTelemetries = (objects: readonly KubeObject[], parse: (yaml: string) => unknown): Telemetries => {
  const configMap = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'istio' && metadata.namespace === 'istio-system',
  )
  const mesh = readMesh(text(fields(configMap?.data).mesh) ?? '', parse)
  const byNamespace = new Map<string, KubeObject[]>()
  for (const object of objects.filter(({ kind }) => kind === 'Telemetry').sort(byAge)) {
    const namespace = object.metadata.namespace ?? ''
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), object])
  }
  return { rootNamespace: text(mesh.rootNamespace) ?? 'istio-system', mesh, byNamespace }
}

const selectorOf = (object: KubeObject): Record<string, string> =>
  labelMap(fields(fields(fields(object.spec).selector)).matchLabels)
const isAttached = ({ spec }: KubeObject): boolean =>
  list(fields(spec).targetRefs).length > 0 || fields(spec).targetRef !== undefined
const isWide = (object: KubeObject): boolean => Object.keys(selectorOf(object)).length === 0 && !isAttached(object)

/** Mesh, then namespace, then every workload policy: the last one has the last word. */
export const applicable = (telemetries: Telemetries, pod: Pod): Fields[] => {
  const namespace = pod.metadata.namespace ?? 'default'
  const { byNamespace, rootNamespace } = telemetries
  const own = byNamespace.get(namespace) ?? []
  const wide = [rootNamespace, ...(namespace === rootNamespace ? [] : [namespace])].flatMap(
    (where) => byNamespace.get(where)?.find(isWide) ?? [],
  )
  const selected = own.filter(
    (object) => !isWide(object) && !isAttached(object) && hasLabels(selectorOf(object), pod.metadata.labels),
  )
  return [...wide, ...selected].map((object) => fields(object.spec))
}

export const providerNames = (providers: unknown): string[] =>
  list(providers).flatMap((each) => text(fields(each).name) ?? [])
export const strings = (value: unknown): string[] => list(value).flatMap((each) => text(each) ?? [])

export const matchesSide = (match: unknown, side: Side): boolean => {
  const mode = text(fields(match).mode)
  return mode === undefined || mode === 'CLIENT_AND_SERVER' || mode === side.toUpperCase()
}

const builtin: readonly Fields[] = [
  { name: 'prometheus', prometheus: {} },
  { name: 'stackdriver', stackdriver: {} },
  { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout' } },
]

/** A provider of MeshConfig by name, whatever its case; those of an installation are always there. */
export const findProvider = (mesh: Fields, name: string): Fields | undefined =>
  [...list(mesh.extensionProviders).map(fields), ...builtin].find(
    (provider) => text(provider.name)?.toLowerCase() === name.toLowerCase(),
  )
