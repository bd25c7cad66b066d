/** The CRD of RequestAuthentication. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { checked, choice, doc, duration, flag, list, object, string, text } from './schema.ts'
import { oneTarget, selector, targetRef, targetRefs } from './shared.ts'

const keysUrl = checked(string({ maxLength: 2048, minLength: 1 }), [
  'url must have scheme http:// or https://',
  'url(self).getScheme() in ["http", "https"]',
])

export const requestAuthentication = (): KubeObject =>
  crd({
    group: 'security.istio.io',
    kind: 'RequestAuthentication',
    plural: 'requestauthentications',
    shortNames: ['ra'],
    versions: ['v1', 'v1beta1'],
    storage: 'v1',
    describes:
      'Says which JSON Web Tokens a workload accepts. A request without a token passes; one with an invalid token is answered 401. To require a token takes an AuthorizationPolicy.',
    columns: [],
    spec: doc(
      'Which workloads, and which tokens.',
      checked(
        object({
          jwtRules: doc(
            'One entry per issuer. Every token that a request carries must be valid.',
            list(
              checked(
                object({
                  audiences: doc(
                    'One of these must be in the aud claim; a token for others is answered 403.',
                    list(string({ minLength: 1 })),
                  ),
                  forwardOriginalToken: doc('Leave the token in the request; otherwise it is taken out.', flag),
                  fromCookies: doc('Cookies to look for the token in.', list(string({ minLength: 1 }))),
                  fromHeaders: doc(
                    'Headers to look for the token in. Any location given switches off the default ones (Authorization: Bearer, and the access_token parameter).',
                    list(
                      object(
                        {
                          name: doc('The header.', string({ minLength: 1 })),
                          prefix: doc('Text in front of the token, such as "Bearer ".', text),
                        },
                        { required: ['name'] },
                      ),
                    ),
                  ),
                  fromParams: doc('Query parameters to look for the token in.', list(string({ minLength: 1 }))),
                  issuer: doc('The iss claim that tokens must have.', string({ minLength: 1 })),
                  jwks: doc('The public keys themselves, as a JSON Web Key Set.', text),
                  jwks_uri: doc('Older spelling of jwksUri.', keysUrl),
                  jwksUri: doc('Where to fetch the public keys.', keysUrl),
                  outputClaimToHeaders: doc(
                    'Claims that are copied to request headers.',
                    list(
                      object(
                        {
                          claim: doc('The claim to copy.', string({ minLength: 1 })),
                          header: doc('The header to set.', string({ minLength: 1, pattern: '^[-_A-Za-z0-9]+$' })),
                        },
                        { required: ['header', 'claim'] },
                      ),
                    ),
                  ),
                  outputPayloadToHeader: doc(
                    "A header that carries the token's payload, base64-encoded, to the application.",
                    text,
                  ),
                  presence: doc(
                    'Whether a token must be there. Istio reads the field and does nothing with it yet.',
                    choice('OPTIONAL', 'REQUIRED'),
                  ),
                  spaceDelimitedClaims: doc(
                    'More claims that are split at spaces, as scope and permission are.',
                    list(string({ minLength: 1 }), { maxItems: 64 }),
                  ),
                  timeout: doc('How long to wait for the keys.', duration),
                }),
                [
                  'only one of jwks or jwksUri can be set',
                  '(has(self.jwksUri) ? 1 : 0) + (has(self.jwks_uri) ? 1 : 0) + (has(self.jwks) ? 1 : 0) <= 1',
                ],
              ),
              { maxItems: 4096 },
            ),
          ),
          selector: doc(
            'The workloads that this is for. Absent: the whole namespace, or the whole mesh when the object is in the root namespace.',
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
        oneTarget,
      ),
    ),
  })
