/** linkerd-policy-validator: linkerd2 policy-controller/runtime/src/admission.rs and its tests (policy-test/tests/admit_*.rs). */
import { describe, expect, test } from 'vitest'
import { validate } from '../../../src/meshes/linkerd/validate.ts'
import { expand } from './world.ts'

const tls = (name: string) => ({ group: 'policy.linkerd.io', kind: 'MeshTLSAuthentication', name })
const server = { group: 'policy.linkerd.io', kind: 'Server', name: 'api' }
const egress = { group: 'policy.linkerd.io', kind: 'EgressNetwork', name: 'out' }
const redirectTo = (path: unknown) => ({ filters: [{ type: 'RequestRedirect', requestRedirect: { path } }] })
const policy = (targetRef: unknown, ...requiredAuthenticationRefs: unknown[]) => ({
  targetRef,
  requiredAuthenticationRefs,
})

const rows: [is: string, spec: Record<string, unknown>, message: string | undefined][] = [
  ['Server', { podSelector: {}, port: 80, accessPolicy: 'audit' }, undefined],
  [
    'Server',
    { podSelector: {}, port: 80, accessPolicy: 'strict' },
    `Invalid 'accessPolicy' field: invalid mode: "strict"`,
  ],
  ['AuthorizationPolicy', policy(server, tls('a')), undefined],
  ['AuthorizationPolicy', policy(server, tls('a'), tls('b')), 'only a single MeshTLSAuthentication may be set'],
  [
    'AuthorizationPolicy',
    policy(server, tls('a'), { kind: 'ServiceAccount', name: 'a' }),
    'a MeshTLSAuthentication and ServiceAccount may not be set together',
  ],
  ['AuthorizationPolicy', policy({ kind: 'Namespace', name: 'staging' }), 'cannot target another namespace: staging'],
  ['AuthorizationPolicy', policy({ kind: 'Namespace', name: 'production' }), undefined],
  [
    'AuthorizationPolicy',
    policy({ group: 'apps', kind: 'Deployment', name: 'x' }),
    'unsupported authorization target type: Deployment.apps',
  ],
  ['AuthorizationPolicy', policy(server, { kind: 'Secret', name: 'x' }), 'unsupported authentication kind(s): Secret'],
  [
    'MeshTLSAuthentication',
    { identityRefs: [{ kind: 'Namespace', name: 'a', namespace: 'b' }] },
    'Namespace identity_ref is cluster-scoped and cannot have a namespace',
  ],
  ['NetworkAuthentication', { networks: [] }, 'at least one network must be specified'],
  [
    'NetworkAuthentication',
    { networks: [{ cidr: '10.0.0.0/16', except: ['10.0.0.0/8'] }] },
    "cidr '10.0.0.0/16' is completely negated by exception '10.0.0.0/8'",
  ],
  [
    'NetworkAuthentication',
    { networks: [{ cidr: '10.0.0.0/16', except: ['10.1.0.0/24'] }] },
    "cidr '10.0.0.0/16' does not include exception '10.1.0.0/24'",
  ],
  [
    'ServerAuthorization',
    { server: { name: 'a' }, client: { unauthenticated: true, meshTLS: {} } },
    '`unauthenticated` must be false if `mesh_tls` is specified',
  ],
  [
    'HTTPLocalRateLimitPolicy',
    { targetRef: server, total: { requestsPerSecond: 1 }, identity: { requestsPerSecond: 2 } },
    'identity.requestsPerSecond must be less than or equal to total.requestsPerSecond',
  ],
  [
    'HTTPRoute',
    { rules: [{ matches: [{ path: { value: 'orders' } }] }] },
    'HttpPathMatch paths must be absolute (begin with `/`); "orders" is not an absolute path',
  ],
  ['HTTPRoute', { parentRefs: [egress], rules: [{}] }, 'cannot target an EgressNetwork without specifying a port'],
  ['HTTPRoute', { parentRefs: [{ ...egress, port: 443 }], rules: [{}] }, undefined],
  [
    'HTTPRoute',
    { rules: [redirectTo({ type: 'ReplaceFullPath', replaceFullPath: 'new' })] },
    `RequestRedirect filters may only contain absolute paths (starting with '/'); "new" is not an absolute path`,
  ],
  [
    'GatewayHTTPRoute',
    { rules: [redirectTo({ type: 'ReplacePrefixMatch', replacePrefixMatch: 'new' })] },
    `RequestRedirect filters may only contain absolute paths (starting with '/'); "new" is not an absolute path`,
  ],
  [
    'HTTPRoute',
    { rules: [{ timeouts: { request: '1s', backendRequest: '1500ms' } }] },
    'backendRequest timeout (1500ms) must not be greater than request timeout (1s)',
  ],
  ['HTTPRoute', { rules: [{ timeouts: { request: '1m', backendRequest: '59s' } }] }, undefined],
  [
    'GatewayHTTPRoute',
    { rules: [{ backendRefs: [{ name: 'orders' }] }] },
    'invalid backendRef: cannot reference a Service without a port',
  ],
  ['GatewayHTTPRoute', { rules: [{ backendRefs: [{ name: 'orders', port: 80 }] }] }, undefined],
  ['GatewayHTTPRoute', { rules: [{ backendRefs: [{ group: 'x.io', kind: 'Other', name: 'o' }] }] }, undefined],
  ['GatewayHTTPRoute', { rules: [{ filters: [{ type: 'URLRewrite', urlRewrite: {} }] }] }, undefined],
  ['GRPCRoute', { parentRefs: [egress] }, 'cannot target an EgressNetwork without specifying a port'],
  ['TLSRoute', { parentRefs: [{ ...egress, port: 443 }], rules: [{}, {}] }, 'TlsRoute supports a single rule only'],
  ['TCPRoute', { parentRefs: [{ ...egress, port: 443 }], rules: [{}] }, undefined],
  [
    'ExternalWorkload',
    { meshTLS: { identity: 'spiffe://root.linkerd.cluster.local/vm', serverName: 'vm.cluster.local' } },
    'meshdojo does not model machines outside the cluster: an ExternalWorkload would have no effect here',
  ],
]

describe('the policy validator', () => {
  test.each(rows)('%s %j', (kind, spec, message) => {
    const object = expand({ is: `${kind} production/api`, spec })
    const answer = validate({ operation: 'CREATE', object })
    expect(answer.allowed ? undefined : answer.message).toBe(message)
    expect(validate({ operation: 'DELETE', object }).allowed).toBe(true)
  })
})
