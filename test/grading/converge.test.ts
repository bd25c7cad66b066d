/** A mesh that takes its time: what the objects say is seen only after some probes. */
import { describe, expect, test } from 'vitest'
import { type Scenario, scenarioSchema } from '../../src/content/schema.ts'
import { grade } from '../../src/grading/grade.ts'
import type { CheckResult } from '../../src/grading/report.ts'
import { clusterOf, denied, forwarded, httpAnswer, meshOf, shop } from './fixture.ts'

const scenarioWith = (expectation: unknown): Scenario =>
  scenarioSchema.parse({
    apiVersion: 'meshdojo.dev/v1',
    kind: 'Scenario',
    metadata: { name: 's', title: 'S', mesh: 'istio', minutes: 1, difficulty: 'easy' },
    spec: {
      lab: 'l',
      steps: [
        {
          ...{ id: 'one', title: 't', task: 't', hints: ['h'], solution: 's', explanation: 'e' },
          checks: [{ id: 'c', says: 'c', request: { from: 'a/web', to: 'http://api.a/', expect: expectation } }],
        },
      ],
    },
  })

const echo = (mtls: boolean): string =>
  httpAnswer(200, JSON.stringify({ path: '/', headers: mtls ? { 'x-forwarded-client-cert': 'URI=spiffe://t/x' } : {} }))
const refusedByPolicy = httpAnswer(403, 'RBAC: access denied')

interface Given {
  /** What the objects say. */
  predicted: ReturnType<typeof denied>
  expects: unknown
  /** One after the other; the last one for good. */
  answers: string[]
  seconds?: number
}
const run = async ({ predicted, expects, answers, seconds = 30 }: Given) => {
  let sent = 0
  const pauses: number[] = []
  const cluster = clusterOf(shop, () => [0, answers[Math.min(sent++, answers.length - 1)]!])
  const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds)
  const mesh = meshOf({ 'a/web': predicted })
  const report = await grade({ cluster, mesh, scenario: scenarioWith(expects) }, { converge: { seconds, pause } })
  return { check: report.steps[0]!.checks[0] as CheckResult, sent, waited: pauses.reduce((sum, each) => sum + each, 0) }
}
const no = denied('policy p says no')
const yes = (transport: 'mtls' | 'plaintext' = 'mtls') => forwarded(transport, 'policy p says yes')

describe('polls only while what is seen is not what the objects say', () => {
  test.each<[string, Given, { passed: boolean; sent: number }]>([
    [
      'agreed and right: at once',
      { predicted: no, expects: 'denied', answers: [refusedByPolicy] },
      { passed: true, sent: 1 },
    ],
    [
      'agreed and wrong is "no": at once',
      { predicted: yes(), expects: 'denied', answers: [echo(true)] },
      { passed: false, sent: 1 },
    ],
    [
      'a denial that arrives late passes once it is there',
      { predicted: no, expects: 'denied', answers: [echo(true), echo(true), refusedByPolicy] },
      { passed: true, sent: 3 },
    ],
    [
      'what is still denied by the policy of before does not pass',
      { predicted: yes(), expects: 'denied', answers: [refusedByPolicy, echo(true)] },
      { passed: false, sent: 2 },
    ],
    [
      'mTLS that arrives late',
      { predicted: yes(), expects: { status: 200, mtls: true }, answers: [echo(false), echo(true)] },
      { passed: true, sent: 2 },
    ],
    [
      'the application’s own error is no disagreement',
      { predicted: yes(), expects: { status: 200 }, answers: [httpAnswer(500, '{"path":1}')] },
      { passed: false, sent: 1 },
    ],
    [
      'what is not modelled cannot be waited for',
      {
        predicted: { ...no, outcome: 'unknown', effect: undefined },
        expects: 'denied',
        answers: [echo(true), refusedByPolicy],
      },
      { passed: false, sent: 1 },
    ],
  ])('%s', async (_, given, { passed, sent }) => {
    const seen = await run(given)
    expect([seen.check.passed, seen.sent, seen.check.notYet]).toEqual([passed, sent, undefined])
  })

  test('when the time is over it is "not yet", with both, and never feedback for a mistake', async () => {
    const { check, waited, sent } = await run({ predicted: no, expects: 'denied', answers: [echo(true)], seconds: 10 })
    expect(check).toMatchObject({ passed: false, notYet: true, seen: '200' })
    expect(check.because).toMatch(
      /^not yet: after \d+ s the probe still saw 200, but it should be denied with 403: policy p says no$/,
    )
    expect(waited).toBeLessThanOrEqual(10_000)
    expect(sent).toBeLessThan(12)
  })
})

test('without a time to wait, as on the embedded cluster, nothing is sent twice', async () => {
  let sent = 0
  const cluster = clusterOf(shop, () => {
    sent++
    return [0, echo(true)]
  })
  await grade({ cluster, mesh: meshOf({ 'a/web': no }), scenario: scenarioWith('denied') })
  expect(sent).toBe(1)
})
