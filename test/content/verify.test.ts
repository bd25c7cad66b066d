import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { labObjects, loadScenario } from '../../src/content/load.ts'
import { type OpenedLab, type OpenLab, verifyScenario } from '../../src/content/verify.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { createClient } from '../../src/kube/client.ts'

let root: string
let opened = 0
let closed = 0
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'verify-'))
  opened = 0
  closed = 0
})
afterEach(() => rmSync(root, { recursive: true }))

/** Whether labs can be saved: every claim is proven both ways. */
let saves = false

const labOf = ({ cluster, save, stop }: EmbeddedCluster): OpenedLab => {
  opened++
  return {
    cluster,
    ...(saves
      ? {
          save: () => {
            const snapshot = save()
            return async () => labOf(await createEmbeddedCluster({ snapshot }))
          },
        }
      : {}),
    close: async () => {
      closed++
      stop()
    },
  }
}
const openLab: OpenLab = async (item) => {
  const embedded = await createEmbeddedCluster()
  await createClient(embedded.cluster).apply(await labObjects(item))
  return labOf(embedded)
}

/** A Service whose label `v` is what checks ask for. */
const thing = (name: string, v: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: a, labels: {v: "${v}"}}\nspec: {ports: [{port: 80}]}\n`
const check = (id: string, name: string, v: string) => ({
  id,
  says: id,
  object: { apiVersion: 'v1', kind: 'Service', namespace: 'a', name, where: `object.metadata.labels.v == '${v}'` },
})
interface Step {
  id: string
  checks: object[]
  solution: unknown
  mistakes?: { id: string; apply: unknown; fails: string; feedback: string }[]
  alternatives?: { id: string; apply: unknown }[]
  equivalents?: { mutant: string; because: string }[]
}
const mistake = (id: string, apply: unknown, fails = 'one') => ({ id, apply, fails, feedback: `feedback of ${id}` })

/** Writes a scenario of these steps and gives its proofs as `step: claim [mistake] ok|why not`. */
const verify = async (steps: Step[], world = '', spec: { mutants?: boolean; setup?: string } = {}) => {
  const write = (name: string, text: string) => {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const matrix = { sources: [], targets: [] }
  const lab = {
    metadata: { name: 'tiny', title: 'T', mesh: 'istio' },
    spec: { says: 's', manifests: ['w.yaml'], matrix },
  }
  write('labs/tiny/lab.yaml', JSON.stringify({ apiVersion: 'meshdojo.dev/v1', kind: 'Lab', ...lab }))
  write('labs/tiny/w.yaml', `apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n${world}`)
  const metadata = { name: 'tiny-one', title: 'T', mesh: 'istio', minutes: 1, difficulty: 'easy' }
  const full = steps.map((step) => ({ title: 't', task: 't', hints: ['h'], explanation: 'e', ...step }))
  const scenario = {
    apiVersion: 'meshdojo.dev/v1',
    kind: 'Scenario',
    metadata,
    spec: { lab: 'tiny', ...(spec.setup ? { setup: spec.setup } : {}), steps: full },
  }
  write('scenarios/istio/01/scenario.yaml', JSON.stringify(scenario))
  const proofs = await verifyScenario(await loadScenario(join(root, 'scenarios/istio/01')), {
    openLab,
    timeout: 10_000,
    ...(spec.mutants ? { mutants: true } : {}),
  })
  expect(closed).toBe(opened)
  return proofs.map(({ step, claim, mistake: id, alternative, mutant, count, passed, says, recognised }) =>
    [
      [`${step}: ${claim}`, id, alternative, mutant, count].filter((part) => part !== undefined).join(' '),
      passed ? 'ok' : says,
      ...(recognised ? ['recognised'] : []),
    ].join(' | '),
  )
}

const first: Step = {
  id: 'first',
  checks: [check('one', 'x', '1')],
  solution: thing('x', '1'),
  mistakes: [mistake('wrong-value', thing('x', '2')), mistake('wrong-name', thing('q', '1'))],
}
const second: Step = { id: 'second', checks: [check('two', 'z', '1')], solution: thing('z', '1') }

describe.each([false, true])('sound content, on labs that can be saved: %s', (can) => {
  beforeEach(() => {
    saves = can
  })
  test('every claim is proven, in one cluster', async () => {
    expect(await verify([first, second])).toEqual([
      'first: starts unsolved | ok',
      'first: mistake is caught wrong-value | ok | recognised',
      'first: mistake is caught wrong-name | ok | recognised',
      'first: solution passes | ok',
      'second: starts unsolved | ok',
      'second: solution passes | ok',
      'second: earlier steps still pass | ok',
    ])
    expect(opened).toBe(1)
  })

  test('a mistake made by commands is taken back with a fresh cluster, in which earlier steps are solved', async () => {
    const commands = {
      ...second,
      mistakes: [mistake('by-command', { run: ['kubectl label service x -n a w=1'] }, 'two')],
    }
    expect(await verify([first, commands])).toContain('second: mistake is caught by-command | ok')
    expect(opened).toBe(2)
  })

  test('a solution may delete and run commands', async () => {
    const solution = { delete: thing('old', '1'), run: ['kubectl label service x -n a v=1 --overwrite'] }
    const gone = {
      id: 'gone',
      says: 'gone',
      object: { apiVersion: 'v1', kind: 'Service', namespace: 'a', name: 'old', absent: true },
    }
    const step = { id: 'first', checks: [check('one', 'x', '1'), gone], solution }
    expect(await verify([step], `${thing('old', '1')}---\n${thing('x', '0')}`)).toEqual([
      'first: starts unsolved | ok',
      'first: solution passes | ok',
    ])
  })
})

describe('planted defects', () => {
  test('a step that starts solved', async () => {
    expect(await verify([first], thing('x', '1'))).toContain(
      'first: starts unsolved | all its checks pass before anything is done',
    )
  })

  test('a solution that does not pass ends the scenario', async () => {
    expect(await verify([{ ...first, solution: thing('x', '3'), mistakes: [] }, second])).toEqual([
      'first: starts unsolved | ok',
      'first: solution passes | one: expected Service x in a with the content asked for, saw a/x, other content (a/x is there, but its content is not what is asked for)',
    ])
  })

  test('a solution that the server refuses', async () => {
    const solution = thing('Not_a_name', '1')
    expect((await verify([{ ...first, mistakes: [], solution }]))[1]).toMatch(
      /^first: solution passes \| it could not be applied: .*Not_a_name/,
    )
  })

  test('a mistake that no check catches', async () => {
    const harmless = mistake('harmless', thing('x', '1'))
    expect(await verify([{ ...first, mistakes: [harmless] }])).toContain(
      'first: mistake is caught harmless | check one passes all the same: saw a/x',
    )
  })

  test('a mistake for a check that is not there', async () => {
    expect(await verify([{ ...first, mistakes: [mistake('lost', thing('q', '1'), 'nowhere')] }])).toContain(
      'first: mistake is caught lost | there is no check "nowhere"',
    )
  })

  test('a mistake that cannot be made', async () => {
    const proofs = await verify([{ ...first, mistakes: [mistake('refused', thing('Not_a_name', '1'))] }])
    expect(proofs[1]).toMatch(/^first: mistake is caught refused \| it could not be made: .*Not_a_name/)
    expect(proofs).toContain('first: solution passes | ok')
  })

  test('a check that cannot be decided catches nothing', async () => {
    const undecidable = { id: 'two', says: 's', object: { apiVersion: 'v1', kind: 'Service', where: 'object. ==' } }
    const step = { ...first, checks: [...first.checks, undecidable], mistakes: [mistake('m', thing('q', '1'), 'two')] }
    expect((await verify([step]))[1]).toMatch(/^first: mistake is caught m \| check two could not be decided: /)
  })

  test('a later solution that breaks an earlier step', async () => {
    const spoiling = { ...second, solution: `${thing('z', '1')}---\n${thing('x', '9')}` }
    const proofs = await verify([{ ...first, mistakes: [] }, spoiling])
    expect(proofs.at(-1)).toMatch(
      /^second: earlier steps still pass \| first: one: expected .* saw a\/x, other content/,
    )
  })

  test('a mistake is taken back before the next one is made', async () => {
    const mistakes = [mistake('a', `${thing('x', '2')}---\n${thing('x', '1')}`), mistake('b', thing('q', '1'))]
    expect(await verify([{ ...first, mistakes }])).toEqual([
      'first: starts unsolved | ok',
      'first: mistake is caught a | check one passes all the same: saw a/x',
      'first: mistake is caught b | ok | recognised',
      'first: solution passes | ok',
    ])
  })
})

describe('other right answers', () => {
  const alternatives = [{ id: 'by-command', apply: { run: ['kubectl label service x -n a v=1 --overwrite'] } }]
  const step = { ...first, mistakes: [], solution: thing('x', '1'), alternatives }

  test('pass, and are taken back', async () => {
    expect(await verify([step, second], thing('x', '0'))).toEqual([
      'first: starts unsolved | ok',
      'first: alternative passes by-command | ok',
      'first: solution passes | ok',
      'second: starts unsolved | ok',
      'second: solution passes | ok',
      'second: earlier steps still pass | ok',
    ])
  })

  test('that do not pass, or break an earlier step, are told', async () => {
    const spoiling = {
      ...second,
      alternatives: [
        { id: 'wrong', apply: thing('z', '2') },
        { id: 'spoiling', apply: `${thing('z', '1')}---\n${thing('x', '2')}` },
        { id: 'refused', apply: thing('Not_a_name', '1') },
      ],
    }
    const proofs = await verify([{ ...first, mistakes: [] }, spoiling])
    expect(proofs.slice(3, 6)).toEqual([
      expect.stringMatching(/^second: alternative passes wrong \| two: expected/),
      expect.stringMatching(/^second: alternative passes spoiling \| first no longer passes: one: expected/),
      expect.stringMatching(/^second: alternative passes refused \| it could not be made: .*Not_a_name/),
    ])
  })
})

describe('mutants', () => {
  const exact = {
    ...first,
    mistakes: [],
    solution: thing('x', '1').replace('labels: {v: "1"}', 'labels: {v: "1", w: "1"}'),
  }
  const mutant = 'Service a/x: drop metadata.labels.w'

  test('that pass are holes', async () => {
    const proofs = await verify([exact], '', { mutants: true })
    expect(proofs).toContain(
      `first: mutant fails ${mutant} | it passes: add or sharpen a check, or list it under equivalents with the reason`,
    )
    expect(proofs.filter((proof) => proof.includes('labels.v'))).toEqual([])
  })

  test('that are listed with a reason are none', async () => {
    const equivalents = [
      'Service a/x: * metadata.labels.w',
      'Service a/x: metadata.labels.w: *',
      'Service a/x: *spec.ports*',
    ]
    const step = { ...exact, equivalents: equivalents.map((each) => ({ mutant: each, because: 'not asked for' })) }
    const proofs = await verify([step], '', { mutants: true })
    expect(proofs.slice(1, -1)).toEqual([expect.stringMatching(/^first: mutants fail \d+ \| ok$/)])
  })

  test('that are listed and are caught, or do not exist, are told', async () => {
    const equivalents = [
      { mutant: 'Service a/x: drop metadata.labels', because: 'r' },
      { mutant: 'Service a/nothing: *', because: 'r' },
    ]
    const proofs = await verify([{ ...first, mistakes: [], equivalents }], '', { mutants: true })
    expect(proofs).toEqual(
      expect.arrayContaining([
        'first: equivalent passes Service a/x: drop metadata.labels | a check catches it: take it off the list of equivalents',
        'first: equivalent passes Service a/nothing: * | there is no such mutant: take it off the list of equivalents',
      ]),
    )
  })

  test('an earlier step that breaks is caught too', async () => {
    const both = { ...second, solution: `${thing('z', '1')}---\n${thing('x', '1')}` }
    const proofs = await verify([{ ...first, mistakes: [] }, both], '', { mutants: true })
    expect(proofs.filter((proof) => /^second: mutant fails Service a\/x: metadata.labels/.test(proof))).toEqual([])
  })
})

test('a scenario’s setup lies on top of the lab and replaces what has the same name', async () => {
  const proofs = await verify([first], thing('x', '1'), { setup: thing('x', '0') })
  expect(proofs.slice(0, 2)).toEqual([
    'first: starts unsolved | ok',
    'first: mistake is caught wrong-value | ok | recognised',
  ])
})
