/** The containers and volumes that injection adds: charts/partials/templates/_proxy.tpl, _proxy-init.tpl, _volumes.tpl. */
import type { Container, Pod } from '../../kube/kinds.ts'
import { clusterCidrs } from './authorization.ts'
import {
  configPrefix,
  controlPlane,
  defaultOpaquePorts,
  defaultPolicyAnnotation,
  initContainerName,
  proxyContainer,
  trustDomain,
} from './pods.ts'
import { linkerdVersion } from './version.ts'

const image = `cr.l5d.io/linkerd/proxy:${linkerdVersion}`

const said = (pod: Pod, name: string): string | undefined => pod.metadata.annotations?.[`${configPrefix}${name}`]

const joined = (...lists: (string | undefined)[]): string => lists.filter(Boolean).join(',')

/** Redirects the pod's traffic before anything else runs. */
export const initContainer = (pod: Pod): Container => ({
  name: initContainerName,
  image,
  imagePullPolicy: 'IfNotPresent',
  command: ['/usr/lib/linkerd/linkerd2-proxy-init'],
  args: [
    ...['--firewall-bin-path', 'iptables-nft', '--firewall-save-bin-path', 'iptables-nft-save', '--ipv6=false'],
    ...['--incoming-proxy-port', '4143', '--outgoing-proxy-port', '4140', '--proxy-uid', '2102'],
    ...['--inbound-ports-to-ignore', joined('4190,4191,4567,4568', said(pod, 'skip-inbound-ports'))],
    ...['--outbound-ports-to-ignore', joined('4567,4568', said(pod, 'skip-outbound-ports'))],
  ],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 65534,
    runAsNonRoot: true,
    runAsUser: 65534,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  terminationMessagePolicy: 'FallbackToLogsOnError',
  volumeMounts: [{ mountPath: '/run', name: 'linkerd-proxy-init-xtables-lock' }],
})

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })

const environment = (pod: Pod): NonNullable<Container['env']> => {
  const networks = clusterCidrs.join(',')
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  const ports = containers.flatMap((each) => (each.ports ?? []).map(({ containerPort }) => containerPort))
  const own = (account: string): string =>
    `${account}.${controlPlane}.serviceaccount.identity.${controlPlane}.${trustDomain}`
  return [
    fromField('_pod_name', 'metadata.name'),
    fromField('_pod_ns', 'metadata.namespace'),
    fromField('_pod_uid', 'metadata.uid'),
    fromField('_pod_ip', 'status.podIP'),
    fromField('_pod_nodeName', 'spec.nodeName'),
    { name: '_pod_containerName', value: proxyContainer },
    { name: 'LINKERD2_PROXY_LOG', value: said(pod, 'proxy-log-level') ?? 'warn,linkerd=info,hickory=error' },
    { name: 'LINKERD2_PROXY_LOG_FORMAT', value: said(pod, 'proxy-log-format') ?? 'plain' },
    {
      name: 'LINKERD2_PROXY_DESTINATION_SVC_ADDR',
      value: `linkerd-dst-headless.${controlPlane}.svc.cluster.local.:8086`,
    },
    { name: 'LINKERD2_PROXY_POLICY_SVC_ADDR', value: `linkerd-policy.${controlPlane}.svc.cluster.local.:8090` },
    {
      name: 'LINKERD2_PROXY_INBOUND_DEFAULT_POLICY',
      value: said(pod, defaultPolicyAnnotation) ?? 'all-unauthenticated',
    },
    { name: 'LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS', value: networks },
    { name: 'LINKERD2_PROXY_CONTROL_LISTEN_ADDR', value: '0.0.0.0:4190' },
    { name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value: '0.0.0.0:4191' },
    { name: 'LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS', value: '127.0.0.1:4140' },
    { name: 'LINKERD2_PROXY_INBOUND_LISTEN_ADDR', value: '0.0.0.0:4143' },
    { name: 'LINKERD2_PROXY_INBOUND_PORTS', value: [...new Set(ports)].sort((a, b) => a - b).join(',') },
    {
      name: 'LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION',
      value: said(pod, 'opaque-ports') ?? defaultOpaquePorts,
    },
    fromField('_pod_sa', 'spec.serviceAccountName'),
    { name: '_l5d_ns', value: controlPlane },
    { name: '_l5d_trustdomain', value: trustDomain },
    { name: 'LINKERD2_PROXY_IDENTITY_DIR', value: '/var/run/linkerd/identity/end-entity' },
    { name: 'LINKERD2_PROXY_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/tokens/linkerd-identity-token' },
    {
      name: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR',
      value: `linkerd-identity-headless.${controlPlane}.svc.cluster.local.:8080`,
    },
    {
      name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME',
      value: `$(_pod_sa).$(_pod_ns).serviceaccount.identity.${controlPlane}.${trustDomain}`,
    },
    { name: 'LINKERD2_PROXY_IDENTITY_SVC_NAME', value: own('linkerd-identity') },
    { name: 'LINKERD2_PROXY_DESTINATION_SVC_NAME', value: own('linkerd-destination') },
    { name: 'LINKERD2_PROXY_POLICY_SVC_NAME', value: own('linkerd-destination') },
  ]
}

/** A native sidecar: an init container that stays. */
export const proxy = (pod: Pod): Container => ({
  name: proxyContainer,
  image,
  imagePullPolicy: 'IfNotPresent',
  env: environment(pod),
  ports: [
    { containerPort: 4143, name: 'linkerd-proxy', protocol: 'TCP' },
    { containerPort: 4191, name: 'linkerd-admin', protocol: 'TCP' },
  ],
  livenessProbe: { httpGet: { path: '/live', port: 4191 }, initialDelaySeconds: 10, timeoutSeconds: 1 },
  readinessProbe: { httpGet: { path: '/ready', port: 4191 }, initialDelaySeconds: 2, timeoutSeconds: 1 },
  startupProbe: { httpGet: { path: '/ready', port: 4191 }, periodSeconds: 1, failureThreshold: 120 },
  restartPolicy: 'Always',
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 2102,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  terminationMessagePolicy: 'FallbackToLogsOnError',
  volumeMounts: [
    { mountPath: '/var/run/linkerd/identity/end-entity', name: 'linkerd-identity-end-entity' },
    { mountPath: '/var/run/secrets/tokens', name: 'linkerd-identity-token' },
  ],
})

export const volumes = [
  { name: 'linkerd-proxy-init-xtables-lock', emptyDir: {} },
  { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
  {
    name: 'linkerd-identity-token',
    projected: {
      sources: [
        {
          serviceAccountToken: {
            audience: 'identity.l5d.io',
            expirationSeconds: 86400,
            path: 'linkerd-identity-token',
          },
        },
      ],
    },
  },
]
