import { describe, expect, test } from 'vitest'
import { type Scenario, scenarioSchema } from '../../src/content/schema.ts'
import { grade } from '../../src/grading/grade.ts'
import { StatusError } from '../../src/kube/errors.ts'
import { type Curl, clusterOf, denied, httpAnswer, meshOf, pod, shop } from './fixture.ts'

const request = (id: string, from: string, to: string, expectation: unknown, more = {}) => ({
  id,
  says: `${id} says`,
  request: { from, to, expect: expectation, ...more },
})
const scenarioOf = (steps: { id: string; checks: unknown[]; mistakes?: unknown[] }[]): Scenario =>
  scenarioSchema.parse({
    apiVersion: 'meshdojo.dev/v1',
    kind: 'Scenario',
    metadata: { name: 's', title: 'S', mesh: 'istio', minutes: 1, difficulty: 'easy' },
    spec: {
      lab: 'l',
      steps: steps.map((step) => ({ title: 't', task: 't', hints: ['h'], solution: 's', explanation: 'e', ...step })),
    },
  })

const echo = JSON.stringify({ path: '/', headers: { 'x-forwarded-client-cert': 'By=a;URI=spiffe://t/ns/a/sa/web' } })
const curl: Curl = (name, url) => {
  if (name.startsWith('old')) return [56, '\n<<meshdojo>> 000 0.01']
  return [0, url.includes('api') ? httpAnswer(200, echo) : httpAnswer(200, 'NOW: 1')]
}
const mesh = meshOf({ 'b/old': denied('policy p says no') })
const run = (steps: Parameters<typeof scenarioOf>[0], options = {}, objects = shop) => {
  const cluster = clusterOf(objects, curl)
  return grade({ cluster, mesh, scenario: scenarioOf(steps) }, options).then((report) => ({ report, ran: cluster.ran }))
}
const checksOf = async (check: unknown, objects = shop) =>
  (await run([{ id: 'one', checks: [check] }], {}, objects)).report.steps[0]!.checks[0]!

test('the report has the contract’s shape', async () => {
  const { report } = await run([
    { id: 'one', checks: [request('up', 'a/web', 'http://api.a/', { status: 200, mtls: true })] },
    { id: 'two', checks: [request('closed', 'b/old', 'http://api.a/', 'denied')] },
  ])
  expect(report).toEqual({
    scenario: 's',
    passed: false,
    steps: [
      {
        id: 'one',
        passed: true,
        checks: [{ id: 'up', says: 'up says', passed: true, expected: '200 over mTLS', seen: '200 over mTLS' }],
      },
      {
        id: 'two',
        passed: false,
        checks: [
          {
            id: 'closed',
            says: 'closed says',
            passed: false,
            expected: '403 from policy',
            seen: 'refused (connection reset)',
            because: 'the probe saw refused (connection reset), but it should be denied with 403: policy p says no',
          },
        ],
      },
    ],
  })
})

describe('steps are selected', () => {
  const steps = ['one', 'two', 'three'].map((id) => ({ id, checks: [request('up', 'a/web', 'http://api.a/', 'ok')] }))
  test.each([
    [{}, ['one', 'two', 'three']],
    [{ upTo: 'two' }, ['one', 'two']],
    [{ steps: ['three', 'one'] }, ['one', 'three']],
    [{ upTo: 'two', steps: ['three'] }, []],
  ])('by %j', async (options, ids) => {
    expect((await run(steps, options)).report.steps.map(({ id }) => id)).toEqual(ids)
  })
  test('and a probe that several checks ask for is sent once', async () => {
    expect((await run(steps)).ran).toEqual(['web-abc-1/app http://api.a/'])
  })
})

