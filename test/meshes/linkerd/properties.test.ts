import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linkerd } from '../../../src/meshes/linkerd/index.ts'
import { expand, makeCall, type Short, worldWith } from './world.ts'

const target = fc.constantFrom(
  { group: 'policy.linkerd.io', kind: 'Server', name: 'a' },
  { group: 'policy.linkerd.io', kind: 'Server', name: 'b' },
  { group: 'policy.linkerd.io', kind: 'HTTPRoute', name: 'r' },
  { kind: 'Namespace', name: 'production' },
)
const refs = fc.constantFrom<unknown[]>(
  [],
  [{ kind: 'ServiceAccount', name: 'frontend' }],
  [{ kind: 'ServiceAccount', name: 'client', namespace: 'staging' }],
  [{ group: 'policy.linkerd.io', kind: 'MeshTLSAuthentication', name: 'any' }],
)
const server = fc.record({
  name: fc.constantFrom('a', 'b'),
  age: fc.integer({ min: 0, max: 3 }),
  port: fc.constantFrom<string | number>(8080, 'web', 5432),
  accessPolicy: fc.constantFrom('deny', 'all-unauthenticated', 'all-authenticated', 'cluster-authenticated'),
})
const policy = fc.record({ name: fc.constantFrom('p', 'q', 's'), target, refs })

const byName = <T extends { name: string }>(items: T[]): T[] => [
  ...new Map(items.map((item) => [item.name, item])).values(),
]

const objects = fc
  .record({ servers: fc.array(server), policies: fc.array(policy), route: fc.boolean(), authentication: fc.boolean() })
  .map(({ servers, policies, route, authentication }): Short[] => [
    ...byName(servers).map(({ name, age, port, accessPolicy }) => ({
      is: `Server production/${name}`,
      age,
      spec: { podSelector: {}, port, accessPolicy },
    })),
    ...byName(policies).map((each) => ({
      is: `AuthorizationPolicy production/${each.name}`,
      spec: { targetRef: each.target, requiredAuthenticationRefs: each.refs },
    })),
    ...(authentication ? [{ is: 'MeshTLSAuthentication production/any', spec: { identities: ['*'] } }] : []),
    ...(route
      ? [
          {
            is: 'HTTPRoute production/r',
            spec: {
              parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'a' }],
              rules: [{ matches: [{ path: { value: '/x' } }] }],
            },
          },
        ]
      : []),
  ])

const asks = fc.record({
  from: fc.constantFrom('production/frontend', 'staging/client', 'legacy/client', 'production/plain'),
  to: fc.constantFrom('http://api.production/x', 'http://api.production/ready', 'tcp://api.production:5432'),
})

const decide = (world: ReturnType<typeof worldWith>, ask: { from: string; to: string }) =>
  linkerd.decide(linkerd.compile(world).model, makeCall(world, ask))

/** What the callers' proxies read. */
const forCallers = fc
  .record({
    networks: fc.uniqueArray(
      fc.record({
        home: fc.constantFrom('production', 'staging', 'linkerd-egress'),
        name: fc.constantFrom('wide', 'narrow'),
        age: fc.integer({ min: 0, max: 2 }),
        trafficPolicy: fc.constantFrom('Allow', 'Deny'),
        networks: fc.constantFrom(undefined, [{ cidr: '203.0.113.0/24' }], [{ cidr: '203.0.113.10/32' }]),
      }),
      { selector: ({ home, name }) => `${home}/${name}` },
    ),
    routes: fc.uniqueArray(
      fc.record({
        home: fc.constantFrom('production', 'staging'),
        name: fc.constantFrom('r1', 'r2'),
        port: fc.constantFrom(undefined, 80, 9000),
      }),
      { selector: ({ home, name }) => `${home}/${name}` },
    ),
    profile: fc.constantFrom(undefined, 'production', 'staging'),
  })
  .map(({ networks, routes, profile }): Short[] => [
    ...networks.map(({ home, name, age, networks: given, trafficPolicy }) => ({
      is: `EgressNetwork ${home}/${name}`,
      age,
      spec: { trafficPolicy, ...(given ? { networks: given } : {}) },
    })),
    ...routes.map(({ home, name, port }) => ({
      is: `HTTPRoute ${home}/${name}`,
      spec: {
        parentRefs: [
          { group: 'core', kind: 'Service', name: 'api', namespace: 'production', ...(port ? { port } : {}) },
        ],
        rules: [{}],
      },
    })),
    ...(profile
      ? [
          {
            is: `ServiceProfile ${profile}/api.production.svc.cluster.local`,
            spec: { routes: [{ name: 'r', condition: {}, timeout: '1s' }] },
          },
        ]
      : []),
  ])
