/** The small cluster that all Istio rows share: three namespaces, meshed and plain pods, each kind of Service port. */
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Pod } from '../../../src/kube/kinds.ts'
import type { Call, HttpRequest } from '../../../src/meshes/call.ts'
import { inject } from '../../../src/meshes/istio/inject.ts'
import { buildWorld, findWorkload, parseTarget, resolve } from '../../../src/meshes/network.ts'
import { outsidePod } from '../../../src/meshes/outside.ts'

const meshed = new Set(['production', 'staging', 'istio-system'])

const namespace = (name: string): KubeObject & { kind: 'Namespace' } => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: meshed.has(name) ? { 'istio-injection': 'enabled' } : {} },
})

const pod = (path: string, ip: string, labels: Record<string, string> = {}): Pod => {
  const [home = '', name = ''] = path.split('/')
  const bare: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: home, labels: { app: name, ...labels } },
    spec: {
      serviceAccountName: name,
      containers: [{ name: 'app', image: 'app', ports: [{ name: 'web', containerPort: 8080 }] }],
    },
    status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
  }
  return inject(bare, namespace(home))
}

const service = (path: string, spec: Record<string, unknown>): KubeObject => {
  const [home = '', name = ''] = path.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: home, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { selector: { app: name }, ...spec },
  }
}

export const base: KubeObject[] = [
  ...['production', 'staging', 'legacy', 'istio-system'].map(namespace),
  pod('production/frontend', '10.1.0.1', { tier: 'web' }),
  pod('production/orders', '10.1.0.2', { tier: 'backend' }),
  pod('production/api-server', '10.1.0.3', { tier: 'backend' }),
  pod('production/echo', '10.1.0.4'),
  pod('production/auto', '10.1.0.5'),
  pod('production/peers', '10.1.0.6'),
  // Injection is opt-out: a pod in a meshed namespace without a sidecar.
  pod('production/plain', '10.1.0.7', { 'sidecar.istio.io/inject': 'false' }),
  pod('staging/client', '10.1.1.1'),
  pod('legacy/client', '10.1.2.1'),
  pod('legacy/server', '10.1.2.2'),
  pod('istio-system/ingress', '10.1.3.1'),
  service('istio-system/ingress', { clusterIP: '10.96.3.1', ports: [{ name: 'http', port: 80, targetPort: 8080 }] }),
  service('production/orders', {
    clusterIP: '10.96.0.2',
    ports: [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'http-admin', port: 9090, targetPort: 9091 },
      { name: 'tcp-raw', port: 7000, targetPort: 7001 },
    ],
  }),
  service('production/api-server', {
    clusterIP: '10.96.0.3',
    ports: [{ name: 'http-api', port: 80, targetPort: 'web' }],
  }),
  service('production/frontend', { clusterIP: '10.96.0.1', ports: [{ name: 'http', port: 80, targetPort: 8080 }] }),
  service('production/echo', { clusterIP: '10.96.0.4', ports: [{ name: 'tcp', port: 9000 }] }),
  service('production/auto', { clusterIP: '10.96.0.5', ports: [{ port: 8081, targetPort: 8080 }] }),
  service('production/peers', { clusterIP: 'None', ports: [{ name: 'tcp-peer', port: 5000 }] }),
  service('production/plain', { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, targetPort: 8080 }] }),
  service('legacy/server', { clusterIP: '10.96.2.2', ports: [{ name: 'http', port: 80, targetPort: 8080 }] }),
]

export interface Ask {
  from: string
  to: string
  method?: string
  headers?: Record<string, string | string[]>
  /** How many requests the caller's proxy sent before; absent: the likelier of two chances counts. */
  turn?: number
}

