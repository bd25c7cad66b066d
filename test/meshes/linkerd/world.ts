/** The small cluster that all Linkerd rows share: meshed, unmeshed and outside callers, and each way to be asked. */
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Namespace, Pod, Service } from '../../../src/kube/kinds.ts'
import type { Call } from '../../../src/meshes/call.ts'
import { annotate, inject } from '../../../src/meshes/linkerd/inject.ts'
import { buildWorld, findWorkload, parseTarget, resolve } from '../../../src/meshes/network.ts'
import { outsidePod } from '../../../src/meshes/outside.ts'

const meshed = new Set(['production', 'staging'])

export const namespace = (name: string, annotations: Record<string, string> = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, annotations: { ...(meshed.has(name) ? { 'linkerd.io/inject': 'enabled' } : {}), ...annotations } },
})

export const bare = (path: string, ip: string, annotations: Record<string, string> = {}): Pod => {
  const [home = '', name = ''] = path.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: home, labels: { app: name }, annotations },
    spec: {
      serviceAccountName: name,
      containers: [
        {
          name: 'app',
          image: 'app',
          ports: [
            { name: 'web', containerPort: 8080 },
            { name: 'db', containerPort: 5432 },
          ],
          readinessProbe: { httpGet: { path: '/ready', port: 'web' } },
        },
      ],
    },
    status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

const pod = (path: string, ip: string, annotations?: Record<string, string>): Pod =>
  inject(bare(path, ip, annotations), namespace(path.split('/')[0] ?? ''))

const service = (
  path: string,
  clusterIP: string,
  annotations: Record<string, string> = {},
  of?: Record<string, string>,
): KubeObject => {
  const [home = '', name = ''] = path.split('/')
  const bare: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: home, annotations },
    spec: {
      clusterIP,
      selector: { app: name },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'db', port: 5432 },
        { name: 'other', port: 9000, targetPort: 9001 },
        { name: 'admin', port: 4191 },
      ],
    },
  }
  return annotate(bare, namespace(home, of)) as unknown as KubeObject
}

export const base: KubeObject[] = [
  ...['production', 'staging', 'legacy'].map((name) => namespace(name)),
  pod('production/frontend', '10.1.0.1'),
  pod('production/api', '10.1.0.2'),
  pod('production/plain', '10.1.0.7', { 'linkerd.io/inject': 'disabled' }),
  pod('staging/client', '10.1.1.1'),
  pod('legacy/client', '10.1.2.1'),
  pod('legacy/server', '10.1.2.2'),
  pod('legacy/far', '203.0.113.99'),
  service('production/api', '10.96.0.2'),
  service('production/frontend', '10.96.0.1'),
  service('production/plain', '10.96.0.7'),
  service('legacy/server', '10.96.2.2'),
]

export interface Ask {
  from: string
  to: string
  method?: string
  headers?: Record<string, string>
}

/** The call that a request makes in that cluster; throws when the rows name something that is not there. */
export const makeCall = (objects: readonly KubeObject[], ask: Ask): Call => {
  const world = buildWorld(objects)
  const source = findWorkload(world, ask.from)
  const target = parseTarget(ask.to)
  if (source === undefined || target === undefined) throw new Error(`no such caller or address: ${ask.from} ${ask.to}`)
  const found = resolve(world, source, target)
  const protocol = target.scheme === 'http' ? 'http' : target.scheme === 'https' ? 'tls' : 'tcp'
  const headers = Object.entries(ask.headers ?? {}).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ])
  const http = { method: ask.method ?? 'GET', path: target.path, authority: target.authority, headers }
  const common = {
    source,
    protocol,
    ...(protocol === 'http' ? { http } : {}),
    ...(protocol === 'tls' ? { tls: { serverName: target.host, http } } : {}),
  } as const
  if (found.kind === 'external') return { ...common, destination: outsidePod(found.host), port: found.port }
  if (found.kind === 'pod') return { ...common, destination: found.pod, port: found.port }
  const endpoint = found.kind === 'service' ? found.endpoints[0] : undefined
  if (found.kind !== 'service' || endpoint === undefined) throw new Error(`${ask.to} leads to ${found.kind}`)
  const at = { object: found.service, port: found.port }
  return { ...common, service: at, destination: endpoint.pod, port: endpoint.port }
}

const versions: Record<string, string> = {
  Server: 'policy.linkerd.io/v1beta3',
  ServerAuthorization: 'policy.linkerd.io/v1beta1',
  AuthorizationPolicy: 'policy.linkerd.io/v1alpha1',
  MeshTLSAuthentication: 'policy.linkerd.io/v1alpha1',
  NetworkAuthentication: 'policy.linkerd.io/v1alpha1',
  HTTPLocalRateLimitPolicy: 'policy.linkerd.io/v1alpha1',
  EgressNetwork: 'policy.linkerd.io/v1alpha1',
  HTTPRoute: 'policy.linkerd.io/v1beta3',
  GatewayHTTPRoute: 'gateway.networking.k8s.io/v1',
  ServiceProfile: 'linkerd.io/v1alpha2',
  ExternalWorkload: 'workload.linkerd.io/v1beta1',
  GRPCRoute: 'gateway.networking.k8s.io/v1',
  TLSRoute: 'gateway.networking.k8s.io/v1alpha2',
  TCPRoute: 'gateway.networking.k8s.io/v1alpha2',
}

export interface Short {
  /** `Server production/api`; `Pod` and `Service` replace those of the base. */
  is: string
  /** Seconds after a fixed time. */
  age?: number
  annotations?: Record<string, string>
  labels?: Record<string, string>
  /** A namespace whose annotations the pod or Service inherits. */
  of?: Record<string, string>
  spec?: Record<string, unknown>
}

export const expand = ({ is, age = 0, annotations, labels, of, spec }: Short): KubeObject => {
  const [kind = '', path = ''] = is.split(' ')
  const [home = '', name = ''] = path.split('/')
  if (kind === 'Pod') return inject(bare(path, '10.1.0.2', annotations), namespace(home, of))
  if (kind === 'Service') return service(path, '10.96.0.2', annotations, of)
  const apiVersion = versions[kind]
  if (apiVersion === undefined) throw new Error(`unknown kind ${kind}`)
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1) + age * 1000).toISOString().replace('.000', '')
  const metadata = { name, namespace: home, creationTimestamp, ...(labels ? { labels } : {}) }
  return { apiVersion, kind: kind.replace('Gateway', ''), metadata, spec }
}

/** The row's objects replace base objects of the same kind and name. */
export const worldWith = (objects: readonly KubeObject[]): KubeObject[] => {
  const key = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace}/${metadata.name}`
  const own = new Set(objects.map(key))
  return [...base.filter((object) => !own.has(key(object))), ...objects]
}
