/**
 * A course by keys alone: scenarios are found in the picker and opened, each step's solution is saved by an editor, each
 * pass leads on with `n`, and in the end the picker says that the scenario is done. Three scenarios whose steps a file can
 * solve, and the tour, whose commands are typed in the lab's shell where there is a kubectl; what they teach is proven by
 * `verify`, here it is the way through the screens.
 */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/content/load.ts'
import type { Scenario, ScenarioStep } from '../../src/content/schema.ts'
import type { CourseReport } from '../../src/report/course.ts'
import { findProgram } from '../../src/shell/find.ts'
import { runCli } from './io.ts'
import { startInTerminal } from './terminal.ts'

/** What the editor saves. */
const manifestOf = ({ solution }: ScenarioStep): string =>
  typeof solution === 'string' ? solution : (solution.apply ?? '')

/** Steps that an editor alone can solve; others need kubectl, which a machine may not have. */
const isEditable = ({ spec }: Scenario): boolean =>
  spec.steps.every((step) => {
    const { solution } = step
    return typeof solution === 'string' || (solution.delete === undefined && (solution.run ?? []).length === 0)
  })

/** Steps that are solved by commands alone, to be typed in the lab's shell. */
const commandsOf = ({ solution }: ScenarioStep): string[] =>
  typeof solution === 'string' || solution.apply !== undefined ? [] : (solution.run ?? [])

const { items } = await loadCatalogue()
const editable = items.map(({ scenario }) => scenario).filter(isEditable)

test('there are scenarios to play', () => {
  expect(editable.length).toBeGreaterThanOrEqual(2)
})

const tour = items.map(({ scenario }) => scenario).find(({ metadata }) => metadata.name === 'istio-tour')!
const hasKubectl = findProgram('kubectl', process.env) !== undefined
test.skipIf(hasKubectl)('the tour is not played: it needs kubectl, and this machine has none', () => {})
const played = [...editable.slice(0, 3), ...(hasKubectl ? [tour] : [])]

test.each(played.map((scenario) => [scenario.metadata.name, scenario] as const))(
  '%s, from the picker to the farewell',
  async (name, scenario) => {
    const home = mkdtempSync(join(tmpdir(), 'course-'))
    const solutions = join(home, 'solutions')
    mkdirSync(solutions)
    for (const step of scenario.spec.steps) writeFileSync(join(solutions, step.id), manifestOf(step))
    // The file to edit lies in a folder that is named after its step.
    const editor = join(home, 'editor')
    writeFileSync(editor, `#!/bin/sh\ncat "${solutions}/$(basename "$(dirname "$1")")" > "$1"\n`)
    chmodSync(editor, 0o755)
    const env = { HOME: home, MESHDOJO_HOME: join(home, 'state'), EDITOR: editor }

    const terminal = startInTerminal([], env, [120, 40])
    await terminal.shows(/q quit/)
    terminal.press('/')
    await terminal.shows(/filter: _/)
    for (const key of name) terminal.press(key)
    await terminal.shows(new RegExp(`filter: ${name}_`))
    terminal.press('\r')
    await terminal.shows(/enter start/)
    terminal.press('\r')
    const all = scenario.spec.steps.length
    for (const [index, step] of scenario.spec.steps.entries()) {
      await terminal.shows(new RegExp(`step ${index + 1}/${all} +\\d+/\\d+ checks`))
      await terminal.shows(/\[FAIL\]/)
      const commands = commandsOf(step)
      if (commands.length === 0) terminal.press('e')
      else {
        terminal.press('!')
        await terminal.shows(/\(meshdojo [^)]*\)/)
        for (const command of [...commands, 'exit']) terminal.press(`${command}\r`)
      }
      const count = step.checks.length
      await terminal.shows(new RegExp(`${count}/${count} checks`))
      await terminal.shows(/n (next step|finish)/)
      terminal.press('n')
    }
    await terminal.shows(new RegExp(`${scenario.metadata.title}: done`))
    await terminal.shows(/no hints, no solution looked/)
    terminal.press('q')
    await terminal.shows(/1 of \d+ scenarios? done/)
    terminal.press('q')
    await terminal.shows(/y yes/)
    terminal.press('y')
    expect((await terminal.ended).exitCode).toBe(0)

    const report = JSON.parse((await runCli(['report', name, '--format', 'json'], env)).stdout) as CourseReport
    expect(report.scenarios).toMatchObject([{ name, state: 'done', hints: 0, solutions: 0 }])
    for (const [index, { tries, evidence }] of report.scenarios[0]!.steps.entries()) {
      expect(tries).toBeGreaterThanOrEqual(1)
      expect(evidence!.checks).toHaveLength(scenario.spec.steps[index]!.checks.length)
      expect(evidence!.objects).not.toEqual([])
    }
  },
)