describe('no more is judged than is asked for', () => {
  const to = (path: string): string => `http://api.a/${path}`
  const burst = (id: string) => request(id, 'a/web', to(id), { counts: [{ status: 200, atLeast: 1 }] }, { times: 1 })
  const checks = [
    burst('first-burst'),
    request('up', 'a/web', to('up'), 'ok'),
    request('closed', 'a/web', to('closed'), 'denied'),
    burst('second-burst'),
    burst('third-burst'),
    request('open', 'a/web', to('open'), 'ok'),
  ]
  const judged = async (options: object) => {
    const { report, ran } = await run([{ id: 'one', checks }], options)
    const [step] = report.steps
    const sent = ran.map((line) => line.split('/').at(-1))
    return { passed: step!.passed, ids: step!.checks.map(({ id }) => id), sent }
  }
  test('one check: without those of its turn', async () => {
    expect(await judged({ check: 'up' })).toEqual({ passed: true, ids: ['up'], sent: ['up'] })
    expect(await judged({ check: 'closed' })).toEqual({ passed: false, ids: ['closed'], sent: ['closed'] })
  })
  test('one burst: after all that may have used up what it meets', async () => {
    const { ids, sent } = await judged({ check: 'second-burst' })
    expect(ids).toEqual(['first-burst', 'up', 'closed', 'second-burst', 'open'])
    expect(sent.slice(3)).toEqual(['first-burst', 'second-burst'])
  })
  test('up to the first that fails, which fails the step', async () => {
    expect(await judged({ untilFailed: true, bare: true })).toEqual({
      passed: false,
      ids: ['up', 'closed'],
      sent: ['up', 'closed'],
    })
  })
  test('a later step is not passed because an earlier one ended the grading', async () => {
    const steps = ['closed', 'up'].map((id) => ({ id, checks: checks.filter((each) => each.id === id) }))
    const { report } = await run(steps, { untilFailed: true })
    expect(report.steps.map(({ passed }) => passed)).toEqual([false, false])
  })
})

describe('probes', () => {
  test('another method is another probe', async () => {
    const checks = [
      request('get', 'a/web', 'http://api.a/', 'ok'),
      request('post', 'a/web', 'http://api.a/', 'ok', { method: 'POST', body: '{}' }),
    ]
    expect((await run([{ id: 'one', checks }])).ran).toHaveLength(2)
  })

  test('agnhost is asked for the header only when a check wants to know', async () => {
    const plain = await run([{ id: 'one', checks: [request('a', 'a/api', 'http://web.a/x', 'ok')] }])
    expect(plain.ran).toEqual(['api-abc-1/app http://web.a/x'])
    const asked = await run([{ id: 'one', checks: [request('a', 'a/api', 'http://web.a/x', { mtls: true })] }])
    expect(asked.ran).toEqual([
      'api-abc-1/app http://web.a/x',
      'api-abc-1/app http://web.a/header?key=X-Forwarded-Client-Cert',
    ])
    expect(asked.report.steps[0]!.checks[0]).toMatchObject({
      undecided: true,
      passed: false,
      seen: '200, mTLS unknown',
    })
  })

  test('run in the container that has curl, never in the proxy', async () => {
    const injected = pod('a', 'web', '10.0.0.1')
    injected.spec = {
      containers: [
        { name: 'istio-proxy', image: 'istio/proxyv2' },
        { name: 'app', image: 'example/app' },
        { name: 'tool', image: 'docker.io/curlimages/curl:8' },
      ],
    }
    const objects = [injected, ...shop.filter(({ metadata }) => metadata.name !== 'web-abc-1')]
    const { ran } = await run([{ id: 'one', checks: [request('a', 'a/web', 'http://api.a/', 'ok')] }], {}, objects)
    expect(ran).toEqual(['web-abc-1/tool http://api.a/'])
  })
})

