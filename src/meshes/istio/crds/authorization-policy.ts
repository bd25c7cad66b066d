/** The CRD of AuthorizationPolicy. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { atMostOne, checked, choice, doc, list, object, string, text } from './schema.ts'
import { oneTarget, selector, targetRef, targetRefs } from './shared.ts'

export const authorizationPolicy = (): KubeObject =>
  crd({
    group: 'security.istio.io',
    kind: 'AuthorizationPolicy',
    plural: 'authorizationpolicies',
    shortNames: ['ap'],
    versions: ['v1', 'v1beta1'],
    storage: 'v1',
    describes:
      'Says which requests to workloads are allowed or denied. As soon as one ALLOW policy selects a workload, what no ALLOW rule matches is denied; a DENY rule that matches always wins.',
    columns: [
      ['Action', 'string', '.spec.action', 'What a matching rule does.'],
      ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.'],
    ],
    spec: doc(
      'Which workloads, which action, and the rules. An empty spec is an ALLOW policy without rules: it denies everything.',
      checked(
        atMostOne(
          object({
            action: doc(
              'What a matching rule does. ALLOW is the default; DENY is asked before it and AUDIT only marks requests; CUSTOM asks an external authorizer first of all.',
              choice('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'),
            ),
            provider: doc(
              'The external authorizer of a CUSTOM policy.',
              object({ name: doc('Its name under extensionProviders in the mesh config.', text) }),
            ),
            rules: doc(
              'The policy matches when one of these does. None: it never matches.',
              list(
                object({
                  from: doc(
                    'Who asks: one entry must match. Absent: anybody.',
                    list(
                      object({
                        source: doc(
                          'All fields given must match.',
                          checked(
                            object({
                              ipBlocks: doc('Addresses or CIDR ranges of the connection itself.', list(text)),
                              namespaces: doc(
                                'Namespaces of callers, taken from their certificates; a * may stand anywhere. Matches over mTLS only.',
                                list(text),
                              ),
                              notIpBlocks: doc('None of these addresses.', list(text)),
                              notNamespaces: doc(
                                'None of these namespaces; true of every caller without a certificate.',
                                list(text),
                              ),
                              notPrincipals: doc(
                                'None of these identities; true of every caller without a certificate.',
                                list(text),
                              ),
                              notRemoteIpBlocks: doc('None of these original client addresses.', list(text)),
                              notRequestPrincipals: doc(
                                'None of these token identities; true of every request without a token.',
                                list(text),
                              ),
                              notServiceAccounts: doc(
                                'None of these service accounts; true of every caller without a certificate.',
                                list(string({ maxLength: 320 }), { maxItems: 16 }),
                              ),
                              notTrustDomains: doc('None of these trust domains.', list(text)),
                              principals: doc(
                                'Identities of callers, as cluster.local/ns/NAMESPACE/sa/ACCOUNT; a * may stand first or last. Matches over mTLS only.',
                                list(text),
                              ),
                              remoteIpBlocks: doc(
                                'Addresses or CIDR ranges of the original client as X-Forwarded-For has it, which a caller can forge.',
                                list(text),
                              ),
                              requestPrincipals: doc(
                                'Issuer/subject of a validated token; * means any valid token. HTTP only.',
                                list(text),
                              ),
                              serviceAccounts: doc(
                                "Service accounts of callers, as NAMESPACE/NAME or as NAME in the policy's own namespace. Not together with principals or namespaces.",
                                list(string({ maxLength: 320 }), { maxItems: 16 }),
                              ),
                              trustDomains: doc("Trust domains of callers' identities.", list(text)),
                            }),
                            [
                              'Cannot set serviceAccounts with namespaces or principals',
                              '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) &&\n!has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true',
                            ],
                          ),
                        ),
                      }),
                      { maxItems: 512 },
                    ),
                  ),
                  to: doc(
                    'What is asked for: one entry must match. Absent: anything.',
                    list(
                      object({
                        operation: doc(
                          'All fields given must match.',
                          object({
                            hosts: doc(
                              'The Host header as it was sent, port included; case does not matter. HTTP only.',
                              list(text),
                            ),
                            methods: doc('HTTP methods; case matters. HTTP only.', list(text)),
                            notHosts: doc('None of these hosts. HTTP only.', list(text)),
                            notMethods: doc('None of these methods. HTTP only.', list(text)),
                            notPaths: doc('None of these paths. HTTP only.', list(text)),
                            notPorts: doc('None of these ports.', list(text)),
                            paths: doc(
                              'Paths without their query: exact, a prefix that ends in *, a suffix that begins with *, or with the templates {*} (one segment) and {**} (any rest). HTTP only.',
                              list(text),
                            ),
                            ports: doc("The container's port numbers, as text.", list(text)),
                          }),
                        ),
                      }),
                    ),
                  ),
                  when: doc(
                    'Further conditions, all of which must hold.',
                    list(
                      object(
                        {
                          key: doc(
                            'What is looked at: source.ip, source.namespace, source.principal, destination.port, connection.sni, request.headers[NAME], request.auth.claims[NAME] and others.',
                            text,
                          ),
                          notValues: doc('None of these values may match.', list(text)),
                          values: doc('One of these values must match.', list(text)),
                        },
                        { required: ['key'] },
                      ),
                    ),
                  ),
                }),
                { maxItems: 512 },
              ),
            ),
            selector: doc(
              'The workloads that this is for. Absent: the whole namespace, or the whole mesh when the object is in the root namespace (istio-system).',
              selector,
            ),
            targetRef: doc(
              'One Gateway, Service or the like that this is for. Sidecars ignore such a policy.',
              targetRef,
            ),
            targetRefs: doc(
              'The Gateways, Services or the like that this is for. Sidecars ignore such a policy.',
              targetRefs,
            ),
          }),
          ['provider'],
        ),
        oneTarget,
      ),
    ),
  })
