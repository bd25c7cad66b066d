/**
 * The injecting webhook: which pods get a sidecar, and what the pod looks like afterwards. The sidecar is a restartable
 * init container, as Istio 1.27 and later make it on Kubernetes 1.33 and later. Upstream: the namespaceSelectors of the
 * istiod chart's webhook configuration, pkg/kube/inject/inject.go (injectRequired) and the injection template.
 * Not modelled: custom templates, neverInjectSelector, probe rewriting, resource and image annotations, revision tags
 * other than `default`.
 */
import type { Container, Namespace, Pod } from '../../kube/kinds.ts'
import { isMeshed, proxyContainer, tlsModeLabel } from './pods.ts'
import { istioVersion } from './version.ts'

const injectKey = 'sidecar.istio.io/inject'
const revisionKey = 'istio.io/rev'
/** istio/istio pkg/kube/inject/inject.go, IgnoredNamespaces: no sidecars and no root certificate there. */
export const neverInjected: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']

/** Whether one of the four webhooks sees the pod at all: by the namespace's labels, then the pod's. */
const reachesWebhook = (pod: Pod, namespace: Namespace): boolean => {
  const space = namespace.metadata.labels ?? {}
  const own = pod.metadata.labels ?? {}
  const legacy = space['istio-injection']
  const revision = space[revisionKey]
  if (legacy !== undefined) return legacy === 'enabled' && own[injectKey] !== 'false'
  if (revision !== undefined) return revision === 'default' && own[injectKey] !== 'false'
  if (own[revisionKey] !== undefined) return own[revisionKey] === 'default' && own[injectKey] !== 'false'
  return own[injectKey] === 'true'
}

/** The webhook's own rules. The label wins over the older annotation; other values than true and false count as absent. */
const wantsSidecar = (pod: Pod, namespace: Namespace): boolean => {
  if (pod.spec.hostNetwork === true || neverInjected.includes(namespace.metadata.name)) return false
  const said = pod.metadata.labels?.[injectKey] ?? pod.metadata.annotations?.[injectKey]
  return said !== 'false'
}

const resources = { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } }
const image = `docker.io/istio/proxyv2:${istioVersion}`

const initArguments = (pod: Pod): string[] => {
  const annotation = (name: string, otherwise: string): string =>
    pod.metadata.annotations?.[`traffic.sidecar.istio.io/${name}`] ?? otherwise
  const excluded = annotation('excludeInboundPorts', '')
  return [
    ...['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT'],
    ...['-i', annotation('includeOutboundIPRanges', '*'), '-x', annotation('excludeOutboundIPRanges', '')],
    ...[
      '-b',
      annotation('includeInboundPorts', '*'),
      '-d',
      ['15090,15021', excluded, '15020'].filter(Boolean).join(','),
    ],
    '--log_output_level=default:info',
  ]
}

const initContainer = (pod: Pod): Container => ({
  name: 'istio-init',
  image,
  args: initArguments(pod),
  resources,
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: false,
    runAsGroup: 0,
    runAsNonRoot: false,
    runAsUser: 0,
  },
})

const fromField = (name: string, fieldPath: string): NonNullable<Container['env']>[number] => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
})

const environment = (pod: Pod, workload: string): NonNullable<Container['env']> => [
  { name: 'PILOT_CERT_PROVIDER', value: 'istiod' },
  { name: 'CA_ADDR', value: 'istiod.istio-system.svc:15012' },
  fromField('POD_NAME', 'metadata.name'),
  fromField('POD_NAMESPACE', 'metadata.namespace'),
  fromField('INSTANCE_IP', 'status.podIP'),
  fromField('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
  fromField('HOST_IP', 'status.hostIP'),
  { name: 'PROXY_CONFIG', value: '{}\n' },
  {
    name: 'ISTIO_META_POD_PORTS',
    value: JSON.stringify(pod.spec.containers.flatMap((container) => container.ports ?? [])),
  },
  { name: 'ISTIO_META_APP_CONTAINERS', value: pod.spec.containers.map((container) => container.name).join(',') },
  { name: 'ISTIO_META_CLUSTER_ID', value: 'Kubernetes' },
  fromField('ISTIO_META_NODE_NAME', 'spec.nodeName'),
  { name: 'ISTIO_META_INTERCEPTION_MODE', value: 'REDIRECT' },
  { name: 'ISTIO_META_WORKLOAD_NAME', value: workload },
  { name: 'ISTIO_META_MESH_ID', value: 'cluster.local' },
  { name: 'TRUST_DOMAIN', value: 'cluster.local' },
]

const mounts: [volume: string, path: string, source: Record<string, unknown>][] = [
  ['workload-socket', '/var/run/secrets/workload-spiffe-uds', { emptyDir: {} }],
  ['credential-socket', '/var/run/secrets/credential-uds', { emptyDir: {} }],
  ['workload-certs', '/var/run/secrets/workload-spiffe-credentials', { emptyDir: {} }],
  ['istiod-ca-cert', '/var/run/secrets/istio', { configMap: { name: 'istio-ca-root-cert', defaultMode: 420 } }],
  ['istio-data', '/var/lib/istio/data', { emptyDir: {} }],
  ['istio-envoy', '/etc/istio/proxy', { emptyDir: { medium: 'Memory' } }],
  [
    'istio-token',
    '/var/run/secrets/tokens',
    {
      projected: {
        defaultMode: 420,
        sources: [{ serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43200, path: 'istio-token' } }],
      },
    },
  ],
  [
    'istio-podinfo',
    '/etc/istio/pod',
    {
      downwardAPI: {
        defaultMode: 420,
        items: ['labels', 'annotations'].map((path) => ({
          path,
          fieldRef: { apiVersion: 'v1', fieldPath: `metadata.${path}` },
        })),
      },
    },
  ],
]

