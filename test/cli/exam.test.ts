/**
 * A short exam in a real terminal, by keys alone: a task is solved, the program is killed and comes back to the same exam
 * with the work in it, and the results are graded, shown and printed.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/content/load.ts'
import type { ScenarioStep } from '../../src/content/schema.ts'
import { composeExam } from '../../src/exam/compose.ts'
import { runCli } from './io.ts'
import { scriptedEditor, startInTerminal } from './terminal.ts'

const { items } = await loadCatalogue()
const scenarios = items.map(({ scenario }) => scenario)

const stepOf = ({ scenario, step }: { scenario: string; step: string }): ScenarioStep =>
  scenarios.find(({ metadata }) => metadata.name === scenario)!.spec.steps.find(({ id }) => id === step)!

/** An exam whose only task is the first step of a scenario and can be solved by a file. */
const seed = Array.from({ length: 500 }, (_, candidate) => candidate).find((candidate) => {
  const [task, ...more] = composeExam(scenarios, { seed: candidate, minutes: 5 }).tasks
  return task && more.length === 0 && typeof stepOf(task).solution === 'string' && task.scenario === 'istio-strict-mtls'
})!

/** A home with an editor that saves the solution. */
const newHome = () => {
  const [task] = composeExam(scenarios, { seed, minutes: 5 }).tasks
  const home = mkdtempSync(join(tmpdir(), 'exam-'))
  const EDITOR = scriptedEditor(join(home, 'bin'), String(stepOf(task!).solution))
  return { home, env: { HOME: home, MESHDOJO_HOME: join(home, 'state'), EDITOR } }
}

test('solved, killed, resumed, finished', async () => {
  const { home, env } = newHome()

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

test.each([
  { how: '--plain', args: ['--plain'], look: {} },
  { how: 'TERM=dumb', args: [], look: { TERM: 'dumb' } },
])('line by line, with $how', async ({ args, look }) => {
  const { env } = newHome()
  const given = ['exam', ...args, '--seed', String(seed), '--minutes', '5']
  const terminal = startInTerminal(given, { ...env, ...look }, [100, 200])
  await terminal.shows(/^1\. .*100 of 100 points, not opened/m)
  terminal.press('1\r')
  await terminal.shows(/the lab is ready/)
  terminal.press('e\r')
  await terminal.shows(/PeerAuthentication production\/default created/)
  terminal.press('F\r')
  await terminal.shows(/y or n/)
  terminal.press('y\r')
  await terminal.shows(/100 of 100, passed/)
  await terminal.shows(/q: end/)
  terminal.press('q\r')
  expect((await terminal.ended).exitCode).toBe(0)
  expect(terminal.screen()).toContain('reports are in')
})
