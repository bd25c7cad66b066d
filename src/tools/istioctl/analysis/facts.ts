/** What analyzers are given, and what they say. Upstream: istio/istio pkg/config/analysis, its texts in msg/messages.yaml. */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { fields, labelMap, list, text, texts } from '../../../meshes/istio/read.ts'
import { hasLabels } from '../../../meshes/match/labels.ts'

export interface Message {
  level: 'Error' | 'Warning' | 'Info'
  code: string
  object: KubeObject
  says: string
}

export interface Facts {
  all: readonly KubeObject[]
  ofKind: (kind: string) => KubeObject[]
}

export type Analyzer = (facts: Facts) => Message[]

/** `namespace/name` */
export const fullName = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`

export const missing = (object: KubeObject, what: string, name: string): Message => ({
  level: 'Error',
  code: 'IST0101',
  object,
  says: `Referenced ${what} not found: "${name}"`,
})

/** `a=b,c=d`, sorted. */
export const shownLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')

/** As Kubernetes selects: no labels select everything. */
export const selected = (pods: readonly KubeObject[], labels: unknown): KubeObject[] =>
  pods.filter(({ metadata }) => hasLabels(labelMap(labels), metadata.labels))

export const isInjected = (namespace: KubeObject | undefined): boolean =>
  namespace?.metadata.labels?.['istio-injection'] === 'enabled'

const proxies = ({ spec }: Pod) => [...spec.containers, ...(spec.initContainers ?? [])]

export const hasProxy = (pod: Pod): boolean => proxies(pod).some(({ name }) => name === 'istio-proxy')

/** By its containers, its label, its annotation or its namespace (analyzers/util/in_mesh.go). */
export const isInMesh = (pod: Pod, { ofKind }: Facts): boolean => {
  if (hasProxy(pod)) return true
  const name = 'sidecar.istio.io/inject'
  const said = pod.metadata.labels?.[name] ?? pod.metadata.annotations?.[name]
  if (said !== undefined) return said === 'true'
  return isInjected(ofKind('Namespace').find(({ metadata }) => metadata.name === pod.metadata.namespace))
}

/** A short name belongs to the namespace of the object that says it. */
export const qualified = (host: string, namespace: string): string =>
  host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.cluster.local`

/** A host of the mesh: a Service, or what a ServiceEntry declares. */
export interface Host {
  name: string
  /** Namespaces that see it; `*`: all. */
  scopes: readonly string[]
  ports: readonly number[]
  /** Of the Service or the ServiceEntry. */
  selector: unknown
}

export const hostsOf = ({ ofKind }: Facts): Host[] => [
  ...ofKind('Service').map(({ metadata, spec }) => ({
    name: `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
    scopes: ['*'],
    ports: list(fields(spec).ports).flatMap((port) => Number(fields(port).port)),
    selector: fields(spec).selector,
  })),
  ...ofKind('ServiceEntry').flatMap(({ metadata, spec }) => {
    const { hosts, exportTo, ports, workloadSelector } = fields(spec)
    const home = metadata.namespace ?? ''
    const scopes = texts(exportTo).map((scope) => (scope === '.' ? home : scope))
    return texts(hosts).map((host) => ({
      name: qualified(host, home),
      scopes: scopes.length === 0 ? ['*'] : scopes,
      ports: list(ports).map((port) => Number(fields(port).number)),
      selector: fields(workloadSelector).labels,
    }))
  }),
]

/** The host that an object of a namespace means; exact names go before wildcards (util/service_lookup.go, GetDestinationHost). */
export const findHost = (hosts: readonly Host[], written: string, object: KubeObject): Host | undefined => {
  const home = object.metadata.namespace ?? ''
  const name = qualified(written, home)
  const given = texts(fields(object.spec).exportTo).map((scope) => (scope === '.' ? home : scope))
  const seen = new Set(['*', ...(given.length === 0 ? [home] : given)])
  return (
    hosts.find((host) => host.name === name && host.scopes.some((scope) => seen.has(scope))) ??
    hosts.find(
      (host) =>
        host.name.startsWith('*') &&
        host.scopes.some((scope) => scope === '*' || scope === home) &&
        written.replace(/^\*/, '').endsWith(host.name.slice(1)),
    )
  )
}

export const textOf = (value: unknown): string => text(value) ?? ''
