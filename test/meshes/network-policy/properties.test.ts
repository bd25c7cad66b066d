/** What holds for any NetworkPolicies: they add up, order means nothing, rules only widen, isolation only by selection. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Pod } from '../../../src/kube/kinds.ts'
import { compile, decide, type Packet } from '../../../src/meshes/network-policy/index.ts'

interface Rule {
  peers?: Record<string, unknown>[]
  ports?: Record<string, unknown>[]
}

const labels = fc.constantFrom({}, { app: 'a' }, { app: 'b' }, { tier: 't' })
const selector = fc.oneof(
  labels.map((matchLabels) => ({ matchLabels })),
  fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist').map((operator) => ({
    matchExpressions: [{ key: 'app', operator, ...(/In/.test(operator) ? { values: ['a'] } : {}) }],
  })),
)
const peer = fc.oneof(
  selector.map((podSelector) => ({ podSelector })),
  selector.map((namespaceSelector) => ({ namespaceSelector })),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc
    .constantFrom('10.0.0.0/8', '10.1.1.0/24', '0.0.0.0/0')
    .map((cidr) => ({ ipBlock: { cidr, except: ['10.1.1.2/32'] } })),
)
const port = fc.oneof(
  fc.constantFrom(80, 81, 8080, 'http').map((number) => ({ port: number })),
  fc.constantFrom('TCP', 'UDP').map((protocol) => ({ protocol })),
  fc.constant({ port: 80, endPort: 8080 }),
)
const rule: fc.Arbitrary<Rule> = fc.record(
  { peers: fc.array(peer, { minLength: 1, maxLength: 3 }), ports: fc.array(port, { minLength: 1, maxLength: 2 }) },
  { requiredKeys: [] },
)

interface Written {
  namespace: string
  selector: Record<string, unknown>
  types: string[]
  ingress: Rule[]
  egress: Rule[]
}
const written: fc.Arbitrary<Written> = fc.record({
  namespace: fc.constantFrom('x', 'y'),
  selector,
  types: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  ingress: fc.array(rule, { maxLength: 2 }),
  egress: fc.array(rule, { maxLength: 2 }),
})

const policy = (from: Written, name: number): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: `p${name}`, namespace: from.namespace },
  spec: {
    podSelector: from.selector,
    policyTypes: from.types,
    ingress: from.ingress.map(({ peers, ports }) => ({
      ...(peers ? { from: peers } : {}),
      ...(ports ? { ports } : {}),
    })),
    egress: from.egress.map(({ peers, ports }) => ({ ...(peers ? { to: peers } : {}), ...(ports ? { ports } : {}) })),
  },
})
const namespaces: KubeObject[] = ['x', 'y'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { app: name === 'x' ? 'a' : 'b' } },
}))
const modelOf = (policies: Written[]) => compile([...namespaces, ...policies.map(policy)])

const pod = (namespace: string, name: string, ip: string, of: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: of },
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8080 }] }] },
  status: { podIP: ip },
})
const pods = [
  pod('x', 'one', '10.1.1.1', { app: 'a' }),
  pod('x', 'two', '10.1.1.2', { app: 'b' }),
  pod('y', 'three', '10.1.2.3', { tier: 't' }),
]
const side = (which: Pod) => ({ pod: which, address: which.status?.podIP ?? '' })
const packet: fc.Arbitrary<Packet> = fc
  .record({
    from: fc.constantFrom(...pods),
    to: fc.constantFrom(...pods),
    port: fc.constantFrom(80, 81, 8080),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  })
  .map(({ from, to, ...rest }) => ({ from: side(from), to: side(to), ...rest }))

describe('any policies, any packet', () => {
  test('order means nothing', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 4 }), packet, (policies, sent) => {
        const objects = policies.map(policy)
        const one = decide(compile([...namespaces, ...objects]), sent)
        expect(decide(compile([...objects.reverse(), ...namespaces]), sent)).toEqual(one)
      }),
    )
  })

  test('one more rule never takes anything away', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), rule, packet, (policies, more, sent) => {
        const [first, ...rest] = policies
        const wider = { ...first!, ingress: [...first!.ingress, more], egress: [...first!.egress, more] }
        if (decide(modelOf(policies), sent).allowed) expect(decide(modelOf([wider, ...rest]), sent).allowed).toBe(true)
      }),
    )
  })

  test('one more policy takes nothing from what another allows', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), written, packet, (policies, more, sent) => {
        const before = decide(modelOf(policies), sent)
        // Both ends were isolated already, and each said yes.
        if (!before.allowed || before.steps.length < 2) return
        expect(decide(modelOf([...policies, more]), sent).allowed).toBe(true)
      }),
    )
  })

  test('what no policy selects is open; what is dropped names a policy that selects one of the two', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 4 }), packet, (policies, sent) => {
        const { allowed, steps } = decide(modelOf(policies), sent)
        if (policies.length === 0 || steps.length === 0) expect(allowed).toBe(true)
        if (allowed) return
        const last = steps.at(-1)
        const own = last?.evidence?.field?.startsWith('spec.egress') ? sent.from.pod : sent.to.pod
        expect(last).toMatchObject({ at: 'wire', outcome: 'deny' })
        expect(last?.evidence?.object.namespace).toBe(own?.metadata.namespace)
      }),
    )
  })

  test('a pod always reaches itself', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 4 }), fc.constantFrom(...pods), (policies, own) => {
        const sent: Packet = { from: side(own), to: side(own), port: 80, protocol: 'TCP' }
        expect(decide(modelOf(policies), sent)).toEqual({ allowed: true, steps: [] })
      }),
    )
  })
})
