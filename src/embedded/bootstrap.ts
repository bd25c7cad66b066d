/** The objects that every cluster has from the start: most tools assume them. */
import type { KubeObject } from '../kube/api.ts'
import { versionInfo } from './apiserver/version.ts'

export const apiServerPort = 6443

/** Names and addresses in the API server's certificate. */
export const apiServerNames: readonly string[] = [
  '127.0.0.1',
  '10.96.0.1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]

/** As kind names and numbers the nodes of a cluster with one control plane and two workers. */
export const clusterNodes = [
  { name: 'meshdojo-control-plane', address: '172.18.0.2', podCIDR: '10.244.0.0/24', isControlPlane: true },
  { name: 'meshdojo-worker', address: '172.18.0.3', podCIDR: '10.244.1.0/24', isControlPlane: false },
  { name: 'meshdojo-worker2', address: '172.18.0.4', podCIDR: '10.244.2.0/24', isControlPlane: false },
] as const

export type ClusterNode = (typeof clusterNodes)[number]

const [controlPlane] = clusterNodes

/** Where the API server listens, inside the cluster. */
export const apiServerAddress: string = controlPlane.address

/** Nodes that somebody makes up share the first one's address. */
export const nodeAddressOf = (name: string | undefined): string =>
  (clusterNodes.find((node) => node.name === name) ?? controlPlane).address

const nodeObject = ({ name, podCIDR, isControlPlane }: ClusterNode): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      ...(isControlPlane
        ? {
            'node-role.kubernetes.io/control-plane': '',
            'node.kubernetes.io/exclude-from-external-load-balancers': '',
          }
        : {}),
    },
  },
  spec: {
    podCIDR,
    podCIDRs: [podCIDR],
    providerID: `kind://docker/meshdojo/${name}`,
    ...(isControlPlane ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } : {}),
  },
})

const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

const https = { name: 'https', port: apiServerPort, protocol: 'TCP' }

/** Created in this order; kinds that the cluster does not serve are left out by the caller. */
export const bootstrapObjects = (): KubeObject[] => [
  ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(namespace),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiServerPort }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip: controlPlane.address }], ports: [https] }],
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [controlPlane.address], conditions: { ready: true } }],
    ports: [https],
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'rancher.io/local-path',
    volumeBindingMode: 'WaitForFirstConsumer',
  },
  ...clusterNodes.map(nodeObject),
]

const quantities = { cpu: '8', 'ephemeral-storage': '100Gi', memory: '16Gi', pods: '250' }

/** @param now RFC 3339 */
export const nodeStatus = ({ name, address }: ClusterNode, now: string): Record<string, unknown> => {
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason,
    message,
  })
  return {
    capacity: quantities,
    allocatable: quantities,
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: 'simulated',
      osImage: 'meshdojo (simulated)',
      containerRuntimeVersion: 'containerd://2.2.0',
      kubeletVersion: versionInfo.gitVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  }
}
