/**
 * A program for tests in a real terminal: the TUI on a scripted session, with real child processes as editor and shell.
 * `DRIVER_VIEW` names the first screen, `EDITOR` and `SHELL` are run as they are, with the file as the editor's argument.
 */
import { spawn } from 'node:child_process'
import { runTui } from '../../src/tui/run.tsx'
import { fakeSession } from './fake-session.ts'
import { finishedView, labView, passedView, pickerView } from './views.ts'

const views = { picker: pickerView, lab: labView, passed: passedView, finished: finishedView }

const child = (program: string, args: string[]) =>
  new Promise<{ says?: string }>((resolve) => {
    const running = spawn(program, args, { stdio: 'inherit' })
    running.on('exit', (code, signal) => resolve({ says: `${program.split('/').pop()} ended with ${signal ?? code}` }))
    running.on('error', (error) => resolve({ says: error.message }))
  })

const words = (line: string | undefined) => (line ?? 'true').split(' ')

const { DRIVER_VIEW = 'picker', EDITOR, SHELL } = process.env
const end = await runTui({
  session: fakeSession(views[DRIVER_VIEW as keyof typeof views]()),
  terminal: {
    edit: (path) => child(words(EDITOR)[0]!, [...words(EDITOR).slice(1), path]),
    shell: () => child(words(SHELL)[0]!, words(SHELL).slice(1)),
  },
  stdin: process.stdin,
  stdout: process.stdout,
  env: process.env,
})
process.stdout.write(`driver: ${end}\n`)
process.exitCode = end === 'interrupted' ? 130 : 0