describe('what cannot be decided says so, and does not pass', () => {
  const notReady = { ...pod('a', 'web', '10.0.0.1'), status: { phase: 'Pending' } }
  const without = shop.filter(({ metadata }) => metadata.name !== 'web-abc-1')
  test.each([
    ['no pod', 'a/nobody', shop, 'a/nobody has no pod to probe from'],
    ['no ready pod', 'a/web', [notReady, ...without], 'a/web has no ready pod to probe from'],
  ])('%s', async (_, from, objects, because) => {
    const check = request('a', from, 'http://api.a/', 'refused')
    expect(await checksOf(check, objects)).toMatchObject({ passed: false, undecided: true, because })
  })

  test('an exec that is refused', async () => {
    const cluster = clusterOf(shop, curl)
    cluster.exec = async () => {
      throw new StatusError({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'container not found',
      })
    }
    const scenario = scenarioOf([{ id: 'one', checks: [request('a', 'a/web', 'http://api.a/', 'refused')] }])
    const { steps } = await grade({ cluster, mesh, scenario })
    expect(steps[0]!.checks[0]).toMatchObject({
      undecided: true,
      because: 'curl could not be started in a/web-abc-1: container not found',
    })
  })

  test('a container without curl', async () => {
    const cluster = clusterOf(shop, curl)
    cluster.exec = async (_, __, streams) => {
      streams.stderr(new TextEncoder().encode('exec: "curl": executable file not found in $PATH'))
      return { exitCode: 127 }
    }
    const scenario = scenarioOf([{ id: 'one', checks: [request('a', 'a/web', 'http://api.a/', 'refused')] }])
    const { steps } = await grade({ cluster, mesh, scenario })
    expect(steps[0]!.checks[0]).toMatchObject({ undecided: true, because: 'container app of a/web-abc-1 has no curl' })
  })

  test('plain TCP', async () => {
    expect(await checksOf(request('a', 'a/web', 'tcp://api.a:80', 'ok'))).toMatchObject({
      undecided: true,
      passed: false,
    })
  })
})

describe('objects', () => {
  const object = (more: object) => ({ id: 'o', says: 's', object: { apiVersion: 'v1', kind: 'Service', ...more } })
  test.each<[what: string, check: object, passed: boolean, seen: string, because: string | undefined]>([
    ['exists', { namespace: 'a', name: 'web' }, true, 'a/web', undefined],
    ['any of the kind', {}, true, 'a/web, a/api, a/gone', undefined],
    ['is missing', { namespace: 'a', name: 'x' }, false, 'none', 'there is no Service x in a'],
    ['is absent', { namespace: 'a', name: 'x', absent: true }, true, 'none', undefined],
    ['is still there', { name: 'web', absent: true }, false, 'a/web', 'a/web is still there'],
    ['holds', { where: "object.spec.clusterIP == '10.1.0.2'" }, true, 'a/api', undefined],
    [
      'does not hold',
      { name: 'web', where: 'object.spec.x == 1' },
      false,
      'a/web, other content',
      'a/web is there, but its content is not what is asked for',
    ],
    ['a kind that is not served', { apiVersion: 'example.com/v1', kind: 'Gizmo' }, false, 'none', 'there is no Gizmo'],
    [
      'a kind that is not served, absent',
      { apiVersion: 'example.com/v1', kind: 'Gizmo', absent: true },
      true,
      'none',
      undefined,
    ],
  ])('%s', async (_, check, passed, seen, because) => {
    expect(await checksOf(object(check))).toMatchObject({ passed, seen, ...(because ? { because } : {}) })
  })
})

describe('feedback for a known mistake', () => {
  const mistakes = (more: object) => [{ id: 'm', fails: 'closed', feedback: 'You did m.', ...more }]
  const steps = (mistake: object) => [
    { id: 'one', checks: [request('closed', 'a/web', 'http://api.a/', 'refused')], mistakes: mistakes(mistake) },
  ]
  const manifest = (clusterIP: string) =>
    `{apiVersion: v1, kind: Service, metadata: {name: other, namespace: a}, spec: {ports: [{port: 80, targetPort: http, name: http}], clusterIP: ${clusterIP}, selector: {app: web}}}`
  const sign = { apiVersion: 'v1', kind: 'Service', name: 'gone' }
  test.each<[what: string, mistake: object, feedback: string | undefined]>([
    ['its manifest is there, under another name', { apply: manifest('10.1.0.1') }, 'You did m.'],
    ['its manifest is not there', { apply: manifest('10.9.9.9') }, undefined],
    ['its signs hold', { apply: { run: ['kubectl delete pod x'] }, signs: [sign] }, 'You did m.'],
    ['one of its signs does not', { apply: manifest('10.1.0.1'), signs: [sign, { ...sign, name: 'x' }] }, undefined],
    ['commands without signs', { apply: { run: ['kubectl delete pod x'] } }, undefined],
    ['another check failed', { apply: manifest('10.1.0.1'), fails: 'other' }, undefined],
  ])('%s', async (_, mistake, feedback) => {
    const { report } = await run(steps(mistake))
    expect(report.steps[0]!.checks[0]!.feedback).toBe(feedback)
  })
})
