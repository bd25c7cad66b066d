/** What the engine is measured on: workloads with a Service and an identity each, in 20 namespaces, all in an Istio mesh. */
import type { KubeObject } from '../../src/kube/api.ts'
import type { Pod, Service } from '../../src/kube/kinds.ts'
import type { Call } from '../../src/meshes/call.ts'

export interface EngineWorld {
  pods: Pod[]
  services: Service[]
  objects: KubeObject[]
}

export const namespaceOf = (index: number): string => `ns-${index % 20}`

const pod = (index: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `app-${index}`,
    namespace: namespaceOf(index),
    labels: { app: `app-${index}`, tier: index % 2 ? 'web' : 'data', 'security.istio.io/tlsMode': 'istio' },
  },
  spec: {
    serviceAccountName: `app-${index}`,
    containers: [
      { name: 'app', image: 'a', ports: [{ containerPort: 8080 }] },
      { name: 'istio-proxy', image: 'p' },
    ],
  },
  status: {
    podIP: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})

const service = (index: number): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: {
    clusterIP: `10.96.${index >> 8}.${index & 255}`,
    selector: { app: `app-${index}` },
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  },
})

export const engineWorld = (workloads: number): EngineWorld => {
  const pods = Array.from({ length: workloads }, (_, index) => pod(index))
  const services = Array.from({ length: workloads }, (_, index) => service(index))
  return { pods, services, objects: [...pods, ...services] }
}

/** One rule, for one workload in turn; no two policies of a workload are alike. Every other one asks who the caller is. */
export const policy = (index: number, workloads: number): KubeObject => {
  const target = index % workloads
  const round = Math.floor(index / workloads)
  const isDeny = (target + round) % 3 === 0
  const from = [
    { source: { namespaces: [namespaceOf(index + round)] } },
    { source: { principals: [`*/sa/app-${round}`] } },
  ]
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `p-${index}`, namespace: namespaceOf(target), creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { matchLabels: { app: `app-${target}` } },
      action: isDeny ? 'DENY' : 'ALLOW',
      rules: [
        {
          ...((target + round) % 2 === 0 ? {} : { from }),
          to: [{ operation: { methods: isDeny ? ['DELETE', 'PUT'] : ['GET'], paths: [`/api/v${round}/*`, '/'] } }],
        },
      ],
    },
  }
}

export const peerAuthentication = (namespace: string, mode: string): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace },
  spec: { mtls: { mode } },
})

export const destinationRule = (index: number): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: { host: `app-${index}`, trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } } },
})

/** A request of one workload to the Service of another. */
export const callTo = ({ pods, services }: EngineWorld, from: number, to: number, path: string): Call => {
  const object = services[to]!
  return {
    source: pods[from]!,
    service: { object, port: object.spec.ports![0]! },
    destination: pods[to]!,
    port: 8080,
    protocol: 'http',
    http: {
      method: 'GET',
      path,
      authority: `${object.metadata.name}.${object.metadata.namespace}`,
      headers: [],
    },
  }
}
