/**
 * What `istioctl install` with the default profile leaves behind for sidecar mode, without CRDs, RBAC, gateways and
 * Secrets. The webhook configurations are data only: the webhooks themselves are `validate` and `inject`.
 */
import type { KubeObject } from '../../kube/api.ts'
import { istioVersion } from './version.ts'

const namespace = 'istio-system'

const labels = (revision: string): Record<string, string> => ({
  app: 'istiod',
  istio: 'pilot',
  'istio.io/rev': revision,
  release: 'istio',
  'app.kubernetes.io/name': 'istiod',
  'app.kubernetes.io/part-of': 'istio',
  'app.kubernetes.io/version': istioVersion,
})

const meshConfig = `defaultConfig:
  discoveryAddress: istiod.istio-system.svc:15012
defaultProviders:
  metrics:
  - prometheus
enablePrometheusMerge: true
rootNamespace: istio-system
trustDomain: cluster.local
`

const deployment = (revision: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'istiod', namespace, labels: labels(revision) },
  spec: {
    selector: { matchLabels: { istio: 'pilot' } },
    strategy: { rollingUpdate: { maxSurge: '100%', maxUnavailable: '25%' } },
    template: {
      metadata: {
        labels: { ...labels(revision), 'sidecar.istio.io/inject': 'false' },
        annotations: { 'prometheus.io/port': '15014', 'prometheus.io/scrape': 'true' },
      },
      spec: {
        serviceAccountName: 'istiod',
        containers: [
          {
            name: 'discovery',
            image: `docker.io/istio/pilot:${istioVersion}`,
            args: [
              'discovery',
              '--monitoringAddr=:15014',
              '--log_output_level=default:info',
              '--domain',
              'cluster.local',
              '--keepaliveMaxServerConnectionAge',
              '30m',
            ],
            ports: [
              { name: 'http-debug', containerPort: 8080, protocol: 'TCP' },
              { name: 'grpc-xds', containerPort: 15010, protocol: 'TCP' },
              { name: 'tls-xds', containerPort: 15012, protocol: 'TCP' },
              { name: 'https-webhooks', containerPort: 15017, protocol: 'TCP' },
              { name: 'http-monitoring', containerPort: 15014, protocol: 'TCP' },
            ],
            env: [
              { name: 'REVISION', value: revision },
              { name: 'PILOT_CERT_PROVIDER', value: 'istiod' },
              { name: 'CLUSTER_ID', value: 'Kubernetes' },
            ],
            readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 3, timeoutSeconds: 5 },
            resources: { requests: { cpu: '500m', memory: '2048Mi' } },
          },
        ],
      },
    },
  },
})

const service = (revision: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'istiod', namespace, labels: labels(revision) },
  spec: {
    selector: { app: 'istiod', istio: 'pilot' },
    ports: [
      { name: 'grpc-xds', port: 15010, protocol: 'TCP' },
      { name: 'https-dns', port: 15012, protocol: 'TCP' },
      { name: 'https-webhook', port: 443, targetPort: 15017, protocol: 'TCP' },
      { name: 'http-monitoring', port: 15014, protocol: 'TCP' },
    ],
  },
})

type Requirement = { key: string; operator: string; values?: string[] }
const on = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values })
const off = (key: string, ...values: string[]): Requirement => ({ key, operator: 'NotIn', values })
const absent = (key: string): Requirement => ({ key, operator: 'DoesNotExist' })

/** Objects of another revision than the default carry its name. */
const named = (name: string, revision: string): string => (revision === 'default' ? name : `${name}-${revision}`)

const client = (path: string, revision = 'default') => ({
  service: { name: named('istiod', revision), namespace, path, port: 443 },
})

const injector = (revision: string, name: string, space: Requirement[], pod: Requirement[]) => ({
  name: `${name}.sidecar-injector.istio.io`,
  admissionReviewVersions: ['v1'],
  clientConfig: client('/inject', revision),
  failurePolicy: 'Fail',
  namespaceSelector: { matchExpressions: space },
  objectSelector: { matchExpressions: pod },
  reinvocationPolicy: 'Never',
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }],
  sideEffects: 'None',
})

/** Which namespaces and pods ask for a revision: the chart's mutatingwebhook.yaml, and a revision tag's. */
export const forRevision = (revision: string) => [
  injector(
    revision,
    'rev.namespace',
    [on('istio.io/rev', revision), absent('istio-injection')],
    [off('sidecar.istio.io/inject', 'false')],
  ),
  injector(
    revision,
    'rev.object',
    [absent('istio.io/rev'), absent('istio-injection')],
    [off('sidecar.istio.io/inject', 'false'), on('istio.io/rev', revision)],
  ),
]

const forDefault = [
  injector('default', 'namespace', [on('istio-injection', 'enabled')], [off('sidecar.istio.io/inject', 'false')]),
  injector(
    'default',
    'object',
    [absent('istio-injection'), absent('istio.io/rev')],
    [on('sidecar.istio.io/inject', 'true'), absent('istio.io/rev')],
  ),
]

const webhooks = (revision: string): KubeObject[] => [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: named('istio-sidecar-injector', revision),
      labels: { ...labels(revision), app: 'sidecar-injector' },
    },
    webhooks: [...forRevision(revision), ...(revision === 'default' ? forDefault : [])],
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'istiod-default-validator', labels: { ...labels(revision), istio: 'istiod' } },
    webhooks: [
      {
        name: 'validation.istio.io',
        admissionReviewVersions: ['v1'],
        clientConfig: client('/validate'),
        failurePolicy: 'Fail',
        rules: [
          {
            apiGroups: ['security.istio.io', 'networking.istio.io', 'telemetry.istio.io', 'extensions.istio.io'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['*'],
            scope: '*',
          },
        ],
        sideEffects: 'None',
      },
    ],
  },
]

/** See `Mesh.install`. Ordered so that each object's namespace comes first. */
export const install = (options: { revision?: string } = {}): KubeObject[] => {
  const revision = options.revision ?? 'default'
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'istiod', namespace, labels: { app: 'istiod', release: 'istio' } },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace, labels: { 'istio.io/rev': revision, release: 'istio' } },
      data: { mesh: meshConfig, meshNetworks: 'networks: {}' },
    },
    service(revision),
    deployment(revision),
    ...webhooks(revision),
  ]
}
