/**
 * What `linkerd install` leaves behind, without CRDs, Secrets, most of its RBAC and the heartbeat CronJob; of linkerd-viz the
 * namespace alone, because the simulated `linkerd viz` asks the proxies itself. The webhook
 * configurations are data only: the webhooks themselves are `validate` and `inject`.
 * Not as upstream: the anchors of the control plane's own proxies are no variable of theirs.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { clusterCidrs } from './authorization.ts'
import { initContainer, proxy, volumes } from './injection.ts'
import { controlPlane as namespace, trustDomain } from './pods.ts'
import { linkerdVersion } from './version.ts'

const labels = (component: string) => ({
  'app.kubernetes.io/name': component,
  'app.kubernetes.io/part-of': 'Linkerd',
  'app.kubernetes.io/version': linkerdVersion,
  'linkerd.io/control-plane-component': component.replace('linkerd-', ''),
  'linkerd.io/control-plane-ns': namespace,
})

interface Part {
  name: string
  containers: { name: string; command: string; ports: [name: string, port: number][] }[]
}

const parts: Part[] = [
  {
    name: 'linkerd-destination',
    containers: [
      {
        name: 'destination',
        command: 'destination',
        ports: [
          ['dest-grpc', 8086],
          ['dest-admin', 9996],
        ],
      },
      {
        name: 'sp-validator',
        command: 'sp-validator',
        ports: [
          ['sp-validator', 8443],
          ['spval-admin', 9997],
        ],
      },
      {
        name: 'policy',
        command: 'policy',
        ports: [
          ['policy-grpc', 8090],
          ['policy-admin', 9990],
          ['policy-https', 9443],
        ],
      },
    ],
  },
  {
    name: 'linkerd-identity',
    containers: [
      {
        name: 'identity',
        command: 'identity',
        ports: [
          ['ident-grpc', 8080],
          ['ident-admin', 9990],
        ],
      },
    ],
  },
  {
    name: 'linkerd-proxy-injector',
    containers: [
      {
        name: 'proxy-injector',
        command: 'proxy-injector',
        ports: [
          ['proxy-injector', 8443],
          ['injector-admin', 9995],
        ],
      },
    ],
  },
]

/** The control plane is never injected: its manifests bring the proxies (templates/destination.yaml, partials.proxy). */
const withProxy = (template: Pick<Pod, 'spec'> & { metadata: Omit<Pod['metadata'], 'name'> }) => {
  const pod = { apiVersion: 'v1', kind: 'Pod', ...template } as Pod
  return { ...template, spec: { ...template.spec, initContainers: [initContainer(pod), proxy(pod)], volumes } }
}

const deployment = ({ name, containers }: Part): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, labels: labels(name) },
  spec: {
    selector: { matchLabels: { 'linkerd.io/control-plane-component': name.replace('linkerd-', '') } },
    template: withProxy({
      metadata: {
        labels: { ...labels(name), 'linkerd.io/workload-ns': namespace, 'linkerd.io/proxy-deployment': name },
        annotations: {
          'linkerd.io/created-by': `linkerd/cli ${linkerdVersion}`,
          'linkerd.io/proxy-version': linkerdVersion,
          'config.linkerd.io/default-inbound-policy': 'all-unauthenticated',
        },
      },
      spec: {
        serviceAccountName: name,
        containers: containers.map((each) => ({
          name: each.name,
          image: `cr.l5d.io/linkerd/controller:${linkerdVersion}`,
          args: [each.command, `-controller-namespace=${namespace}`, `-identity-trust-domain=${trustDomain}`],
          ports: each.ports.map(([port, containerPort]) => ({ name: port, containerPort, protocol: 'TCP' })),
          readinessProbe: {
            httpGet: { path: '/ready', port: each.ports.find(([port]) => port.endsWith('-admin'))?.[1] },
          },
        })),
      },
    }),
  },
})

const service = (
  name: string,
  component: string,
  port: number,
  targetPort: number | string,
  headless = false,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: labels(component) },
  spec: {
    ...(headless ? { clusterIP: 'None' } : {}),
    selector: { 'linkerd.io/control-plane-component': component.replace('linkerd-', '') },
    ports: [{ name: 'grpc', port, targetPort, protocol: 'TCP' }],
  },
})

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

