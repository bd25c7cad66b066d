import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linkerd } from '../../../src/meshes/linkerd/index.ts'
import { expected } from './oracle.ts'
import { expand, makeCall, type Short, worldWith } from './world.ts'

const group = 'policy.linkerd.io'
const modes = fc.constantFrom(
  undefined,
  'deny',
  'all-authenticated',
  'all-unauthenticated',
  'cluster-authenticated',
  'cluster-unauthenticated',
  'audit',
)
const age = fc.integer({ min: 0, max: 2 })
const unique = <T>(one: fc.Arbitrary<T>, key: (item: T) => string) =>
  fc.uniqueArray(one, { selector: key, maxLength: 3 })

const servers = unique(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    age,
    port: fc.constantFrom<string | number>(8080, 'web', 80, 9001),
    podSelector: fc.constantFrom({}, { matchLabels: { app: 'api' } }, { matchLabels: { app: 'other' } }),
    accessPolicy: modes,
  }),
  ({ name }) => name,
)
const routes = unique(
  fc.record({
    name: fc.constantFrom('r', 's'),
    age,
    parent: fc.constantFrom('a', 'b'),
    paths: fc.uniqueArray(fc.constantFrom('/', '/x', '/x/y', '/ready'), { minLength: 1, maxLength: 2 }),
  }),
  ({ name }) => name,
)
const refs = fc.subarray(
  [
    { kind: 'ServiceAccount', name: 'frontend' },
    { group, kind: 'NetworkAuthentication', name: 'near' },
  ],
  { minLength: 0 },
)
const identities = fc.constantFrom(
  [{ group, kind: 'MeshTLSAuthentication', name: 'who' }],
  [{ group, kind: 'MeshTLSAuthentication', name: 'who', namespace: 'staging' }],
  [{ kind: 'ServiceAccount', name: 'client', namespace: 'staging' }],
)
const policies = unique(
  fc.record({
    name: fc.constantFrom('p', 'q', 't'),
    target: fc.constantFrom(
      { group, kind: 'Server', name: 'a' },
      { group, kind: 'Server', name: 'b' },
      { group, kind: 'HTTPRoute', name: 'r' },
      { kind: 'Namespace', name: 'production' },
    ),
    refs: fc.oneof(refs, identities),
  }),
  ({ name }) => name,
)
const who = fc.constantFrom(
  ['*'],
  ['*.staging.serviceaccount.identity.linkerd.cluster.local'],
  ['frontend.production.serviceaccount.identity.linkerd.cluster.local'],
)

const worlds = fc.record({ servers, routes, policies, who, near: fc.boolean(), mode: modes }).map((given): Short[] => [
  ...(given.mode === undefined
    ? []
    : [{ is: 'Pod production/api', annotations: { 'config.linkerd.io/default-inbound-policy': given.mode } }]),
  ...given.servers.map(({ name, age: at, accessPolicy, ...spec }) => ({
    is: `Server production/${name}`,
    age: at,
    spec: { ...spec, ...(accessPolicy === undefined ? {} : { accessPolicy }) },
  })),
  ...given.routes.map(({ name, age: at, parent, paths }) => ({
    is: `HTTPRoute production/${name}`,
    age: at,
    spec: {
      parentRefs: [{ group, kind: 'Server', name: parent }],
      rules: paths.map((value) => ({ matches: [{ path: { type: 'PathPrefix', value } }] })),
    },
  })),
  ...given.policies.map((each) => ({
    is: `AuthorizationPolicy production/${each.name}`,
    spec: { targetRef: each.target, requiredAuthenticationRefs: each.refs },
  })),
  { is: 'MeshTLSAuthentication production/who', spec: { identities: given.who } },
  ...(given.near
    ? [{ is: 'NetworkAuthentication production/near', spec: { networks: [{ cidr: '10.1.0.0/24' }] } }]
    : []),
])

const asks = fc.record({
  from: fc.constantFrom('production/frontend', 'staging/client', 'legacy/client', 'legacy/far', 'production/plain'),
  to: fc.constantFrom('/', '/x', '/x/y', '/xy', '/ready').map((path) => `http://api.production${path}`),
  method: fc.constantFrom('GET', 'POST'),
})

test('the engine and a literal reading of the reference agree', () => {
  const seen = new Set<number>()
  fc.assert(
    fc.property(worlds, asks, (short, ask) => {
      const world = worldWith(short.map(expand))
      const call = makeCall(world, ask)
      const { outcome, effect, because } = linkerd.decide(linkerd.compile(world).model, call)
      const answer = outcome === 'allow' ? 200 : effect?.kind === 'respond' ? effect.status : outcome
      const wanted = expected(world, call)
      seen.add(wanted)
      expect(answer, because).toBe(wanted)
    }),
    { numRuns: 1500 },
  )
  expect([...seen].sort(), 'all answers came up').toEqual([200, 403, 404])
})
