/**
 * The webhooks' configurations, and who answers for them. Data only: the webhooks themselves are `validate` and `inject`.
 * Upstream: charts/linkerd-control-plane/templates/{proxy-injector,destination}-rbac.yaml.
 */
import type { KubeObject } from '../../kube/api.ts'
import { labels } from './control-plane.ts'
import { controlPlane as namespace } from './pods.ts'

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

export const webhooks: KubeObject[] = [
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

/** Whose certificate each configuration trusts. */
export const webhookServers = [
  ['proxy-injector', 'mutatingwebhookconfigurations'],
  ['sp-validator', 'validatingwebhookconfigurations'],
  ['policy-validator', 'validatingwebhookconfigurations'],
].map(([name, resource = '']) => ({
  secret: `linkerd-${name}-k8s-tls`,
  host: `linkerd-${name}.${namespace}.svc`,
  configuration: { resource, name: `linkerd-${name}-webhook-config` },
}))
