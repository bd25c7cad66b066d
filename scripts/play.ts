/**
 * `npm run play [-- name…]`: plays scenarios through the terminal UI with keys alone, all of them where none is named, and
 * prints how long each took. Ends with 1 when one could not be played to its farewell, and shows where it stopped.
 * `verify` proves that solutions are right; this proves that the screens lead there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCatalogue } from '../src/content/load.ts'
import type { Scenario } from '../src/content/schema.ts'
import { editorWithSolutions, playScenario } from './lib/play.ts'
import { startProgram } from './lib/terminal.ts'

const program = fileURLToPath(new URL('../bin/meshdojo.js', import.meta.url))

/** Seconds. Rejects with what the screen shows when it does not go on. */
const play = async (scenario: Scenario): Promise<number> => {
  const home = mkdtempSync(join(tmpdir(), 'play-'))
  const screen = startProgram([process.execPath, program], {
    columns: 120,
    rows: 40,
    cwd: home,
    env: {
      HOME: home,
      MESHDOJO_HOME: join(home, 'state'),
      EDITOR: editorWithSolutions(home, scenario),
      SHELL: '/bin/sh',
      NO_PROXY: '127.0.0.1',
    },
  })
  const start = performance.now()
  try {
    await playScenario(screen, scenario)
    return (performance.now() - start) / 1000
  } finally {
    await screen.stop('SIGTERM')
    rmSync(home, { recursive: true, force: true })
  }
}

const names = process.argv.slice(2)
const { items } = await loadCatalogue()
const scenarios = items.map(({ scenario }) => scenario)
const unknown = names.filter((name) => !scenarios.some(({ metadata }) => metadata.name === name))
if (unknown.length > 0) {
  console.error(`no such scenario: ${unknown.join(', ')}`)
  process.exit(2)
}
for (const scenario of scenarios) {
  const { name } = scenario.metadata
  if (names.length > 0 && !names.includes(name)) continue
  try {
    const seconds = await play(scenario)
    console.log(`ok    ${seconds.toFixed(1).padStart(6)} s  ${name}, ${scenario.spec.steps.length} steps`)
  } catch (error) {
    process.exitCode = 1
    console.log(`FAIL            ${name}: ${(error as Error).message}`)
  }
}