const asksOfCallers = fc.record({
  from: fc.constantFrom('production/frontend', 'staging/client', 'legacy/client', 'production/plain'),
  to: fc.constantFrom('http://api.production/', 'http://example.com/', 'https://example.com/', 'http://httpbin.org/'),
})

describe('Linkerd, whatever callers are told', () => {
  test('the order of objects changes nothing', () => {
    fc.assert(
      fc.property(forCallers, asksOfCallers, (short, ask) => {
        const world = worldWith(short.map(expand))
        expect(decide(world.toReversed(), ask)).toEqual(decide(world, ask))
      }),
    )
  })

  test('a caller without a proxy hears none of it', () => {
    fc.assert(
      fc.property(forCallers, asksOfCallers, (short, ask) => {
        if (ask.from !== 'legacy/client' && ask.from !== 'production/plain') return
        expect(decide(worldWith(short.map(expand)), ask)).toEqual(decide(worldWith([]), ask))
      }),
    )
  })

  test('what is refused or unknown at the caller names what says so, and nothing left', () => {
    fc.assert(
      fc.property(forCallers, asksOfCallers, (short, ask) => {
        const verdict = decide(worldWith(short.map(expand)), ask)
        if (verdict.outcome === 'allow') return
        expect(verdict).toMatchObject({ transport: 'none' })
        const { kind, namespace, name } = verdict.decidedBy!.object
        expect(short.map(({ is }) => is)).toContain(`${kind} ${namespace}/${name}`)
      }),
    )
  })
})

describe('Linkerd, whatever the policies', () => {
  test('the order of objects changes nothing', () => {
    fc.assert(
      fc.property(objects, asks, fc.infiniteStream(fc.nat()), (short, ask, numbers) => {
        const world = worldWith(short.map(expand))
        const shuffled = [...world]
          .map((object) => ({ object, at: numbers.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ object }) => object)
        const calls = makeCall(world, ask)
        expect(linkerd.decide(linkerd.compile(shuffled).model, calls)).toEqual(decide(world, ask))
      }),
    )
  })

  test('one more policy never takes access away', () => {
    fc.assert(
      fc.property(objects, policy, asks, (short, more, ask) => {
        const before = decide(worldWith(short.map(expand)), ask)
        const added = {
          is: 'AuthorizationPolicy production/one-more',
          spec: { targetRef: more.target, requiredAuthenticationRefs: more.refs },
        }
        const after = decide(worldWith([...short, added].map(expand)), ask)
        if (before.outcome === 'allow') expect(after.outcome).toBe('allow')
      }),
    )
  })

  test('an identity is there exactly when the bytes are mTLS', () => {
    fc.assert(
      fc.property(objects, asks, (short, ask) => {
        const { transport, identity } = decide(worldWith(short.map(expand)), ask)
        expect(identity !== undefined).toBe(transport === 'mtls')
      }),
    )
  })

  test('compile and decide take anything', () => {
    const junk = fc.record({
      apiVersion: fc.constant('policy.linkerd.io/v1alpha1'),
      kind: fc.constantFrom(
        'Server',
        'HTTPRoute',
        'AuthorizationPolicy',
        'NetworkAuthentication',
        'ServerAuthorization',
      ),
      metadata: fc.record({ name: fc.string(), namespace: fc.constant('production') }),
      spec: fc.anything(),
    })
    fc.assert(
      fc.property(fc.array(junk), asks, (more, ask) => {
        const world = worldWith([])
        const { model } = linkerd.compile([...world, ...(more as typeof world)])
        expect(linkerd.decide(model, makeCall(world, ask)).because).not.toBe('')
      }),
    )
  })
})
