/** Compiled tables against a literal reading of the documents, and what must hold whatever the policies. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Call } from '../../../src/meshes/call.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import type { Verdict } from '../../../src/meshes/verdict.ts'
import { type Answer, judge, type Question } from './oracle.ts'
import { type Ask, expand, makeCall, worldWith } from './world.ts'

const some = <T>(...values: T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
const sparse = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(fields, { requiredKeys: [] }).filter((record) => Object.keys(record).length > 0)

const both = (name: string, values: fc.Arbitrary<string[]>) => ({
  [name]: values,
  [`not${name[0]?.toUpperCase()}${name.slice(1)}`]: values,
})
const source = fc.oneof(
  sparse({
    ...both(
      'principals',
      some('*', 'cluster.local/ns/production/sa/frontend', '*/sa/client', 'cluster.local/ns/staging/*'),
    ),
    ...both('namespaces', some('production', 'staging', 'leg*', '*tion')),
    ...both('ipBlocks', some('10.1.0.0/16', '10.1.2.1', '10.1.0.0/30')),
    ...both('remoteIpBlocks', some('203.0.113.0/24', '10.1.0.0/16')),
    ...both('requestPrincipals', some('*', 'lab/alice', 'lab/*', '*/bob')),
  }),
  sparse({ ...both('serviceAccounts', some('frontend', 'staging/client', 'production/frontend')) }),
)
const operation = sparse({
  ...both('methods', some('GET', 'DELETE', 'P*')),
  ...both('paths', some('/api/*', '/admin', '*', '*/x', '/{*}/x', '/api/{**}', '/api/{*}')),
  ...both('ports', some('8080', '9000', '9091', '7001')),
  ...both('hosts', some('orders*', 'api-server', '*.production', 'ORDERS')),
})
const condition = fc
  .record(
    {
      key: fc.constantFrom(
        'source.namespace',
        'request.headers[x-token]',
        'destination.port',
        'request.auth.claims[group]',
      ),
      values: some('production', 'admin', '8080', 'a*'),
      notValues: some('staging', 'admin', '9000', 'b'),
    },
    { requiredKeys: ['key'] },
  )
  .filter(({ key, values, notValues }) => {
    const isPort = key === 'destination.port'
    const all = [...(values ?? []), ...(notValues ?? [])]
    return all.length > 0 && all.every((value) => /^\d+$/.test(value) === isPort)
  })
