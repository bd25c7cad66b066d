/**
 * What the engine remembers from call to call and from model to model decides nothing: whatever was asked before and
 * whatever changed since, a model that grew says what one says that was made of strangers a moment ago.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Call } from '../../../src/meshes/call.ts'
import { decideWhole } from '../../../src/meshes/istio/decide.ts'
import { glance } from '../../../src/meshes/istio/entrance.ts'
import { type IstioModel, istio } from '../../../src/meshes/istio/index.ts'
import { type Gist, plainVerdict, type Verdict } from '../../../src/meshes/verdict.ts'
import { type Ask, base, expand, makeCall, worldWith } from './world.ts'

/** What the effect comes to for a client. */
const gistOf = ({ effect }: Verdict): Gist | undefined => {
  if (effect?.kind === 'forward') return 'forwarded'
  if (effect?.kind === 'respond')
    return effect.status === 403 ? 'forbidden' : effect.status === 503 ? 'refused' : undefined
  return effect?.kind === 'reset' || effect?.kind === 'close' ? 'refused' : undefined
}

const selector = fc.constantFrom(
  undefined,
  { matchLabels: { app: 'orders' } },
  { matchLabels: { tier: 'backend' } },
  { matchLabels: { app: 'frontend' } },
)
const home = fc.constantFrom('production', 'production', 'istio-system', 'staging', 'legacy')
const some = <T>(...values: T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
const part = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })
const source = part({
  principals: some('*', 'cluster.local/ns/production/sa/frontend', '*/sa/client'),
  notNamespaces: some('staging', 'production'),
  ipBlocks: some('10.1.0.0/30', '10.1.2.1'),
  remoteIpBlocks: some('203.0.113.0/24'),
  requestPrincipals: some('*'),
})
const operation = part({
  methods: some('GET', 'DELETE', 'P*'),
  notMethods: some('DELETE'),
  paths: some('/api/*', '/admin', '/api/{*}'),
  notPaths: some('/admin'),
  ports: some('8080', '9000'),
  hosts: some('orders*'),
})
const rule = part({
  from: fc.array(fc.record({ source }), { minLength: 1, maxLength: 2 }),
  to: fc.array(fc.record({ operation }), { minLength: 1, maxLength: 2 }),
  when: some(
    { key: 'source.namespace', values: ['production'] },
    { key: 'request.headers[x-token]', values: ['a*'] },
    { key: 'connection.sni', notValues: ['*orders*'] },
    { key: 'experimental.envoy.filters.x[y]', values: ['z'] },
  ),
})
const mode = fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET')
const tls = fc.constantFrom('DISABLE', 'SIMPLE', 'ISTIO_MUTUAL')
const name = fc.constantFrom('a', 'b')
const host = fc.constantFrom('orders.production.svc.cluster.local', '*.production.svc.cluster.local', 'server.legacy')
const workload = fc.constantFrom({ app: 'frontend' }, { app: 'client' })

/** One object of a kind, of which there may be two in a namespace. */
const of = (kind: string, spec: fc.Arbitrary<Record<string, unknown>>, weight: number) => ({
  weight,
  arbitrary: fc.record({ home, name, spec, age: fc.nat(2) }).map(({ home, name, spec, age }) => {
    return expand({ is: `${kind} ${home}/${name}`, age, spec })
  }),
})

/** A name in one namespace for a pod of another. */
const entry = (location: string): KubeObject =>
  expand({
    is: 'ServiceEntry staging/entry',
    spec: {
      hosts: ['far.example'],
      addresses: ['10.50.0.1'],
      location,
      resolution: 'STATIC',
      ports: [{ number: 80, targetPort: 8080, name: 'http', protocol: 'HTTP' }],
      endpoints: [{ address: '10.1.0.2' }],
    },
  })