const probe = {
  httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' },
  timeoutSeconds: 3,
  successThreshold: 1,
}

const sidecar = (pod: Pod, workload: string): Container => ({
  name: proxyContainer,
  image,
  args: [
    ...['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
    ...['--proxyLogLevel=warning', '--proxyComponentLogLevel=misc:error', '--log_output_level=default:info'],
  ],
  env: environment(pod, workload),
  ports: [{ name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' }],
  readinessProbe: { ...probe, failureThreshold: 4, periodSeconds: 15 },
  startupProbe: { ...probe, failureThreshold: 600, periodSeconds: 1 },
  lifecycle: {
    preStop: { exec: { command: ['pilot-agent', 'request', '--debug-port=15020', 'POST', 'drain'] } },
  },
  resources,
  restartPolicy: 'Always',
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 1337,
    runAsNonRoot: true,
    runAsUser: 1337,
  },
  volumeMounts: mounts.map(([name, mountPath]) => ({ name, mountPath })),
})

/** What the pod is made by, as far as its template says: Deployments leave their name in generateName. */
const workloadName = (pod: Pod): string => {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller)
  const hash = pod.metadata.labels?.['pod-template-hash']
  if (owner === undefined) return pod.metadata.name || (pod.metadata.generateName ?? '').replace(/-$/, '')
  return hash !== undefined && owner.name.endsWith(`-${hash}`) ? owner.name.slice(0, -hash.length - 1) : owner.name
}

const status = JSON.stringify({
  initContainers: ['istio-init', proxyContainer],
  containers: null,
  volumes: mounts.map(([name]) => name),
  imagePullSecrets: null,
  revision: 'default',
})

/** The pod with its sidecar, or the same pod. See `Mesh.inject`. */
export const inject = (pod: Pod, namespace: Namespace): Pod => {
  if (isMeshed(pod) || !reachesWebhook(pod, namespace) || !wantsSidecar(pod, namespace)) return pod
  const workload = workloadName(pod)
  const labels = pod.metadata.labels ?? {}
  const annotations = pod.metadata.annotations ?? {}
  const first = pod.spec.containers[0]?.name
  const chosen = annotations['kubectl.kubernetes.io/default-container'] ?? first
  const volumes = Array.isArray(pod.spec.volumes) ? pod.spec.volumes : []
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...labels,
        [tlsModeLabel]: labels[tlsModeLabel] ?? 'istio',
        'service.istio.io/canonical-name':
          labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels.app ?? workload,
        'service.istio.io/canonical-revision':
          labels['service.istio.io/canonical-revision'] ??
          labels['app.kubernetes.io/version'] ??
          labels.version ??
          'latest',
      },
      annotations: {
        ...annotations,
        'istio.io/rev': 'default',
        ...(chosen === undefined
          ? {}
          : {
              'kubectl.kubernetes.io/default-container': chosen,
              'kubectl.kubernetes.io/default-logs-container':
                annotations['kubectl.kubernetes.io/default-logs-container'] ?? chosen,
            }),
        'prometheus.io/path': '/stats/prometheus',
        'prometheus.io/port': '15020',
        'prometheus.io/scrape': 'true',
        'sidecar.istio.io/status': status,
      },
    },
    spec: {
      ...pod.spec,
      // First, so that the pod's own init containers already run behind the sidecar.
      initContainers: [initContainer(pod), sidecar(pod, workload), ...(pod.spec.initContainers ?? [])],
      volumes: [...volumes, ...mounts.map(([name, , source]) => ({ name, ...source }))],
    },
  }
}
