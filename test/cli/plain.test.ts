/** The course line by line: in a terminal, where somebody waits for each answer, and from a pipe, where nobody does. */
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { program, scriptedEditor, startInTerminal } from './terminal.ts'

const strict = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: production}
spec: {mtls: {mode: STRICT}}
`

/** The number that a menu gives the scenario: the course grows, and numbers move. */
const numberIn = (menu: string, title: string): string => {
  const found = new RegExp(`^(\\d+)\\. ${title}:`, 'm').exec(menu)?.[1]
  if (found === undefined) throw new Error(`no "${title}" in\n${menu}`)
  return found
}

const scenario = 'Encrypt every hop'

const newEnv = (content = strict): NodeJS.ProcessEnv => {
  const home = mkdtempSync(join(tmpdir(), 'plain-'))
  return { HOME: home, MESHDOJO_HOME: join(home, 'state'), EDITOR: scriptedEditor(join(home, 'bin'), content) }
}

test.each([
  ['--plain', ['--plain'], {}],
  ['TERM=dumb', [], { TERM: 'dumb' }],
  ['a screen reader', [], { INK_SCREEN_READER: 'true' }],
])('%s: a step is solved by answering lines', async (_, args, env) => {
  const terminal = startInTerminal(args, { ...newEnv(), ...env }, [100, 200])
  await terminal.shows(/Encrypt every hop:.*not started/)
  await terminal.shows(/q: quit/)
  terminal.press(`${numberIn(terminal.screen(), scenario)}\r`)
  await terminal.shows(/\[FAIL\] a pod without a sidecar can no longer read orders/)
  terminal.press('h\r')
  await terminal.shows(/2 hints left/)
  terminal.press('e\r')
  await terminal.shows(/PeerAuthentication production\/default created/)
  await terminal.shows(/Passed: Refuse plaintext in production/)
  terminal.press('n\r')
  await terminal.shows(/Step 2 of \d+/)
  terminal.press('q\r')
  await terminal.shows(/y or n/)
  terminal.press('y\r')
  await terminal.shows(/Encrypt every hop:.*in progress, 1 of \d+ steps, resumes here/)
  terminal.press('q\r')
  expect((await terminal.ended).exitCode).toBe(0)
})

const fromPipe = (input: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, '--plain'], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk
    })
    child.once('close', (code) => resolve({ code, out }))
    child.stdin.end(input)
  })

test('from a pipe, each line waits for the one before: a whole file of answers is a run', async () => {
  const env = newEnv()
  const { out: menu } = await fromPipe('q\n', env)
  const { code, out } = await fromPipe(`${numberIn(menu, scenario)}\ne\nn\nc 1\nm 1\nq\ny\nq\n`, env)
  expect(code).toBe(0)
  const inOrder = ['Step 1 of ', 'Passed: Refuse plaintext', 'Step 2 of ', 'asked  ', 'seen by a probe', 'resumes here']
  expect(inOrder.map((text) => out.indexOf(text))).toEqual(
    inOrder.map((text) => out.indexOf(text)).toSorted((a, b) => a - b),
  )
  expect(out).not.toContain('\u001b')
  for (const text of inOrder) expect(out).toContain(text)
})

test('a refused manifest is told in the words of the server', async () => {
  const env = newEnv(strict.replace('STRICT', 'STRICKT'))
  const { out: menu } = await fromPipe('q\n', env)
  const { out } = await fromPipe(`${numberIn(menu, scenario)}\ne\nq\ny\nq\n`, env)
  expect(out).toMatch(/PeerAuthentication production\/default refused: .*STRICKT/)
})

test("Ctrl-C in an editor is the editor's, and the course goes on", async () => {
  const terminal = startInTerminal(
    ['--plain'],
    { ...newEnv(), EDITOR: `sh -c 'echo editing; exec sleep 60'` },
    [100, 60],
  )
  await terminal.shows(/q: quit/)
  terminal.press(`${numberIn(terminal.screen(), scenario)}\r`)
  await terminal.shows(/\[FAIL\]/)
  terminal.press('e\r')
  await terminal.shows(/editing/)
  terminal.press('\u0003')
  await terminal.shows(/SIGINT|interrupt|ended/i)
  terminal.press('k\r')
  await terminal.shows(/export KUBECONFIG=/)
  terminal.kill('SIGTERM')
  await terminal.ended
})
