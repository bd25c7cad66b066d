import { describe, expect, test } from 'vitest'
import { parseCurl } from '../../src/grading/curl.ts'
import { explain, matrix, predict, worldOf } from '../../src/grading/explain.ts'
import { classify } from '../../src/grading/outcome.ts'
import type { Observation } from '../../src/grading/probe.ts'
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
      'http://example.com/',
      'unknown',
      'http://example.com/ leads out of the cluster, which is not modelled',
      undefined,
    ],
    ['a/nobody', 'http://api.a/', 'unknown', 'there is no pod of a/nobody', undefined],
    ['a/web', ':nonsense', 'unknown', ':nonsense is not a URL', undefined],
  ])('%s to %s: %s', (from, url, outcome, because, destination) => {
    expect(predict(world, from, url)).toMatchObject({ outcome, because, ...(destination ? { destination } : {}) })
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
  ])('%s', (_, from, observation, because) => expect(explain(world, check(from), observation)).toBe(because))
})

test('a check about the connection is answered by what was said about the connection', () => {
  const permissive = 'PeerAuthentication a/default is PERMISSIVE: plaintext is accepted'
  const allowed = forwarded('plaintext', 'AuthorizationPolicy a/p allows it')
  const step = { at: 'server' as const, outcome: 'pass' as const, says: permissive }
  const open = worldOf(shop, meshOf({ 'b/old': { ...allowed, steps: [step, ...allowed.steps] } }))
  const result = parseCurl(0, 'HTTP/1.1 200 OK\r\n\r\nhi\n<<meshdojo>> 200 0.1', '')
  const observation = { ran: true as const, result, outcome: classify(result) }
  const check = { from: 'b/old', to: 'http://api.a/', method: 'GET', headers: {} }
  expect(explain(open, { ...check, expect: 'refused' }, observation)).toBe(permissive)
  expect(explain(open, { ...check, expect: 'denied' }, observation)).toBe('AuthorizationPolicy a/p allows it')
})
