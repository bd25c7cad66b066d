import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Call, HttpRequest } from '../../../src/meshes/call.ts'
import { explain, summary } from '../../../src/meshes/explain.ts'
import { decideWhole } from '../../../src/meshes/istio/decide.ts'
import { type IstioModel, istio } from '../../../src/meshes/istio/index.ts'
import { plainVerdict, type Verdict } from '../../../src/meshes/verdict.ts'
import { type Ask, expand, makeCall, worldWith } from './world.ts'

const asks: Ask[] = [
  { from: 'production/frontend', to: 'http://orders/api/x' },
  { from: 'production/frontend', to: 'http://api-server/admin', method: 'DELETE' },
  { from: 'staging/client', to: 'http://orders.production/', headers: { authorization: 'Bearer x.y.z' } },
  { from: 'legacy/client', to: 'http://orders.production:9090/api/x' },
  { from: 'legacy/client', to: 'tcp://echo.production:9000' },
  { from: 'production/frontend', to: 'tcp://orders:7000' },
  { from: 'production/frontend', to: 'http://server.legacy/' },
]
const ask = fc.constantFrom(...asks)
const judge = (objects: readonly KubeObject[], which: Ask): Verdict => {
  const world = worldWith(objects)
  return plainVerdict(istio.decide(istio.compile(world).model, makeCall(world, which)))
}