const configured = fc.oneof(
  of(
    'AuthorizationPolicy',
    fc.record({
      selector,
      action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY', 'AUDIT', 'CUSTOM', 'NONE'),
      rules: fc.array(rule, { maxLength: 3 }),
    }),
    6,
  ),
  of(
    'PeerAuthentication',
    fc.record({
      selector,
      mtls: fc.record({ mode }),
      portLevelMtls: fc.constantFrom({}, { 8080: { mode: 'DISABLE' } }),
    }),
    6,
  ),
  of('RequestAuthentication', fc.record({ selector, jwtRules: fc.constant([{ issuer: 'lab', jwks: '{}' }]) }), 2),
  of(
    'DestinationRule',
    fc.record(
      {
        host,
        trafficPolicy: fc.record({ tls: fc.record({ mode: tls }) }),
        workloadSelector: workload.map((matchLabels) => ({ matchLabels })),
      },
      { requiredKeys: ['host'] },
    ),
    2,
  ),
  of(
    'VirtualService',
    fc.record({ hosts: fc.tuple(host), sourceLabels: workload }).map(({ hosts, sourceLabels }) => ({
      hosts,
      http: [{ match: [{ sourceLabels }], directResponse: { status: 418 } }],
    })),
    1,
  ),
  of(
    'Sidecar',
    fc.record({ workloadSelector: workload.map((labels) => ({ labels })), egress: fc.constant([{ hosts: ['./*'] }]) }),
    1,
  ),
  { weight: 1, arbitrary: fc.constantFrom('MESH_INTERNAL', 'MESH_EXTERNAL').map((location) => entry(location)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      expand({ is: 'Pod production/orders', ip: '10.1.0.2', labels: {} }),
      expand({ is: 'Pod production/orders', ip: '10.1.0.2', labels: { 'sidecar.istio.io/inject': 'false' } }),
      expand({ is: 'Pod production/frontend', ip: '10.1.0.1', labels: { app: 'client' } }),
    ),
  },
)

const keyOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace}/${metadata.name}`

/** What somebody does: an object is applied, deleted (if it is there), or several are in one go. */
const edits = fc.array(fc.record({ object: configured, gone: fc.boolean() }), { minLength: 1, maxLength: 3 })

const asks: Ask[] = [
  ...['production/frontend', 'production/orders', 'production/echo', 'staging/client', 'legacy/client'].flatMap(
    (from): Ask[] => [
      { from, to: 'http://orders.production/api/x' },
      { from, to: 'http://orders.production/%61dmin', method: 'DELETE' },
      { from, to: 'http://orders.production/api/%%32e%%32e/admin', headers: { 'x-forwarded-for': '203.0.113.9' } },
      { from, to: 'tcp://orders.production:7000' },
    ],
  ),
  { from: 'staging/client', to: 'http://orders.production/admin', headers: { 'x-token': 'abc' } },
  // Another namespace's name for the same pod.
  { from: 'staging/client', to: 'http://orders.production/admin', headers: { host: 'far.example' } },
  { from: 'production/frontend', to: 'http://api-server/admin', method: 'PUT' },
  { from: 'production/api-server', to: 'http://10.1.0.2:8080/admin' },
  { from: 'legacy/client', to: 'http://10.1.0.2:8080/' },
  { from: 'production/frontend', to: 'tcp://echo.production:9000' },
  { from: 'production/frontend', to: 'http://auto.production:8081/api/x' },
  { from: 'production/auto', to: 'tcp://peers.production:5000' },
  { from: 'production/frontend', to: 'http://server.legacy/' },
  { from: 'production/plain', to: 'http://server.legacy/' },
]

/** The same call in copies of the objects. */
const callsIn = (world: KubeObject[]): Call[] => asks.map((ask) => ({ ...makeCall(world, ask), tokens: [] }))

/** A pod's name is enough to tell it from others. */
const told = (verdict: Verdict): unknown => {
  const { upstream, ...rest } = plainVerdict(verdict)
  return upstream ? { ...rest, upstream: { ...upstream, destination: upstream.destination.metadata.name } } : rest
}

const strangers = (world: KubeObject[]): unknown[] => {
  const copy = structuredClone(world)
  const { model } = istio.compile(copy)
  return callsIn(copy).map((call) => told(decideWhole(model, call)))
}

const saidBy = (model: IstioModel, calls: readonly Call[]): unknown[] =>
  calls.map((call) => told(istio.decide(model, call)))

const applied = (objects: readonly KubeObject[], changes: { object: KubeObject; gone: boolean }[]): KubeObject[] => {
  const there = new Map(objects.map((object) => [keyOf(object), object]))
  for (const { object, gone } of changes) {
    const isPod = object.kind === 'Pod'
    if (gone && !isPod) there.delete(keyOf(object))
    else there.set(keyOf(object), object)
  }
  return [...there.values()]
}

test('whatever changes, one after the other, a model that grew says what a new one says', () => {
  let [settled, all] = [0, 0]
  fc.assert(
    fc.property(fc.array(edits, { minLength: 2, maxLength: 5 }), fc.boolean(), (sequence, skips) => {
      let objects: readonly KubeObject[] = base
      let model: IstioModel | undefined
      const before: { model: IstioModel; calls: Call[]; wanted: unknown[] }[] = []
      for (const [index, changes] of sequence.entries()) {
        objects = applied(objects, changes)
        const world = worldWith(objects)
        const now: IstioModel = istio.compile(world, { last: model }).model
        model = now
        // A model that nobody asked has remembered nothing.
        if (skips && index % 2 === 1) continue
        const calls = callsIn(world)
        const wanted = strangers(world)
        for (let round = 0; round < 2; round++) expect(saidBy(now, calls)).toEqual(wanted)
        before.push({ model: now, calls, wanted })
        for (const call of calls) {
          const brief = glance(now, call, decideWhole)
          if (brief === undefined) continue
          settled++
          expect(brief.gist).toBe(gistOf(decideWhole(now, call)))
        }
        all += calls.length
      }
      // What came later did not change what the older ones say.
      for (const { model: old, calls, wanted } of before) expect(saidBy(old, calls)).toEqual(wanted)
    }),
    { numRuns: 20 },
  )
  // Much of it went by memory.
  expect(settled / all).toBeGreaterThan(0.3)
})

test('the PeerAuthentication of a Service is not that of the pods behind it, and both count', () => {
  const peer = (home: string, mode: string) => expand({ is: `PeerAuthentication ${home}/a`, spec: { mtls: { mode } } })
  const inside = entry('MESH_INTERNAL')
  const worlds = [
    [],
    [peer('staging', 'DISABLE')],
    [peer('staging', 'DISABLE'), peer('production', 'STRICT')],
    [peer('production', 'STRICT')],
    [peer('istio-system', 'DISABLE')],
  ].map((peers) => worldWith([inside, ...peers]))
  const ask: Ask = { from: 'staging/client', to: 'http://orders.production/', headers: { host: 'far.example' } }
  let model: IstioModel | undefined
  const travelled = worlds.map((world) => {
    model = istio.compile(world, { last: model }).model
    const call = makeCall(world, ask)
    expect(glance(model, call, decideWhole)).toBeDefined()
    return istio.decide(model, call).transport
  })
  expect(travelled).toEqual(['mtls', 'plaintext', 'none', 'mtls', 'plaintext'])
})

test('a caller without a sidecar normalizes the path once, one with a sidecar twice, whatever is remembered', () => {
  const rules = [{ to: [{ operation: { paths: ['/admin'] } }] }]
  const worlds = ['a', 'b'].map((name) =>
    worldWith([expand({ is: `AuthorizationPolicy production/${name}`, spec: { action: 'DENY', rules } })]),
  )
  let model: IstioModel | undefined
  for (const world of worlds) {
    const now: IstioModel = istio.compile(world, { last: model }).model
    model = now
    const outcomes = ['staging/client', 'legacy/client'].map((from) => {
      const call = makeCall(world, { from, to: 'http://orders.production/api/%%32e%%32e/admin' })
      expect(glance(now, call, decideWhole)).toBeDefined()
      return istio.decide(now, call).outcome
    })
    expect(outcomes).toEqual(['deny', 'allow'])
  }
})

test('what is not modelled is in no word what the caller meets', () => {
  const when = [{ key: 'experimental.envoy.filters.x[y]', values: ['z'] }]
  const world = worldWith([expand({ is: 'AuthorizationPolicy production/a', spec: { rules: [{ when }] } })])
  const { model } = istio.compile(world)
  const call = makeCall(world, { from: 'production/frontend', to: 'http://orders.production/' })
  expect(glance(model, call, decideWhole)).toMatchObject({ outcome: 'unknown', gist: undefined })
})
