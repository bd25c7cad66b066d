/**
 * A course by keys alone: scenarios are found in the picker and opened, each step's solution is saved by an editor or typed
 * in the lab's shell, each pass leads on with `n`, and in the end the picker says that the scenario is done. Some of each
 * kind are played; `npm run play` plays them all. What they teach is proven by `verify`, here it is the way through the
 * screens.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { editorWithSolutions, isTyped, playScenario } from '../../scripts/lib/play.ts'
import { startProgram } from '../../scripts/lib/terminal.ts'
import { loadCatalogue } from '../../src/content/load.ts'
import type { CourseReport } from '../../src/report/course.ts'
import { findProgram } from '../../src/shell/find.ts'
import { runCli } from './io.ts'
import { program } from './terminal.ts'

const { items } = await loadCatalogue()
const scenarios = items.map(({ scenario }) => scenario)
const edited = scenarios.filter((scenario) => !isTyped(scenario)).slice(0, 3)
test('there are scenarios to play', () => expect(edited).toHaveLength(3))

/** The tour is commands and a file, the other one both of them in one step. */
const typed = scenarios.filter(({ metadata }) => ['istio-tour', 'istio-no-such-host'].includes(metadata.name))
const hasKubectl = findProgram('kubectl', process.env) !== undefined
test.skipIf(hasKubectl)('what needs kubectl is not played: this machine has none', () => {})
const played = [...edited, ...(hasKubectl ? typed : [])]

test.each(played.map((scenario) => [scenario.metadata.name, scenario] as const))(
  '%s, from the picker to the farewell',
  async (name, scenario) => {
    const home = mkdtempSync(join(tmpdir(), 'course-'))
    const env = {
      HOME: home,
      MESHDOJO_HOME: join(home, 'state'),
      EDITOR: editorWithSolutions(home, scenario),
      SHELL: '/bin/sh',
    }
    const screen = startProgram([process.execPath, program], { columns: 120, rows: 40, env })
    onTestFinished(() => screen.stop())

    await playScenario(screen, scenario)
    screen.press('q')
    await screen.until(/1 of \d+ scenarios? done/)
    screen.press('q')
    await screen.until('y yes')
    screen.press('y')
    expect((await screen.exit).exitCode).toBe(0)

    const report = JSON.parse((await runCli(['report', name, '--format', 'json'], env)).stdout) as CourseReport
    expect(report.scenarios).toMatchObject([{ name, state: 'done', hints: 0, solutions: 0 }])
    for (const [index, { tries, evidence }] of report.scenarios[0]!.steps.entries()) {
      expect(tries).toBeGreaterThanOrEqual(1)
      expect(evidence!.checks).toHaveLength(scenario.spec.steps[index]!.checks.length)
      expect(evidence!.objects).not.toEqual([])
    }
  },
)
