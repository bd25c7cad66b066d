/**
 * A course by keys alone: scenarios are found in the picker and opened, each step's solution is saved by an editor, each
 * pass leads on with `n`, and in the end the picker says that the scenario is done. Three scenarios whose steps a file can
 * solve; what they teach is proven by `verify`, here it is the way through the screens.
 */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/content/load.ts'
import type { Scenario, ScenarioStep } from '../../src/content/schema.ts'
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

const { items } = await loadCatalogue()
const editable = items.map(({ scenario }) => scenario).filter(isEditable)

test('there are scenarios to play', () => {
  expect(editable.length).toBeGreaterThanOrEqual(2)
})

test.each(editable.slice(0, 3).map((scenario) => [scenario.metadata.name, scenario] as const))(
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
      terminal.press('e')
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
  },
)
