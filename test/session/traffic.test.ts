import { describe, expect, test } from 'vitest'
import { labSchema, type ScenarioStep, scenarioSchema } from '../../src/content/schema.ts'
import { worldOf } from '../../src/grading/world.ts'
import type { Verdict } from '../../src/meshes/verdict.ts'
import { pairChecks } from '../../src/session/goals.ts'
import { createTraffic } from '../../src/session/traffic.ts'
import type { Matrix } from '../../src/session/types.ts'
import { type Curl, clusterOf, denied, forwarded, httpAnswer, meshOf, shop } from '../grading/fixture.ts'

const check = (id: string, request: object) => ({ id, says: id, request })
const stepOf = (id: string, ...checks: object[]) => ({
  id,
  title: id,
  task: 'Do it.',
  hints: ['Look.'],
  checks,
  solution: 'x',
  explanation: 'x',
})

const scenario = scenarioSchema.parse({
  apiVersion: 'meshdojo.dev/v1',
  kind: 'Scenario',
  metadata: { name: 'demo', title: 'Demo', mesh: 'istio', minutes: 5, difficulty: 'easy' },
  spec: {
    lab: 'demo-lab',
    steps: [
      stepOf(
        'first',
        check('old-out', { from: 'b/old', to: 'http://api.a.svc.cluster.local/', expect: 'denied' }),
        check('web-in', { from: 'a/web', to: 'http://api.a/', expect: { status: 200 } }),
      ),
      stepOf('second', check('web-encrypted', { from: 'a/web', to: 'http://api.a:80/', expect: { mtls: true } })),
    ],
  },
})
const lab = labSchema.parse({
  apiVersion: 'meshdojo.dev/v1',
  kind: 'Lab',
  metadata: { name: 'demo-lab', title: 'Demo lab', mesh: 'istio' },
  spec: {
    says: 'A lab.',
    manifests: ['a.yaml'],
    matrix: { sources: ['a/web', 'b/old'], targets: [{ name: 'api', url: 'http://api.a/' }] },
  },
})
const [first, second] = scenario.spec.steps as [ScenarioStep, ScenarioStep]

const answers: Curl = (pod) => (pod.startsWith('old') ? [56, ''] : [0, httpAnswer(200, 'hello')])
const letters = ({ cells }: Matrix) =>
  cells.flat().map(({ letter, changed, wrong }) => letter + (wrong ? '!' : changed ? '*' : ''))

const begin = (cluster = clusterOf(shop, answers)) => {
  const traffic = createTraffic(cluster, lab, scenario)
  const told: Matrix[] = []
  return {
    ran: cluster.ran,
    told,
    traffic,
    graded: (old: Verdict, step = first) =>
      traffic.graded(worldOf(shop, meshOf({ 'a/web': forwarded('mtls', 'may'), 'b/old': old })), step, []),
    observe: (signal = new AbortController().signal) => traffic.observe(signal, (matrix) => told.push(matrix)),
  }
}

