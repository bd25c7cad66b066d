import { describe, expect, test } from 'vitest'
import { agrees } from '../../src/grading/converge.ts'
import { parseCurl } from '../../src/grading/curl.ts'
import { explain, matrix, predict, worldOf } from '../../src/grading/explain.ts'
import { classify, type OutcomeKind } from '../../src/grading/outcome.ts'
import type { Observation } from '../../src/grading/probe.ts'
import type { Verdict } from '../../src/meshes/verdict.ts'
import { denied, forwarded, meshOf, pod, shop } from './fixture.ts'

const world = worldOf(
  shop,
  meshOf({
    'a/web': forwarded('mtls', 'web may'),
    'b/old': denied('old may not'),
    'a/api': { outcome: 'unknown', transport: 'none', because: 'spec.x is not modelled', steps: [] },
  }),
)

describe('a request is predicted', () => {
  test.each([
    ['a/web', 'http://api.a/x', 'ok', 'web may', 'a/api'],
    ['b/old', 'http://api.a', 'denied', 'old may not', 'a/api'],
    ['a/api', 'http://web.a/', 'unknown', 'spec.x is not modelled', 'a/web'],
    ['a/web', 'http://nothing.a/', 'unreachable', 'the name nothing.a does not exist in the cluster', undefined],
    ['a/web', 'http://gone.a/', 'unreachable', 'Service a/gone has no ready endpoint', undefined],
    ['a/web', 'http://api.a:81/', 'dropped', 'Service a/api has no port 81', undefined],
    [
      'a/web',
      'http://nowhere.example.com/',
      'unknown',
      'http://nowhere.example.com/ leads out of the cluster, to a host that is not modelled',
      undefined,
    ],
    ['a/nobody', 'http://api.a/', 'unknown', 'there is no pod of a/nobody', undefined],
    ['a/web', ':nonsense', 'unknown', ':nonsense is not a URL', undefined],
  ])('%s to %s: %s', (from, url, outcome, because, destination) => {
    expect(predict(world, from, url)).toMatchObject({ outcome, because, ...(destination ? { destination } : {}) })
  })

  const answered = (status: number, body: string): Verdict => ({
    ...denied('so it is'),
    effect: { kind: 'respond', by: 'client-proxy', status, headers: [['server', 'envoy']], body },
  })

  // Each as a probe reads the same answer, so that what is predicted can be compared with what was met.
  test.each([
    [403, 'RBAC: access denied', 'denied'],
    [403, 'Audiences in Jwt are not allowed', 'status'],
    [403, 'fault filter abort', 'status'],
    [401, 'Jwt is expired', 'status'],
    [503, 'no healthy upstream', 'unreachable'],
    [503, 'fault filter abort', 'status'],
    [503, 'upstream connect error or disconnect/reset before headers. reset reason: connection termination', 'refused'],
    [301, '', 'ok'],
    [200, '', 'ok'],
  ])('%i %s of a proxy agrees with the outcome %s', (status, body, seen) => {
    const prediction = predict(worldOf(shop, meshOf({ 'a/web': answered(status, body) })), 'a/web', 'http://api.a/')
    expect(classify({ exitCode: 0, status, headers: [['server', 'envoy']], body }).kind).toBe(seen)
    expect(agrees(prediction, seen as OutcomeKind)).toBe(true)
    if (status >= 400) expect(prediction.outcome).toBe(seen)
  })

  test('without a mesh nothing is claimed', () => {
    expect(predict(worldOf(shop), 'a/web', 'http://api.a/').outcome).toBe('unknown')
  })

  test('pods of one Service that answer differently are reported', () => {
    const mesh = meshOf({ 'a/web': forwarded('mtls', 'may') })
    const split = worldOf(
      [...shop, { ...pod('a', 'api', '10.0.0.9'), metadata: { ...pod('a', 'api', 'x').metadata, name: 'api-abc-2' } }],
      {
        ...mesh,
        decide: (_, call) =>
          call.destination.metadata.name === 'api-abc-2' ? denied('this one not') : forwarded('mtls', 'may'),
      },
    )
    expect(predict(split, 'a/web', 'http://api.a/')).toMatchObject({
      outcome: 'denied',
      because: 'this one not (other pods of the Service answer otherwise)',
    })
  })
})

