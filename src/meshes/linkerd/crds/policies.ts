/** The CRDs of AuthorizationPolicy, its authentications, rate limits and EgressNetwork. The words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { choice, doc, list, object, type Schema, text } from '../../schema.ts'
import { anyStatus, crd, groupName, kindName, networks, objectName, spaceName } from './definition.ts'

const group = 'policy.linkerd.io'
const target = (description: string): Schema =>
  doc(description, object({ group: groupName, kind: kindName, name: objectName }, { required: ['kind', 'name'] }))
const reference = object(
  { group: groupName, kind: kindName, name: objectName, namespace: spaceName },
  { required: ['kind', 'name'] },
)

export const authorizationPolicy = (): KubeObject =>
  crd({
    group,
    kind: 'AuthorizationPolicy',
    plural: 'authorizationpolicies',
    shortNames: ['authzpolicy'],
    storage: 'v1alpha1',
    versions: [
      {
        name: 'v1alpha1',
        spec: doc(
          'Admits clients to a Server, to a route on one, or to every Server of its namespace.',
          object(
            {
              targetRef: target('A Server, HTTPRoute or GRPCRoute of this namespace, or the namespace itself.'),
              requiredAuthenticationRefs: doc(
                'What a client must fulfil, all of it. Empty: every client. A reference to something that does not exist makes the policy void.',
                list(reference),
              ),
            },
            { required: ['targetRef', 'requiredAuthenticationRefs'] },
          ),
        ),
      },
    ],
  })

export const meshTLSAuthentication = (): KubeObject =>
  crd({
    group,
    kind: 'MeshTLSAuthentication',
    plural: 'meshtlsauthentications',
    shortNames: ['meshtlsauthn'],
    storage: 'v1alpha1',
    versions: [
      {
        name: 'v1alpha1',
        spec: doc(
          'Identities of which a client has to have one, by mTLS.',
          object(
            {
              identities: doc(
                'Identities as certificates carry them; * is any, *.x any below x.',
                list(text, { minItems: 1 }),
              ),
              identityRefs: doc(
                'ServiceAccounts, or Namespaces for all of their ServiceAccounts.',
                list(
                  object(
                    { group: groupName, kind: kindName, name: objectName, namespace: spaceName },
                    { required: ['kind'] },
                  ),
                  { minItems: 1 },
                ),
              ),
            },
            { oneOf: [{ required: ['identities'] }, { required: ['identityRefs'] }] },
          ),
        ),
      },
    ],
  })

export const networkAuthentication = (): KubeObject =>
  crd({
    group,
    kind: 'NetworkAuthentication',
    plural: 'networkauthentications',
    shortNames: ['netauthn', 'networkauthn'],
    storage: 'v1alpha1',
    versions: [
      {
        name: 'v1alpha1',
        spec: doc('Addresses of which a client has to have one.', object({ networks }, { required: ['networks'] })),
      },
    ],
  })

const rate: Schema = { type: 'integer', format: 'int64' }
const limit = (description: string): Schema =>
  doc(description, object({ requestsPerSecond: rate }, { required: ['requestsPerSecond'] }))

export const httpLocalRateLimitPolicy = (): KubeObject =>
  crd({
    group,
    kind: 'HTTPLocalRateLimitPolicy',
    plural: 'httplocalratelimitpolicies',
    storage: 'v1alpha1',
    versions: [
      {
        name: 'v1alpha1',
        status: anyStatus,
        spec: object(
          {
            targetRef: target('The Server that is protected; each pod behind it counts for itself.'),
            total: limit('For all clients together.'),
            identity: limit('For each identity; clients without one share a limit.'),
            overrides: doc(
              'Other limits for single clients.',
              list(
                object(
                  { requestsPerSecond: rate, clientRefs: list(reference) },
                  { required: ['requestsPerSecond', 'clientRefs'] },
                ),
              ),
            ),
          },
          { required: ['targetRef'] },
        ),
        columns: [
          ['Target_kind', 'string', '.spec.targetRef.kind', 'The resource kind to which the rate-limit applies'],
          ['Target_name', 'string', '.spec.targetRef.name', 'The resource name to which the rate-limit applies'],
          ['Total_RPS', 'integer', '.spec.total.requestsPerSecond', 'The overall rate-limit'],
          ['Identity_RPS', 'integer', '.spec.identity.requestsPerSecond', 'The rate-limit per identity'],
        ],
      },
    ],
  })

export const egressNetwork = (): KubeObject =>
  crd({
    group,
    kind: 'EgressNetwork',
    plural: 'egressnetworks',
    storage: 'v1alpha1',
    versions: [
      {
        name: 'v1alpha1',
        status: anyStatus,
        spec: object(
          {
            networks: doc('Addresses outside that it is for; absent: everything outside the cluster.', networks),
            trafficPolicy: doc('What happens to traffic that no route takes.', choice('Allow', 'Deny')),
          },
          { required: ['trafficPolicy'] },
        ),
      },
    ],
  })
