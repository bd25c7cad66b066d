/**
 * The roles and bindings that every cluster starts with, as kubernetes/kubernetes
 * plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go has them. Written as lines, because there are many:
 * `verbs | groups | resources [| names]`, or `verbs | /urls`; `""` is the core group, `rw` and `r` stand for what they do.
 *
 * Left out: the roles of single controllers (`system:controller:…`) and of kubeadm; the control plane here is one process.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { PolicyRule } from './rules.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const group = 'rbac.authorization.k8s.io'

const verbSets: Record<string, string> = {
  r: 'get list watch',
  w: 'create delete deletecollection patch update',
  rw: 'create delete deletecollection get list patch update watch',
}

const parseRule = (line: string): PolicyRule => {
  const [verbs = '', groups = '', resources, names] = line.split('|').map((part) => part.trim())
  const words = (text: string) => text.split(' ').map((word) => (word === '""' ? '' : word))
  const rule = { verbs: words(verbSets[verbs] ?? verbs) }
  if (resources === undefined) return { ...rule, nonResourceURLs: words(groups) }
  return {
    ...rule,
    apiGroups: words(groups),
    resources: words(resources),
    ...(names ? { resourceNames: words(names) } : {}),
  }
}

const events = 'create patch update | "" events.k8s.io | events'
const delegation = [
  'create | authentication.k8s.io | tokenreviews',
  'create | authorization.k8s.io | subjectaccessreviews',
]

const aggregated: Record<'admin' | 'edit' | 'view', string[]> = {
  admin: [
    'create | authorization.k8s.io | localsubjectaccessreviews',
    'rw | rbac.authorization.k8s.io | rolebindings roles',
  ],
  edit: [
    'r | "" | pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy',
    'impersonate | "" | serviceaccounts',
    'w | "" | pods pods/attach pods/exec pods/portforward pods/proxy',
    'create | "" | pods/eviction',
    'w | "" | configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    'create | "" | serviceaccounts/token',
    'w | apps | daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
    'w | autoscaling | horizontalpodautoscalers',
    'w | batch | cronjobs jobs',
    'w | extensions | daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
    'w | policy | poddisruptionbudgets',
    'w | networking.k8s.io | ingresses networkpolicies',
    'rw | coordination.k8s.io | leases',
  ],
  view: [
    'r | "" | configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
    'r | "" | bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
    'r | "" | namespaces',
    'r | discovery.k8s.io | endpointslices',
    'r | apps | controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
    'r | autoscaling | horizontalpodautoscalers horizontalpodautoscalers/status',
    'r | batch | cronjobs cronjobs/status jobs jobs/status',
    'r | extensions | daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
    'r | policy | poddisruptionbudgets poddisruptionbudgets/status',
    'r | networking.k8s.io | ingresses ingresses/status networkpolicies',
  ],
}

const signerApprover = (signer: string) => [`approve | certificates.k8s.io | signers | kubernetes.io/${signer}`]

const plainRoles: Record<string, string[]> = {
  'cluster-admin': ['* | * | *', '* | *'],
  'system:auth-delegator': delegation,
  'system:basic-user': [
    'create | authorization.k8s.io | selfsubjectaccessreviews selfsubjectrulesreviews',
    'create | authentication.k8s.io | selfsubjectreviews',
  ],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    'create | certificates.k8s.io | certificatesigningrequests/nodeclient',
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    'create | certificates.k8s.io | certificatesigningrequests/selfnodeclient',
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': signerApprover('kube-apiserver-client'),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': signerApprover('kube-apiserver-client-kubelet'),
  'system:certificates.k8s.io:kubelet-serving-approver': signerApprover('kubelet-serving'),
  'system:certificates.k8s.io:legacy-unknown-approver': signerApprover('legacy-unknown'),
  'system:discovery': [
    'get | /api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/',
  ],
  'system:kube-aggregator': ['r | "" | endpoints services'],
  'system:kube-controller-manager': [
    events,
    'create | coordination.k8s.io | leases',
    'get update | coordination.k8s.io | leases | kube-controller-manager',
    'create | "" | secrets serviceaccounts',
    'delete | "" | secrets',
    'get | "" | configmaps namespaces secrets serviceaccounts',
    'update | "" | secrets serviceaccounts',
    ...delegation,
    'list watch | * | *',
    'create | "" | serviceaccounts/token',
  ],
  'system:kube-dns': ['list watch | "" | endpoints services'],
  'system:kube-scheduler': [
    events,
    'create | coordination.k8s.io | leases',
    'get update | coordination.k8s.io | leases | kube-scheduler',
    'r | "" | nodes',
    'delete get list watch | "" | pods',
    'create | "" | bindings pods/binding',
    'patch update | "" | pods/status',
    'r | "" | replicationcontrollers services',
    'r | apps extensions | replicasets',
    'r | apps | statefulsets',
    'r | policy | poddisruptionbudgets',
    'r | "" | persistentvolumeclaims persistentvolumes',
    ...delegation,
    'r | storage.k8s.io | csinodes',
    'r | "" | namespaces',
    'r | storage.k8s.io | csidrivers',
    'r | storage.k8s.io | csistoragecapacities',
  ],
  'system:kubelet-api-admin': [
    'r | "" | nodes',
    'proxy | "" | nodes',
    '* | "" | nodes/log nodes/metrics nodes/proxy nodes/stats',
  ],
  'system:monitoring': ['get | /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'],
  'system:node': [
    'create | authentication.k8s.io | tokenreviews',
    'create | authorization.k8s.io | localsubjectaccessreviews subjectaccessreviews',
    'r | "" | services',
    'create get list watch | "" | nodes',
    'patch update | "" | nodes/status',
    'patch update | "" | nodes',
    'create patch update | "" | events',
    'r | "" | pods',
    'create delete | "" | pods',
    'patch update | "" | pods/status',
    'create | "" | pods/eviction',
    'r | "" | configmaps secrets',
    'get | "" | persistentvolumeclaims persistentvolumes',
    'get | "" | endpoints',
    'create get list watch | certificates.k8s.io | certificatesigningrequests',
    'create delete get patch update | coordination.k8s.io | leases',
    'get | storage.k8s.io | volumeattachments',
    'create | "" | serviceaccounts/token',
    'get patch update | "" | persistentvolumeclaims/status',
    'r | storage.k8s.io | csidrivers',
    'create delete get patch update | storage.k8s.io | csinodes',
    'r | node.k8s.io | runtimeclasses',
  ],
  'system:node-bootstrapper': ['create get list watch | certificates.k8s.io | certificatesigningrequests'],
  'system:node-problem-detector': ['get | "" | nodes', 'patch | "" | nodes/status', events],
  'system:node-proxier': [
    'list watch | "" | endpoints services',
    'r | "" | nodes',
    events,
    'list watch | discovery.k8s.io | endpointslices',
  ],
  'system:persistent-volume-provisioner': [
    'create delete get list watch | "" | persistentvolumes',
    'get list update watch | "" | persistentvolumeclaims',
    'r | storage.k8s.io | storageclasses',
    'watch | "" | events',
    events,
  ],
  'system:public-info-viewer': ['get | /healthz /livez /readyz /version /version/'],
  'system:service-account-issuer-discovery': ['get | /.well-known/openid-configuration /openid/v1/jwks'],
  'system:volume-scheduler': [
    'get list patch update watch | "" | persistentvolumes',
    'r | storage.k8s.io | storageclasses',
    'get list patch update watch | "" | persistentvolumeclaims',
  ],
}

/** Role → subjects: `user:…` or `group:…`. */
const bindings: Record<string, string[]> = {
  'cluster-admin': ['group:system:masters'],
  'system:basic-user': ['group:system:authenticated'],
  'system:discovery': ['group:system:authenticated'],
  'system:kube-controller-manager': ['user:system:kube-controller-manager'],
  'system:kube-dns': ['serviceaccount:kube-system:kube-dns'],
  'system:kube-scheduler': ['user:system:kube-scheduler'],
  'system:monitoring': ['group:system:monitoring'],
  'system:node': [],
  'system:node-proxier': ['user:system:kube-proxy'],
  'system:public-info-viewer': ['group:system:authenticated', 'group:system:unauthenticated'],
  'system:service-account-issuer-discovery': ['group:system:serviceaccounts'],
  'system:volume-scheduler': ['user:system:kube-scheduler'],
}

