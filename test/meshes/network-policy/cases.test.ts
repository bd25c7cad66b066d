import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Pod } from '../../../src/kube/kinds.ts'
import { buildWorld } from '../../../src/meshes/network.ts'
import {
  askNameServer,
  behindPolicies,
  compile,
  decide,
  type Packet,
  type PolicyDecision,
} from '../../../src/meshes/network-policy/index.ts'
import { outsidePod } from '../../../src/meshes/outside.ts'

interface Case {
  name: string
  source: string
  policies: { is: string; spec: unknown }[]
  calls: {
    from: string
    /** `namespace/pod:port[/protocol]`, `dns`, or `outside`: a host that is no pod. */
    to: string
    allowed: boolean
    /** The policy that decided. */
    by?: string
    field?: string
    because?: string
    steps?: number
  }[]
}

const pod = (namespace: string, name: string, ip: string, spec: Record<string, unknown> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { pod: name } },
  spec: {
    containers: [
      {
        name: 'agnhost',
        image: 'agnhost',
        ports: [
          { name: 'serve-80', containerPort: 80 },
          { name: 'serve-81', containerPort: 81 },
          { name: 'serve-80-udp', containerPort: 80, protocol: 'UDP' },
        ],
      },
    ],
    ...spec,
  },
  status: { podIP: ip },
})

const pods = [
  pod('x', 'a', '10.1.1.1', { nodeName: 'node-1' }),
  pod('x', 'b', '10.1.1.2', { nodeName: 'node-2' }),
  pod('x', 'c', '10.1.1.3', { nodeName: 'node-2' }),
  pod('y', 'a', '10.1.2.1'),
  pod('y', 'b', '10.1.2.2'),
  pod('z', 'a', '10.1.3.1'),
  pod('z', 'host', '172.18.0.2', { hostNetwork: true, nodeName: 'node-1' }),
]
const namespaces: KubeObject[] = ['x', 'y', 'z', 'kube-system'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
}))

const find = (path: string): Pod => {
  const found = pods.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === path)
  if (!found) throw new Error(`no pod ${path}`)
  return found
}

const ask = (policies: Case['policies'], call: Case['calls'][number]): PolicyDecision => {
  const objects = [
    ...namespaces,
    ...policies.map(({ is, spec }): KubeObject => {
      const [namespace = '', name = ''] = is.split('/')
      return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec }
    }),
  ]
  const from = find(call.from)
  if (call.to === 'dns') return askNameServer(compile(objects), buildWorld([...pods, ...objects]), from)
  if (call.to === 'outside') {
    const verdict = behindPolicies(
      compile(objects),
      { source: from, destination: outsidePod('example.com')!, port: 443, protocol: 'tls' },
      { outcome: 'allow', transport: 'tls', effect: undefined, because: 'open', steps: [] },
    )
    return { allowed: verdict.outcome === 'allow', steps: verdict.steps }
  }
  const [, path = '', port = '', protocol = 'TCP'] = /^([^:]+):(\d+)(?:\/(\w+))?$/.exec(call.to) ?? []
  const to = find(path)
  return decide(compile(objects), {
    from: { pod: from, address: from.status?.podIP ?? '' },
    to: { pod: to, address: to.status?.podIP ?? '' },
    port: Number(port),
    protocol: protocol as Packet['protocol'],
  })
}

const file = fileURLToPath(new URL('../../cases/network-policy/policies.yaml', import.meta.url))
const cases: Case[] = parse(readFileSync(file, 'utf8'))

describe.each(cases)('$name', ({ source, policies, calls }) => {
  test.each(calls)('$from to $to: $allowed', (call) => {
    expect(source, 'every case names its proof').toBeTruthy()
    const decision = ask(policies, call)
    const last = decision.steps.at(-1)
    expect(decision.allowed, last?.says).toBe(call.allowed)
    const evidence = last?.evidence
    if (call.by) expect(`${evidence?.object.namespace}/${evidence?.object.name}`).toBe(call.by)
    if (call.field) expect(evidence?.field).toContain(call.field)
    if (call.because) expect(last?.says).toContain(call.because)
    if (call.steps !== undefined) expect(decision.steps).toHaveLength(call.steps)
    for (const step of decision.steps)
      expect(step).toMatchObject({ at: 'wire', says: expect.stringContaining('NetworkPolic') })
  })

  test('the order of the objects does not matter', () => {
    for (const call of calls) expect(ask([...policies].reverse(), call)).toEqual(ask(policies, call))
  })
})
