/**
 * What `linkerd install` leaves behind, without CRDs, Secrets, most of its RBAC and the heartbeat CronJob; of linkerd-viz the
 * namespace alone, because the simulated `linkerd viz` asks the proxies itself.
 */
import type { KubeObject } from '../../kube/api.ts'
import { clusterCidrs } from './authorization.ts'
import { components, labels, workloads } from './control-plane.ts'
import { controlPlane as namespace, trustDomain } from './pods.ts'
import { linkerdVersion } from './version.ts'
import { webhooks } from './webhooks.ts'

/** What the controllers may do in the whole cluster (charts/linkerd-control-plane/templates/*-rbac.yaml). */
const roles: { component: string; rules: Record<string, unknown>[] }[] = [
  {
    component: 'identity',
    rules: [
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ],
  },
  {
    component: 'proxy-injector',
    rules: [
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: [''], resources: ['namespaces', 'replicationcontrollers'], verbs: ['list', 'get', 'watch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      {
        apiGroups: ['extensions', 'apps'],
        resources: ['deployments', 'replicasets', 'daemonsets', 'statefulsets'],
        verbs: ['list', 'get', 'watch'],
      },
      { apiGroups: ['extensions', 'batch'], resources: ['cronjobs', 'jobs'], verbs: ['list', 'get', 'watch'] },
    ],
  },
]

const clusterRole = (component: string, rules: Record<string, unknown>[]): KubeObject[] => {
  const own = { name: `linkerd-${namespace}-${component}`, labels: labels(`linkerd-${component}`) }
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  return [
    { apiVersion, kind: 'ClusterRole', metadata: own, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: own,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: own.name },
      subjects: [{ kind: 'ServiceAccount', name: `linkerd-${component}`, namespace, apiGroup: '' }],
    },
  ]
}

const values = `clusterDomain: cluster.local
clusterNetworks: ${clusterCidrs.join(',')}
identity:
  issuer:
    scheme: linkerd.io/tls
identityTrustAnchorsPEM: ""
identityTrustDomain: ${trustDomain}
linkerdVersion: ${linkerdVersion}
proxy:
  defaultInboundPolicy: all-unauthenticated
  nativeSidecar: true
`

/** See `Mesh.install`. Linkerd has no revisions. */
export const install = (): KubeObject[] => [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      annotations: { 'linkerd.io/inject': 'disabled' },
      labels: {
        'linkerd.io/is-control-plane': 'true',
        'config.linkerd.io/admission-webhooks': 'disabled',
        'linkerd.io/control-plane-ns': namespace,
        'pod-security.kubernetes.io/enforce': 'privileged',
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'linkerd-viz',
      labels: { 'linkerd.io/extension': 'viz', 'pod-security.kubernetes.io/enforce': 'privileged' },
    },
  },
  ...[...components, 'linkerd-heartbeat'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels: labels(name) },
  })),
  ...roles.flatMap(({ component, rules }) => clusterRole(component, rules)),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'linkerd-config', namespace, labels: labels('linkerd-controller') },
    data: { 'linkerd-crds-chart-version': 'linkerd-crds-2026.6.3', values },
  },
  ...workloads(),
  ...webhooks,
]