/** The call that a request makes in that cluster; throws when the rows name something that is not there. */
export const makeCall = (objects: readonly KubeObject[], ask: Ask): Call => {
  const world = buildWorld(objects)
  const source = findWorkload(world, ask.from)
  const target = parseTarget(ask.to)
  if (source === undefined || target === undefined) throw new Error(`no such caller or address: ${ask.from} ${ask.to}`)
  const found = resolve(world, source, target)
  const headers = Object.entries(ask.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name.toLowerCase(), each]),
  )
  const host = headers.find(([name]) => name === 'host')?.[1]
  const http: HttpRequest = {
    method: ask.method ?? 'GET',
    path: target.path,
    authority: host ?? target.authority,
    headers: headers.filter(([name]) => name !== 'host'),
  }
  const protocol = target.scheme === 'http' ? 'http' : target.scheme === 'https' ? 'tls' : 'tcp'
  const common = {
    source,
    protocol,
    ...(protocol === 'http' ? { http } : {}),
    ...(ask.turn === undefined ? {} : { turn: { number: ask.turn, avoid: new Map() } }),
  } as const
  if (protocol === 'tls') Object.assign(common, { tls: { serverName: target.host, http } })
  if (found.kind === 'external') {
    const destination = outsidePod(found.host)
    return { ...common, destination, port: found.port }
  }
  if (found.kind === 'pod') return { ...common, destination: found.pod, port: found.port }
  if (found.kind !== 'service') throw new Error(`${ask.to} leads to ${found.kind}`)
  const endpoint = found.endpoints[0]
  if (endpoint === undefined) throw new Error(`${ask.to} has no endpoints`)
  return {
    ...common,
    service: { object: found.service, port: found.port },
    destination: endpoint.pod,
    port: endpoint.port,
  }
}

const groups: Record<string, string> = {
  PeerAuthentication: 'security.istio.io/v1',
  AuthorizationPolicy: 'security.istio.io/v1',
  RequestAuthentication: 'security.istio.io/v1',
  DestinationRule: 'networking.istio.io/v1',
  VirtualService: 'networking.istio.io/v1',
  Sidecar: 'networking.istio.io/v1',
  Gateway: 'networking.istio.io/v1',
  WorkloadEntry: 'networking.istio.io/v1',
  WorkloadGroup: 'networking.istio.io/v1',
  ProxyConfig: 'networking.istio.io/v1beta1',
  ServiceEntry: 'networking.istio.io/v1',
  EnvoyFilter: 'networking.istio.io/v1alpha3',
  WasmPlugin: 'extensions.istio.io/v1alpha1',
  TrafficExtension: 'extensions.istio.io/v1alpha1',
  Telemetry: 'telemetry.istio.io/v1',
  ConfigMap: 'v1',
  Service: 'v1',
  Pod: 'v1',
}

/** `{is: AuthorizationPolicy production/p, spec: …}` as a whole object; `age` counts seconds after a fixed time. */
export const expand = (short: {
  is: string
  age?: number
  annotations?: Record<string, string>
  /** Of a Pod, with its address. */
  labels?: Record<string, string>
  ip?: string
  /** A pod that is nothing but a proxy. */
  gateway?: boolean
  /** A pod whose traffic a ztunnel takes. */
  ambient?: boolean
  [field: string]: unknown
}): KubeObject => {
  const { is, age = 0, annotations, labels, ip, gateway, ambient, ...rest } = short
  const [kind = '', path = ''] = is.split(' ')
  const [home = '', name = ''] = path.split('/')
  const apiVersion = groups[kind]
  if (apiVersion === undefined) throw new Error(`unknown kind ${kind}`)
  if (kind === 'Pod') {
    const made = pod(path, ip ?? '', labels)
    const proxy = { name: 'istio-proxy', image: 'istio/proxyv2', args: ['proxy', 'router'] }
    if (ambient) made.metadata.annotations = { 'ambient.istio.io/redirection': 'enabled' }
    if (!gateway) return made
    // The injection template of gateways gives them no tlsMode (gateway-injection-template.yaml): callers send plaintext.
    const { 'security.istio.io/tlsMode': _, ...own } = made.metadata.labels ?? {}
    const metadata = { ...made.metadata, labels: own }
    return { ...made, metadata, spec: { serviceAccountName: name, containers: [proxy] } }
  }
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1) + age * 1000).toISOString().replace('.000', '')
  return { apiVersion, kind, metadata: { name, namespace: home, creationTimestamp, annotations }, ...rest }
}

/** The row's objects replace base objects of the same kind and name. */
export const worldWith = (objects: readonly KubeObject[]): KubeObject[] => {
  const key = (object: KubeObject): string => `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`
  const own = new Set(objects.map(key))
  return [...base.filter((object) => !own.has(key(object))), ...objects]
}