describe('the map', () => {
  test('is predicted at first, at no cost, and then as probes saw it, with both sides where they disagree', async () => {
    const { graded, observe, told, ran } = begin()
    const predicted = graded(denied('old may not'))
    expect([letters(predicted), predicted.pending, ran]).toEqual([['M', 'x'], 2, []])
    expect(predicted.cells.flat().every(({ observed }) => !observed)).toBe(true)
    await observe()
    const seen = told.at(-1)!
    expect([letters(seen), seen.pending]).toEqual([['M', 'r'], 0])
    expect(seen.cells[1]![0]).toMatchObject({ observed: true, disagrees: expect.stringContaining('old may not') })
    expect(seen.cells[0]![0]).not.toHaveProperty('disagrees')
  })

  test('a pair is probed again when the engine says something else of it, and when the learner asks', async () => {
    const { graded, observe, told, traffic, ran } = begin()
    graded(denied('old may not'))
    await observe()
    const probes = ran.length
    graded(denied('old may not'))
    await observe()
    expect([ran.length, told.length]).toEqual([probes, 1])
    const changed = graded(forwarded('plaintext', 'everybody may'))
    expect([letters(changed), changed.pending]).toEqual([['M', 'P*'], 1])
    ran.length = 0
    await observe()
    expect(ran.map((line) => line.split('-')[0])).toEqual(['old'])
    // The probe saw what was seen before: nothing has changed after all.
    expect(letters(told.at(-1)!)).toEqual(['M', 'r'])
    traffic.forget('all')
    ran.length = 0
    await observe()
    expect(new Set(ran.map((line) => line.split('-')[0]))).toEqual(new Set(['web', 'old']))
  })

  test('where the engine can say nothing, any change of the learner may matter', async () => {
    const unknown: Verdict = { outcome: 'unknown', transport: 'none', because: 'spec.x is not modelled', steps: [] }
    const { graded, observe, told, traffic } = begin()
    expect(letters(graded(unknown))).toEqual(['M', '?'])
    await observe()
    expect(letters(told.at(-1)!)).toEqual(['M', 'r'])
    traffic.forget('unpredicted')
    expect(graded(unknown).pending).toBe(1)
  })

  test('a probe that cannot run leaves the prediction and says so', async () => {
    const { graded, observe, told } = begin({
      ...clusterOf(shop, answers),
      exec: async (_target, _argv, { stderr }) => {
        stderr?.(new TextEncoder().encode('curl: executable file not found in $PATH'))
        return { exitCode: 127 }
      },
    })
    graded(denied('old may not'))
    await observe()
    expect(told.at(-1)!.cells[1]![0]).toMatchObject({
      letter: 'x',
      observed: false,
      disagrees: expect.stringContaining('no curl'),
    })
  })

  test('probing ends when it is told to, and what comes in late counts for nothing', async () => {
    const { graded, observe, told } = begin()
    graded(denied('old may not'))
    const controller = new AbortController()
    const observing = observe(controller.signal)
    controller.abort()
    await observing.catch(() => {})
    expect(told).toEqual([])
  })

  test('the last change stays marked while nothing changes', () => {
    const { graded } = begin()
    graded(denied('no'))
    graded(forwarded('plaintext', 'yes'))
    expect(letters(graded(forwarded('plaintext', 'yes, for another reason')))).toEqual(['M', 'P*'])
  })

  test('a failing check marks its pair wrong; one that could not be decided does not', () => {
    const { traffic } = begin()
    const world = worldOf(shop, meshOf({ 'a/web': forwarded('mtls', 'may'), 'b/old': forwarded('plaintext', 'may') }))
    const result = { id: 'old-out', says: '', passed: false, expected: '', seen: '' }
    const report = (undecided: boolean) => [{ id: 'first', passed: false, checks: [{ ...result, undecided }] }]
    expect(letters(traffic.graded(world, first, report(false)))).toEqual(['M', 'P!'])
    expect(letters(traffic.graded(world, first, report(true)))).toEqual(['M', 'P'])
  })
})

describe('goals', () => {
  const goalOf = (request: object) =>
    [
      ...pairChecks([
        scenarioSchema.parse({
          ...scenario,
          spec: {
            ...scenario.spec,
            steps: [stepOf('s', check('c', { from: 'a/web', to: 'http://api.a/', ...request }))],
          },
        }).spec.steps[0]!,
      ]).values(),
    ][0]?.goal?.letter

  test.each([
    ['denied', 'x'],
    ['refused', 'r'],
    ['dropped', '~'],
    [{ outcome: ['denied', 'refused'] }, '-'],
    [{ outcome: ['denied', 'ok'] }, undefined],
    [{ status: 200 }, '+'],
    [{ status: 200, mtls: true }, 'M'],
    [{ mtls: false }, 'P'],
    [{ status: 404 }, undefined],
    [{ body: 'hello' }, undefined],
  ])('%j is %s', (expect_, letter) => {
    expect(goalOf({ expect: expect_ })).toBe(letter)
  })

  test('another method is about another request', () => {
    expect(goalOf({ method: 'POST', expect: 'denied' })).toBeUndefined()
  })

  test('a later step speaks last, and URLs that mean the same are the same', () => {
    const goals = pairChecks([first, second])
    expect([...goals].map(([key, { check: id, goal }]) => [key, id, goal?.letter])).toEqual([
      ['b/old http://api.a:80/', 'old-out', 'x'],
      ['a/web http://api.a:80/', 'web-encrypted', 'M'],
    ])
  })
})
