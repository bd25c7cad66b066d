/**
 * The containers, volumes and environment that injection adds. Upstream: the chart's files/injection-template.yaml.
 * Not modelled: the CNI plugin's istio-validation container, tracing, user volumes, bootstrap overrides, TPROXY.
 */
import type { Container, Pod } from '../../../kube/kinds.ts'
import { proxyContainer } from '../pods.ts'
import { istioVersion } from '../version.ts'
import { appProbers } from './probes.ts'

/** What is known about the pod beyond itself. */
export interface Workload {
  name: string
  /** `kubernetes://apis/apps/v1/namespaces/shop/deployments/web`; absent for what has no owner. */
  owner?: string
  revision: string
}

const annotation = (pod: Pod, name: string, otherwise: string): string => pod.metadata.annotations?.[name] ?? otherwise

/** Whether the sidecar is a restartable init container: the default where Kubernetes has them. */
export const isNative = (pod: Pod): boolean => annotation(pod, 'sidecar.istio.io/nativeSidecar', 'true') !== 'false'

/** One annotation about resources replaces all defaults. */
const resourcesOf = (pod: Pod) => {
  const said = (name: string): string | undefined => pod.metadata.annotations?.[`sidecar.istio.io/${name}`]
  const [cpu, memory, cpuLimit, memoryLimit] = ['proxyCPU', 'proxyMemory', 'proxyCPULimit', 'proxyMemoryLimit'].map(
    said,
  )
  if ([cpu, memory, cpuLimit, memoryLimit].every((each) => each === undefined))
    return { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } }
  const amounts = (first?: string, second?: string) => ({
    ...(first === undefined ? {} : { cpu: first }),
    ...(second === undefined ? {} : { memory: second }),
  })
  return {
    ...((cpu ?? memory) ? { requests: amounts(cpu, memory) } : {}),
    ...((cpuLimit ?? memoryLimit) ? { limits: amounts(cpuLimit, memoryLimit) } : {}),
  }
}

const imageOf = (pod: Pod): string => {
  const said = annotation(pod, 'sidecar.istio.io/proxyImage', 'proxyv2')
  return said.includes('/') ? said : `docker.io/istio/${said}:${istioVersion}`
}

const initArguments = (pod: Pod): string[] => {
  const traffic = (name: string, otherwise = ''): string =>
    annotation(pod, `traffic.sidecar.istio.io/${name}`, otherwise)
  const optional = (flag: string, name: string): string[] =>
    pod.metadata.annotations?.[`traffic.sidecar.istio.io/${name}`] === undefined ? [] : [flag, traffic(name)]
  const excluded = [
    '15090,15021',
    traffic('excludeInboundPorts'),
    annotation(pod, 'status.sidecar.istio.io/port', '15020'),
  ]
  return [
    ...['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT'],
    ...['-i', traffic('includeOutboundIPRanges', '*'), '-x', traffic('excludeOutboundIPRanges')],
    ...['-b', traffic('includeInboundPorts', '*'), '-d', excluded.filter(Boolean).join(',')],
    ...optional('-q', 'includeOutboundPorts'),
    ...optional('-o', 'excludeOutboundPorts'),
    `--log_output_level=${annotation(pod, 'sidecar.istio.io/agentLogLevel', 'default:info')}`,
  ]
}