const rule = fc.record(
  {
    from: fc.array(fc.record({ source }), { minLength: 1, maxLength: 2 }),
    to: fc.array(fc.record({ operation }), { minLength: 1, maxLength: 2 }),
    when: fc.array(condition, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const selector = fc.constantFrom(
  undefined,
  undefined,
  { matchLabels: { app: 'orders' } },
  { matchLabels: { tier: 'backend' } },
)
const home = fc.constantFrom('production', 'production', 'production', 'istio-system', 'staging')
const policy = fc.record({
  home,
  action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY', 'AUDIT'),
  selector,
  rules: fc.array(rule, { maxLength: 3 }),
})
const mode = fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET')
const peer = fc.record({
  home,
  selector,
  mode,
  port: fc.option(fc.record({ number: fc.constantFrom(8080, 9000, 7001), mode })),
})

type Policy = typeof policy extends fc.Arbitrary<infer T> ? T : never
const asObject = ({ home, ...spec }: Policy, name: string, dryRun = false): KubeObject =>
  expand({
    is: `AuthorizationPolicy ${home}/${name}`,
    spec,
    ...(dryRun ? { annotations: { 'istio.io/dry-run': 'true' } } : {}),
  })

const configuration = fc
  .record({ policies: fc.array(policy, { maxLength: 4 }), peers: fc.array(peer, { maxLength: 3 }) })
  .map(({ policies, peers }) => [
    ...policies.map((each, i) => asObject(each, `p${i}`)),
    ...peers.map(({ home, mode, selector, port }, i) =>
      expand({
        is: `PeerAuthentication ${home}/a${i}`,
        age: i % 2,
        spec: {
          selector,
          mtls: { mode },
          ...(selector && port ? { portLevelMtls: { [port.number]: { mode: port.mode } } } : {}),
        },
      }),
    ),
  ])

const claims = [
  { iss: 'lab', sub: 'alice', group: ['a', 'b'] },
  { iss: 'lab', sub: 'bob', group: 'admin' },
  { iss: 'lab' },
]
const tokenOf = (payload: unknown): string =>
  `${btoa('{"alg":"RS256"}')}.${btoa(JSON.stringify(payload))}.xxxx`.replaceAll('=', '')
const anyToken = expand({ is: 'RequestAuthentication istio-system/jwt', spec: { jwtRules: [{ jwks: '{}' }] } })

const headers = fc.record(
  {
    'x-token': fc.constantFrom('admin', 'abc', ['b', 'admin']),
    'x-forwarded-for': fc.constantFrom('203.0.113.9', '1.2.3.4, 203.0.113.9'),
  },
  { requiredKeys: [] },
)
const ask = fc.record({
  from: fc.constantFrom('production/frontend', 'staging/client', 'legacy/client', 'production/api-server'),
  to: fc.constantFrom(
    'http://orders.production/api/x',
    'http://orders.production/admin?q=1',
    'http://api-server.production/api/a/x',
    'http://orders.production:9090/',
    'tcp://echo.production:9000',
    'tcp://orders.production:7000',
  ),
  method: fc.constantFrom('GET', 'DELETE', 'POST'),
  headers,
  claims: fc.option(fc.constantFrom(...claims), { nil: undefined }),
})
type Asking = typeof ask extends fc.Arbitrary<infer T> ? T : never

const callOf = (world: KubeObject[], { claims, ...asking }: Asking): Call => {
  const call = makeCall(world, asking as Ask)
  if (claims === undefined || call.http === undefined) return { ...call, tokens: [] }
  const token = tokenOf(claims)
  const http = { ...call.http, headers: [...call.http.headers, ['authorization', `Bearer ${token}`] as const] }
  return { ...call, http, tokens: [{ token, against: 'istio-system/jwt 0', result: 'Ok' }] }
}

/** Compiled once, asked often. */
const judgeOf = (objects: readonly KubeObject[]): ((asking: Asking) => Verdict) => {
  const world = worldWith([anyToken, ...objects])
  const { model } = istio.compile(world)
  return (asking) => istio.decide(model, callOf(world, asking))
}

const asks = fc.array(ask, { minLength: 1, maxLength: 6 })

const answerOf = (verdict: Verdict): Answer | 'unknown' => {
  if (verdict.outcome === 'unknown') return 'unknown'
  if (verdict.outcome === 'allow') return 'allowed'
  return verdict.transport === 'none' ? 'refused' : 'denied'
}

const questionOf = (objects: readonly KubeObject[], asking: Asking): Question => {
  const call = makeCall(worldWith(objects), asking as Ask)
  const { source, destination, port, http } = call
  return {
    source: {
      namespace: source.metadata.namespace ?? '',
      serviceAccount: source.metadata.name,
      ip: source.status?.podIP ?? '',
      sidecar: source.metadata.namespace !== 'legacy',
    },
    destination: {
      namespace: destination.metadata.namespace ?? '',
      labels: destination.metadata.labels ?? {},
      ip: destination.status?.podIP ?? '',
      port,
    },
    ...(http === undefined
      ? {}
      : {
          http: {
            method: http.method,
            path: http.path,
            host: http.authority,
            headers: http.headers.map(([a, b]) => [a, b]),
          },
        }),
    ...(asking.claims === undefined ? {} : { claims: asking.claims }),
  }
}

const runs = { numRuns: 200 }

test('compiled tables and the literal reading agree', () => {
  const seen = { allowed: 0, denied: 0, refused: 0 }
  fc.assert(
    fc.property(configuration, asks, (objects, askings) => {
      const decide = judgeOf(objects)
      for (const asking of askings) {
        const wanted = judge(objects, questionOf(objects, asking))
        seen[wanted]++
        expect(answerOf(decide(asking))).toBe(wanted)
      }
    }),
    { numRuns: 500 },
  )
  // The generator reaches every answer.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50)
})

describe('whatever the policies', () => {
  test('one more DENY never opens', () => {
    fc.assert(
      fc.property(configuration, policy, asks, (objects, more, askings) => {
        const first = judgeOf(objects)
        const second = judgeOf([...objects, asObject({ ...more, action: 'DENY' }, 'more')])
        for (const asking of askings) if (first(asking).outcome === 'deny') expect(second(asking).outcome).toBe('deny')
      }),
      runs,
    )
  })

  test('one more ALLOW for a workload that has one never closes', () => {
    const narrow = expand({
      is: 'AuthorizationPolicy production/narrow',
      spec: { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
    })
    fc.assert(
      fc.property(configuration, policy, asks, (objects, more, askings) => {
        const first = judgeOf([...objects, narrow])
        const second = judgeOf([...objects, narrow, asObject({ ...more, action: 'ALLOW' }, 'more')])
        for (const asking of askings)
          if (first(asking).outcome === 'allow') expect(second(asking).outcome).toBe('allow')
      }),
      runs,
    )
  })

  test('the same policy twice is the same as once', () => {
    fc.assert(
      fc.property(configuration, policy, asks, (objects, same, askings) => {
        const once = judgeOf([...objects, asObject(same, 'one')])
        const twice = judgeOf([...objects, asObject(same, 'one'), asObject(same, 'two')])
        for (const asking of askings) {
          const [a, b] = [once(asking), twice(asking)]
          expect([b.outcome, b.transport]).toEqual([a.outcome, a.transport])
        }
      }),
      runs,
    )
  })

  test('a dry run is as good as absent', () => {
    fc.assert(
      fc.property(configuration, policy, asks, (objects, more, askings) => {
        const trial = judgeOf([...objects, asObject(more, 'trial', true)])
        const without = judgeOf(objects)
        for (const asking of askings) {
          const [a, b] = [without(asking), trial(asking)]
          expect([b.outcome, b.transport, b.effect]).toEqual([a.outcome, a.transport, a.effect])
        }
      }),
      runs,
    )
  })

  test('what the access log names is the policy that decided', () => {
    fc.assert(
      fc.property(configuration, asks, (objects, askings) => {
        const decide = judgeOf(objects)
        for (const asking of askings) {
          const { outcome, logged, decidedBy } = decide(asking)
          const details = logged?.server?.termination ?? logged?.server?.details ?? ''
          const [, namespace, name, index] = /policy\[ns\[(.*?)\]-policy\[(.*?)\]-rule\[(\d+)\]\]/.exec(details) ?? []
          if (outcome !== 'deny' || name === undefined) continue
          expect(decidedBy).toMatchObject({ object: { namespace, name }, rule: Number(index) })
        }
      }),
      runs,
    )
  })
})