const skipped = {
  matchExpressions: [
    { key: 'config.linkerd.io/admission-webhooks', operator: 'NotIn', values: ['disabled'] },
    { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'cert-manager'] },
  ],
}

const unlessDisabled = { matchExpressions: skipped.matchExpressions.slice(0, 1) }

const webhook = (name: string, service: string, path: string, more: Record<string, unknown>) => ({
  name,
  admissionReviewVersions: ['v1', 'v1beta1'],
  clientConfig: { service: { name: service, namespace, path, port: 443 } },
  failurePolicy: 'Ignore',
  sideEffects: 'None',
  timeoutSeconds: 10,
  ...more,
})

const webhooks: KubeObject[] = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'linkerd-proxy-injector-webhook-config', labels: labels('linkerd-proxy-injector') },
    webhooks: [
      webhook('linkerd-proxy-injector.linkerd.io', 'linkerd-proxy-injector', '/', {
        namespaceSelector: skipped,
        objectSelector: {
          matchExpressions: [
            { key: 'linkerd.io/control-plane-component', operator: 'DoesNotExist' },
            { key: 'linkerd.io/cni-resource', operator: 'DoesNotExist' },
          ],
        },
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            resources: ['pods', 'services'],
            scope: 'Namespaced',
          },
        ],
      }),
    ],
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'linkerd-sp-validator-webhook-config', labels: labels('linkerd-destination') },
    webhooks: [
      webhook('linkerd-sp-validator.linkerd.io', 'linkerd-sp-validator', '/', {
        namespaceSelector: unlessDisabled,
        rules: [
          {
            apiGroups: ['linkerd.io'],
            apiVersions: ['v1alpha1', 'v1alpha2'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['serviceprofiles'],
          },
        ],
      }),
    ],
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'linkerd-policy-validator-webhook-config', labels: labels('linkerd-destination') },
    webhooks: [
      webhook('linkerd-policy-validator.linkerd.io', 'linkerd-policy-validator', '/', {
        namespaceSelector: unlessDisabled,
        rules: [
          {
            apiGroups: ['policy.linkerd.io'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: [
              'authorizationpolicies',
              'httplocalratelimitpolicies',
              'httproutes',
              'networkauthentications',
              'meshtlsauthentications',
              'serverauthorizations',
              'servers',
              'egressnetworks',
            ],
          },
          {
            apiGroups: ['gateway.networking.k8s.io'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['httproutes', 'grpcroutes', 'tlsroutes', 'tcproutes'],
          },
        ],
      }),
    ],
  },
]

/** Who answers for the webhooks (charts/linkerd-control-plane/templates/{proxy-injector,destination}-rbac.yaml). */
export const webhookServers = [
  ['proxy-injector', 'mutatingwebhookconfigurations'],
  ['sp-validator', 'validatingwebhookconfigurations'],
  ['policy-validator', 'validatingwebhookconfigurations'],
].map(([name, resource = '']) => ({
  secret: `linkerd-${name}-k8s-tls`,
  host: `linkerd-${name}.${namespace}.svc`,
  configuration: { resource, name: `linkerd-${name}-webhook-config` },
}))

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
  ...[...parts.map(({ name }) => name), 'linkerd-heartbeat'].map((name) => ({
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
  service('linkerd-dst', 'linkerd-destination', 8086, 8086),
  service('linkerd-dst-headless', 'linkerd-destination', 8086, 8086, true),
  service('linkerd-policy', 'linkerd-destination', 8090, 8090, true),
  service('linkerd-policy-validator', 'linkerd-destination', 443, 'policy-https'),
  service('linkerd-sp-validator', 'linkerd-destination', 443, 'sp-validator'),
  service('linkerd-identity', 'linkerd-identity', 8080, 8080),
  service('linkerd-identity-headless', 'linkerd-identity', 8080, 8080, true),
  service('linkerd-proxy-injector', 'linkerd-proxy-injector', 443, 'proxy-injector'),
  ...parts.map(deployment),
  ...webhooks,
]