/** Redirects the pod's traffic, as root, before anything else runs. */
export const initContainer = (pod: Pod): Container => ({
  name: 'istio-init',
  image: imageOf(pod),
  args: initArguments(pod),
  resources: resourcesOf(pod),
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

const fromResource = (name: string, resource: string): NonNullable<Container['env']>[number] => ({
  name,
  valueFrom: { resourceFieldRef: { divisor: '1', resource } },
})

const environment = (pod: Pod, { name, owner, revision }: Workload): NonNullable<Container['env']> => {
  const apps = pod.spec.containers.filter((container) => container.name !== proxyContainer)
  const probers = appProbers(pod)
  return [
    { name: 'PILOT_CERT_PROVIDER', value: 'istiod' },
    { name: 'CA_ADDR', value: `istiod${revision === 'default' ? '' : `-${revision}`}.istio-system.svc:15012` },
    fromField('POD_NAME', 'metadata.name'),
    fromField('POD_NAMESPACE', 'metadata.namespace'),
    fromField('INSTANCE_IP', 'status.podIP'),
    fromField('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    fromField('HOST_IP', 'status.hostIP'),
    fromResource('ISTIO_CPU_LIMIT', 'limits.cpu'),
    { name: 'PROXY_CONFIG', value: '{}\n' },
    { name: 'ISTIO_META_POD_PORTS', value: JSON.stringify(apps.flatMap((container) => container.ports ?? [])) },
    { name: 'ISTIO_META_APP_CONTAINERS', value: apps.map((container) => container.name).join(',') },
    fromResource('GOMEMLIMIT', 'limits.memory'),
    { name: 'ISTIO_META_CLUSTER_ID', value: 'Kubernetes' },
    fromField('ISTIO_META_NODE_NAME', 'spec.nodeName'),
    { name: 'ISTIO_META_INTERCEPTION_MODE', value: 'REDIRECT' },
    { name: 'ISTIO_META_WORKLOAD_NAME', value: name },
    ...(owner === undefined ? [] : [{ name: 'ISTIO_META_OWNER', value: owner }]),
    { name: 'ISTIO_META_MESH_ID', value: 'cluster.local' },
    { name: 'TRUST_DOMAIN', value: 'cluster.local' },
    ...(probers === undefined ? [] : [{ name: 'ISTIO_KUBE_APP_PROBERS', value: probers }]),
  ]
}

const configMap = (name: string, more: object = {}) => ({ configMap: { name, defaultMode: 420, ...more } })

/** In the order in which the template lists the volumes. */
const mounts: [volume: string, path: string, source: Record<string, unknown>][] = [
  ['workload-socket', '/var/run/secrets/workload-spiffe-uds', { emptyDir: {} }],
  ['credential-socket', '/var/run/secrets/credential-uds', { emptyDir: {} }],
  ['workload-certs', '/var/run/secrets/workload-spiffe-credentials', { emptyDir: {} }],
  ['istio-envoy', '/etc/istio/proxy', { emptyDir: { medium: 'Memory' } }],
  ['istio-data', '/var/lib/istio/data', { emptyDir: {} }],
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
  ['istiod-ca-cert', '/var/run/secrets/istio', configMap('istio-ca-root-cert')],
  ['istio-ca-crl', '/var/run/secrets/istio/crl', configMap('istio-ca-crl', { optional: true })],
]

export const volumes = mounts.map(([name, , source]) => ({ name, ...source }))

/** Envoy and its agent, ready once port 15021 says so. */
export const sidecar = (pod: Pod, workload: Workload): Container => {
  const probe = {
    httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' },
    timeoutSeconds: 3,
    successThreshold: 1,
  }
  const readiness = (name: string, otherwise: number): number =>
    Number(annotation(pod, `readiness.status.sidecar.istio.io/${name}`, '')) || otherwise
  const port = annotation(pod, 'status.sidecar.istio.io/port', '15020')
  const native = isNative(pod)
  return {
    name: proxyContainer,
    image: imageOf(pod),
    args: [
      ...['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
      `--proxyLogLevel=${annotation(pod, 'sidecar.istio.io/logLevel', 'warning')}`,
      `--proxyComponentLogLevel=${annotation(pod, 'sidecar.istio.io/componentLogLevel', 'misc:error')}`,
      `--log_output_level=${annotation(pod, 'sidecar.istio.io/agentLogLevel', 'default:info')}`,
    ],
    env: environment(pod, workload),
    ports: [{ name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' }],
    readinessProbe: {
      ...probe,
      failureThreshold: readiness('failureThreshold', 4),
      periodSeconds: readiness('periodSeconds', 15),
      initialDelaySeconds: readiness('initialDelaySeconds', 0),
    },
    startupProbe: { ...probe, failureThreshold: 600, periodSeconds: 1 },
    ...(native
      ? {
          lifecycle: {
            preStop: { exec: { command: ['pilot-agent', 'request', `--debug-port=${port}`, 'POST', 'drain'] } },
          },
          restartPolicy: 'Always',
        }
      : {}),
    resources: resourcesOf(pod),
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
  }
}