const some = <T>(...values: T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
const sparse = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })
const source = sparse({
  principals: some('*', 'cluster.local/ns/production/sa/frontend', '*/sa/client'),
  notPrincipals: some('cluster.local/ns/staging/*'),
  namespaces: some('production', 'staging', 'leg*'),
  notNamespaces: some('staging'),
  ipBlocks: some('10.1.0.0/16', '10.1.2.1'),
  requestPrincipals: some('*'),
  notRequestPrincipals: some('*'),
})
const operation = sparse({
  methods: some('GET', 'DELETE'),
  notMethods: some('DELETE'),
  paths: some('/api/*', '/admin', '*'),
  ports: some('8080', '9000', '9091'),
  hosts: some('orders*', 'api-server'),
})
const rule = sparse({
  from: fc.array(fc.record({ source }), { minLength: 1, maxLength: 2 }),
  to: fc.array(fc.record({ operation }), { minLength: 1, maxLength: 2 }),
  when: some(
    { key: 'source.namespace', values: ['production'] },
    { key: 'experimental.envoy.filters.x[y]', values: ['z'] },
  ),
})
const selector = fc.option(fc.constantFrom({ matchLabels: { app: 'orders' } }, { matchLabels: { tier: 'backend' } }), {
  nil: undefined,
})
const home = fc.constantFrom('production', 'production', 'istio-system', 'staging')
const policy = fc.record({
  home,
  action: fc.constantFrom('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'),
  selector,
  rules: fc.array(rule, { maxLength: 3 }),
})
const peer = fc.record({ home, selector, mode: fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET') })
const configuration = fc
  .record({ policies: fc.array(policy, { maxLength: 5 }), peers: fc.array(peer, { maxLength: 4 }) })
  .map(({ policies, peers }) => [
    ...policies.map(({ home, ...spec }, i) => expand({ is: `AuthorizationPolicy ${home}/p${i}`, age: i % 3, spec })),
    ...peers.map(({ home, mode, selector }, i) =>
      expand({ is: `PeerAuthentication ${home}/a${i}`, age: i % 2, spec: { selector, mtls: { mode } } }),
    ),
  ])

/** Reads `spec.rules[0].from[1].source` or `metadata.annotations["a.b/c"]`. */
const reach = (object: unknown, path: string): unknown =>
  [...path.matchAll(/\["([^"]+)"\]|\[(\d+)\]|([^.[\]]+)/g)].reduce<unknown>((value, [, quoted, index, name]) => {
    const key = quoted ?? index ?? name ?? ''
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  }, object)

describe('whatever the configuration', () => {
  test('the order of objects does not change the verdict', () => {
    fc.assert(
      fc.property(configuration, ask, fc.infiniteStream(fc.nat()), (objects, which, numbers) => {
        const shuffled = objects.map((object) => ({ object, key: numbers.next().value })).sort((a, b) => a.key - b.key)
        expect(
          judge(
            shuffled.map(({ object }) => object),
            which,
          ),
        ).toEqual(judge(objects, which))
      }),
      { numRuns: 200 },
    )
  })

  test('the order of rules does not change the outcome', () => {
    fc.assert(
      fc.property(configuration, ask, (objects, which) => {
        const reversed = objects.map((object) => {
          const spec = object.spec as { rules?: unknown[] }
          return spec.rules ? { ...object, spec: { ...spec, rules: [...spec.rules].reverse() } } : object
        })
        const [one, other] = [judge(objects, which), judge(reversed, which)]
        expect([other.outcome, other.transport, other.effect]).toEqual([one.outcome, one.transport, one.effect])
      }),
      { numRuns: 200 },
    )
  })

  test('remembering what connections settle changes nothing, whatever was asked and changed before', () => {
    fc.assert(
      fc.property(configuration, configuration, fc.array(ask, { minLength: 1, maxLength: 6 }), (one, other, which) => {
        const others = other.filter((object) => object.kind === 'AuthorizationPolicy')
        const changed = [...one.filter((object) => object.kind !== 'AuthorizationPolicy'), ...others]
        const paths = ['/api/x', '/admin', '/%61dmin//', '/api/%252e%2e/admin']
        const callsIn = (world: KubeObject[]): Call[] =>
          which.flatMap((each) => {
            const call = makeCall(world, each)
            return call.http ? paths.map((path) => ({ ...call, http: { ...call.http, path } as HttpRequest })) : [call]
          })
        const worlds = [one, changed, one].map(worldWith)
        // Copies are strangers to everything that is remembered.
        const wanted = worlds.map((world) => {
          const copy = structuredClone(world)
          const { model } = istio.compile(copy)
          return callsIn(copy).map((call) => plainVerdict(decideWhole(model, call)))
        })
        let model: IstioModel | undefined
        for (const [index, world] of worlds.entries()) {
          const now: IstioModel = istio.compile(world, { last: model }).model
          model = now
          for (let round = 0; round < 2; round++)
            expect(callsIn(world).map((call) => plainVerdict(istio.decide(now, call)))).toEqual(wanted[index])
        }
      }),
      { numRuns: 100 },
    )
  })

  test('a policy of an unrelated namespace changes nothing', () => {
    fc.assert(
      fc.property(configuration, policy, peer, ask, (objects, { home: _home, ...spec }, { mode }, which) => {
        const foreign = [
          expand({ is: 'AuthorizationPolicy elsewhere/p', spec }),
          expand({ is: 'PeerAuthentication elsewhere/p', spec: { mtls: { mode } } }),
        ]
        expect(judge([...objects, ...foreign], which)).toEqual(judge(objects, which))
      }),
      { numRuns: 200 },
    )
  })

  test('deny beats allow', () => {
    const guarded = asks.filter((each) => !each.to.includes('legacy'))
    fc.assert(
      fc.property(configuration, fc.constantFrom(...guarded), (objects, which) => {
        const known = objects.filter((object) => !JSON.stringify(object).includes('CUSTOM'))
        const all = expand({ is: 'AuthorizationPolicy production/zz', age: 9, spec: { action: 'DENY', rules: [{}] } })
        const allow = expand({ is: 'AuthorizationPolicy production/aa', spec: { rules: [{}] } })
        expect(judge([...known, allow, all], which).outcome).toBe('deny')
      }),
      { numRuns: 200 },
    )
  })

  test('a verdict is complete: effect unless unknown, a told reason, evidence that exists', () => {
    fc.assert(
      fc.property(configuration, ask, (objects, which) => {
        const world = worldWith(objects)
        const verdict = istio.decide(istio.compile(world).model, makeCall(world, which))
        expect(verdict.effect === undefined).toBe(verdict.outcome === 'unknown')
        expect(verdict.effect?.kind === 'forward').toBe(verdict.outcome === 'allow')
        expect(verdict.identity !== undefined).toBe(verdict.transport === 'mtls')
        expect(verdict.steps.map((step) => step.says)).toContain(verdict.because)
        expect(explain(verdict)).toHaveLength(verdict.steps.length)
        expect(summary(verdict)).toContain(verdict.because)
        const evidence = [verdict.decidedBy, ...verdict.steps.map((step) => step.evidence)]
        for (const each of evidence) {
          if (each === undefined) continue
          const object = world.find(
            (o) =>
              o.kind === each.object.kind &&
              o.metadata.name === each.object.name &&
              o.metadata.namespace === each.object.namespace,
          )
          expect(object, `${each.object.kind} ${each.object.name}`).toBeDefined()
          if (each.field !== undefined) expect(reach(object, each.field), each.field).toBeDefined()
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('nothing throws on any JSON as spec', () => {
  const kinds =
    'PeerAuthentication AuthorizationPolicy RequestAuthentication DestinationRule VirtualService Sidecar ServiceEntry EnvoyFilter WasmPlugin'.split(
      ' ',
    )
  const names = fc.constantFrom(
    'selector',
    'matchLabels',
    'rules',
    'from',
    'to',
    'source',
    'operation',
    'when',
    'key',
    'values',
    'paths',
    'mtls',
    'mode',
    'portLevelMtls',
    'host',
    'hosts',
    'http',
    'egress',
    'jwtRules',
    'trafficPolicy',
    'tls',
    'exportTo',
    '__proto__',
  )
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, true, 7, '', '*', 'orders', 'STRICT', '10.0.0.0/99'),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie('json')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    ),
  }))
  fc.assert(
    fc.property(fc.constantFrom(...kinds), json, ask, (kind, spec, which) => {
      const object = { ...expand({ is: `${kind} production/any` }), spec }
      expect(['allow', 'deny', 'unknown']).toContain(judge([object], which).outcome)
      istio.validate({ operation: 'CREATE', object })
    }),
    { numRuns: 500 },
  )
})