const metadata = (name: string, labels: Record<string, string> = {}) => ({
  name,
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
})

const aggregateTo = (name: string): Record<string, string> => ({
  [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true',
})

const clusterRole = (name: string, lines: readonly string[], labels = {}, more = {}): KubeObject => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: metadata(name, labels),
  ...more,
  rules: lines.map(parseRule),
})

const subject = (text: string) => {
  const [kind = '', ...rest] = text.split(':')
  if (kind === 'serviceaccount') return { kind: 'ServiceAccount', namespace: rest[0], name: rest[1] }
  return { kind: kind === 'user' ? 'User' : 'Group', apiGroup: group, name: rest.join(':') }
}

/** The rules that are drawn together from the roles of those levels are filled in already. */
const levels: [
  name: 'admin' | 'edit' | 'view',
  goesInto: 'admin' | 'edit' | undefined,
  from: ('admin' | 'edit' | 'view')[],
][] = [
  ['admin', undefined, ['edit', 'view', 'admin']],
  ['edit', 'admin', ['edit', 'view']],
  ['view', 'edit', ['view']],
]

/** Roles, then bindings. */
export const bootstrapPolicy = (): KubeObject[] => [
  ...levels.flatMap(([name, goesInto, from]) => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] }
    return [
      clusterRole(`system:aggregate-to-${name}`, aggregated[name], aggregateTo(name)),
      clusterRole(
        name,
        from.flatMap((level) => aggregated[level]),
        goesInto ? aggregateTo(goesInto) : {},
        { aggregationRule },
      ),
    ]
  }),
  ...Object.entries(plainRoles).map(([name, lines]) => clusterRole(name, lines)),
  ...Object.entries(bindings).map(([name, subjects]) => ({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
    ...(subjects.length > 0 ? { subjects: subjects.map(subject) } : {}),
  })),
]