describe('NetworkPolicies are asked before the mesh', () => {
  const policy = (namespace: string, name: string, spec: Record<string, unknown>) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  })
  const mesh = meshOf({
    'a/web': {
      ...forwarded('mtls', 'web may'),
      steps: [
        { at: 'client', outcome: 'info', says: 'starts mTLS' },
        { at: 'server', outcome: 'pass', says: 'web may' },
      ],
    },
  })

  test('what they drop does not get to the receiver’s proxy', () => {
    const isolated = worldOf([...shop, policy('a', 'deny', { podSelector: {} })], mesh)
    const found = predict(isolated, 'a/web', 'http://api.a/')
    expect(found).toMatchObject({ outcome: 'dropped', transport: 'none', destination: 'a/api' })
    expect(found.verdict?.steps.map(({ at, outcome }) => `${at} ${outcome}`)).toEqual(['client info', 'wire deny'])
    expect(found.verdict?.decidedBy).toMatchObject({
      object: { kind: 'NetworkPolicy', name: 'deny' },
      field: 'spec.ingress',
    })
    expect(matrix(isolated).cells.map((row) => row.map(({ letter }) => letter).join(''))).toEqual(['.e~', '~e.', '~e~'])
  })

  test('what they let through is the mesh’s to decide, and they are named', () => {
    const open = policy('a', 'open', {
      podSelector: {},
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    })
    const found = predict(worldOf([...shop, open], mesh), 'a/web', 'http://api.a/')
    expect(found).toMatchObject({ outcome: 'ok', because: 'web may', transport: 'mtls' })
    expect(found.verdict?.steps.map(({ at, outcome }) => `${at} ${outcome}`)).toEqual([
      'client info',
      'wire pass',
      'server pass',
    ])
  })

  test('what the caller’s own proxy refuses never meets them, and what the mesh does not know stays unknown', () => {
    const deny = policy('a', 'deny', { podSelector: {} })
    const atHome = {
      ...denied('no such route'),
      steps: [{ at: 'client', outcome: 'deny', says: 'no such route' }],
    } as const
    const unknown = { outcome: 'unknown', transport: 'none', because: 'not modelled', steps: [] } as const
    for (const verdict of [
      { ...atHome, steps: [...atHome.steps] },
      { ...unknown, steps: [] },
    ])
      expect(predict(worldOf([...shop, deny], meshOf({ 'a/web': verdict })), 'a/web', 'http://api.a/').because).toBe(
        verdict.because,
      )
  })

  test('names need a way to the name server; addresses do not', () => {
    const silent = worldOf(
      [
        ...shop,
        policy('a', 'deny', {
          podSelector: { matchLabels: { app: 'web' } },
          policyTypes: ['Egress'],
          egress: [{ ports: [{ port: 8080 }] }],
        }),
      ],
      mesh,
    )
    expect(predict(silent, 'a/web', 'http://api.a/')).toMatchObject({
      outcome: 'dropped',
      because: expect.stringMatching(
        /^The name api\.a cannot be resolved\. NetworkPolicy a\/deny isolates .* on UDP 53/,
      ),
    })
    expect(predict(silent, 'a/web', 'http://10.1.0.2/').outcome).toBe('ok')
  })
})

test('the matrix of a cluster has a row per workload and a column per Service', () => {
  const { sources, targets, cells } = matrix(world)
  expect(sources).toEqual(['a/api', 'a/web', 'b/old'])
  expect(targets).toEqual(['a/api', 'a/gone', 'a/web'])
  expect(cells.map((row) => row.map(({ letter }) => letter).join(''))).toEqual(['.e?', 'Me.', 'xex'])
})

describe('an observation is joined to the engine’s reasons', () => {
  const saw = (status: number, body = ''): Observation => {
    const result = parseCurl(0, `HTTP/1.1 ${status} X\r\n\r\n${body}\n<<meshdojo>> ${status} 0.1`, '')
    return { ran: true, result, outcome: classify(result) }
  }
  const check = (from: string) => ({
    from,
    to: 'http://api.a/',
    method: 'GET',
    headers: {},
    expect: 'refused' as const,
  })
  test.each<[what: string, from: string, observation: Observation, because: string]>([
    ['both agree', 'a/web', saw(200), 'web may'],
    ['the application’s own error is no disagreement', 'a/web', saw(404), 'web may'],
    ['both deny', 'b/old', saw(403, 'RBAC: access denied'), 'old may not'],
    ['they disagree', 'b/old', saw(200), 'the probe saw 200, but it should be denied with 403: old may not'],
    ['the engine does not know', 'a/api', saw(200), 'cannot say why: spec.x is not modelled'],
    ['nothing was probed', 'a/web', { ran: false, says: 'no pod' }, 'no pod'],
  ])('%s', async (_, from, observation, because) =>
    expect(await explain(world, check(from), observation)).toBe(because),
  )
})

test('a check about the connection is answered by what was said about the connection', async () => {
  const permissive = 'PeerAuthentication a/default is PERMISSIVE: plaintext is accepted'
  const allowed = forwarded('plaintext', 'AuthorizationPolicy a/p allows it')
  const step = { at: 'server' as const, outcome: 'pass' as const, says: permissive }
  const open = worldOf(shop, meshOf({ 'b/old': { ...allowed, steps: [step, ...allowed.steps] } }))
  const result = parseCurl(0, 'HTTP/1.1 200 OK\r\n\r\nhi\n<<meshdojo>> 200 0.1', '')
  const observation = { ran: true as const, result, outcome: classify(result) }
  const check = { from: 'b/old', to: 'http://api.a/', method: 'GET', headers: {} }
  expect(await explain(open, { ...check, expect: 'refused' }, observation)).toBe(permissive)
  expect(await explain(open, { ...check, expect: 'denied' }, observation)).toBe('AuthorizationPolicy a/p allows it')
})
