/**
 * A short exam in a real terminal, by keys alone: a task is solved, the program is killed and comes back to the same exam
 * with the work in it, and the results are graded, shown and printed.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/content/load.ts'
import type { ScenarioStep } from '../../src/content/schema.ts'
import { composeExam } from '../../src/exam/compose.ts'
import { runCli } from './io.ts'
import { startInTerminal } from './terminal.ts'

const { items } = await loadCatalogue()
const scenarios = items.map(({ scenario }) => scenario)

const stepOf = ({ scenario, step }: { scenario: string; step: string }): ScenarioStep =>
  scenarios.find(({ metadata }) => metadata.name === scenario)!.spec.steps.find(({ id }) => id === step)!

/** An exam whose only task is the first step of a scenario and can be solved by a file. */
const seed = Array.from({ length: 500 }, (_, candidate) => candidate).find((candidate) => {
  const [task, ...more] = composeExam(scenarios, { seed: candidate, minutes: 5 }).tasks
  return task && more.length === 0 && typeof stepOf(task).solution === 'string' && task.scenario === 'istio-strict-mtls'
})!

test('solved, killed, resumed, finished', async () => {
  const [task] = composeExam(scenarios, { seed, minutes: 5 }).tasks
  const home = mkdtempSync(join(tmpdir(), 'exam-'))
  writeFileSync(join(home, 'solution'), String(stepOf(task!).solution))
  const editor = join(home, 'editor')
  writeFileSync(editor, `#!/bin/sh\ncat "${home}/solution" > "$1"\n`)
  chmodSync(editor, 0o755)
  const env = { HOME: home, MESHDOJO_HOME: join(home, 'state'), EDITOR: editor }

  const first = startInTerminal(['exam', '--seed', String(seed), '--minutes', '5'], env)
  await first.shows(/1 task, 0 done/)
  first.press('\r')
  await first.shows(/the lab is ready/)
  first.press('e')
  await first.shows(/apply +PeerAuthentication/)
  first.kill('SIGKILL')
  await first.ended

  const second = startInTerminal(['exam', '--json'], env)
  await second.shows(/The exam goes on: 5 of 5 minutes/)
  await second.shows(/\[\.\.\] opened/)
  second.press('F')
  await second.shows(/y yes/)
  second.press('y')
  await second.shows(/100 of 100 +PASSED/)
  second.press('q')
  await second.shows(/"passed": true/)
  expect((await second.ended).exitCode).toBe(0)

  const exams = join(home, 'state', 'exams')
  const [folder] = readdirSync(exams)
  expect(JSON.parse(readFileSync(join(exams, folder!, 'report.json'), 'utf8'))).toMatchObject({ seed, score: 100 })
  expect(readFileSync(join(exams, folder!, 'report.md'), 'utf8')).toContain('# Exam: 100 of 100, passed')
})

test('from the picker and back to it; a second program is told who has the exam', async () => {
  const home = mkdtempSync(join(tmpdir(), 'exam-'))
  const env = { HOME: home, MESHDOJO_HOME: join(home, 'state') }
  const first = startInTerminal([], env)
  await first.shows(/E exam/)
  first.press('E')
  await first.shows(/Take an exam now\?/)
  first.press('y')
  await first.shows(/\d+ tasks?, 0 done/)

  const second = await runCli(['exam'], env, undefined, { isTTY: true })
  expect(second).toMatchObject({ code: 2 })
  expect(second.stderr).toMatch(/another program \(process \d+\) is at this exam/)

  first.press('q')
  await first.shows(/Leave\? The clock goes on/)
  first.press('y')
  await first.shows(/E exam/)
  first.press('q')
  await first.shows(/Quit meshdojo/)
  first.press('y')
  expect((await first.ended).exitCode).toBe(0)
})

test.each([{ args: ['exam', '--plain'] }, { args: ['exam'], dumb: true }])(
  'there is no exam line by line: $args',
  async ({ args, dumb }) => {
    const ended = await runCli(args, dumb ? { TERM: 'dumb' } : {}, undefined, { isTTY: true })
    expect(ended).toMatchObject({ code: 2 })
    expect(ended.stderr).toMatch(/full screen.*meshdojo start NAME --plain/)
  },
)
