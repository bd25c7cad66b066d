/**
 * A scenario by keys alone, as somebody plays it who knows the answers: found in the picker, each step's manifests saved
 * by an editor, its commands typed in the lab's shell, each pass led on with `n`, until the farewell.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { partsOf } from '../../src/content/change.ts'
import type { Scenario, ScenarioStep } from '../../src/content/schema.ts'
import type { Screen } from './terminal.ts'

/** What is typed for a step whose solution also deletes, which kubectl does by a file of its own. */
const commandsOf = ({ solution }: ScenarioStep): string[] => {
  const { delete: removed, run = [] } = partsOf(solution)
  return [
    ...(removed === undefined ? [] : [`kubectl delete -f - <<'END'\r${removed.trim().replaceAll('\n', '\r')}\rEND`]),
    ...run,
  ]
}

/** Needs kubectl; other scenarios need an editor only. */
export const isTyped = ({ spec }: Scenario): boolean => spec.steps.some((step) => commandsOf(step).length > 0)

/** Writes each step's manifests below `folder`, and gives the shell's line that saves them: `$1` is the step's file. */
export const savingSolutions = (folder: string, steps: readonly ScenarioStep[]): string => {
  const solutions = join(folder, 'solutions')
  mkdirSync(solutions, { recursive: true })
  for (const step of steps) writeFileSync(join(solutions, step.id), partsOf(step.solution).apply ?? '')
  // The file to edit lies in a folder that is named after its step.
  return `cat "${solutions}/$(basename "$(dirname "$1")")" > "$1"`
}

/** An editor that saves each step's manifests. */
export const editorWithSolutions = (folder: string, { spec }: Scenario): string => {
  const editor = join(folder, 'editor')
  writeFileSync(editor, `#!/bin/sh\n${savingSolutions(folder, spec.steps)}\n`, { mode: 0o755 })
  return editor
}

/** Proxies are made anew, windows of a rate limit go by. Milliseconds. */
const aStepTakes = 120_000

const playStep = async ({ press, until }: Screen, step: ScenarioStep, place: string): Promise<void> => {
  await until(new RegExp(`step ${place} +\\d+/\\d+ checks`))
  await until('[FAIL]')
  if (partsOf(step.solution).apply !== undefined) {
    await until('not edited yet')
    press('e')
    await until((text) => text.includes('? help') && !text.includes('not edited yet'))
  }
  const commands = commandsOf(step)
  if (commands.length > 0) {
    press('!')
    await until(/\(meshdojo [^)]*\)/)
    // The next shell's prompt must not be taken for this one's, which is still there behind the full screen.
    for (const command of [...commands, "printf '\\033[2J'; exit"]) press(`${command}\r`)
  }
  const count = step.checks.length
  await until(new RegExp(`${count}/${count} checks`), aStepTakes)
  await until(/n (next step|finish)/)
  press('n')
}

/** From the picker to the farewell, in a window of 120x40; rejects with what the screen shows when it does not go on. */
export const playScenario = async (screen: Screen, { metadata, spec }: Scenario): Promise<void> => {
  const { press, until } = screen
  await until('q quit')
  press('/')
  await until('filter: _')
  for (const key of metadata.name) press(key)
  await until(`filter: ${metadata.name}_`)
  press('enter')
  await until('enter start')
  press('enter')
  for (const [index, step] of spec.steps.entries()) await playStep(screen, step, `${index + 1}/${spec.steps.length}`)
  await until(`${metadata.title}: done`)
  await until('no hints, no solution looked')
}
