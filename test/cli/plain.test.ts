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
  await terminal.shows(/1\. Encrypt every hop.*not started/)
  terminal.press('1\r')
  await terminal.shows(/\[FAIL\] a pod without a sidecar can no longer read orders/)
  terminal.press('h\r')
  await terminal.shows(/2 hints left/)
  terminal.press('e\r')
  await terminal.shows(/PeerAuthentication production\/default created/)
  await terminal.shows(/Passed: Refuse plaintext in production/)
  terminal.press('n\r')
  await terminal.shows(/Step 2 of 3/)
  terminal.press('q\r')
  await terminal.shows(/y or n/)
  terminal.press('y\r')
  await terminal.shows(/1\. Encrypt every hop.*in progress, 1 of 3 steps, resumes here/)
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
  const { code, out } = await fromPipe('1\ne\nn\nc 1\nm 1\nq\ny\nq\n', newEnv())
  expect(code).toBe(0)
  const inOrder = [
    'Step 1 of 3',
    'Passed: Refuse plaintext',
    'Step 2 of 3',
    'asked  ',
    'seen by a probe',
    'resumes here',
  ]
  expect(inOrder.map((text) => out.indexOf(text))).toEqual(
    inOrder.map((text) => out.indexOf(text)).toSorted((a, b) => a - b),
  )
  expect(out).not.toContain('\u001b')
  for (const text of inOrder) expect(out).toContain(text)
})

test('a refused manifest is told in the words of the server', async () => {
  const { out } = await fromPipe('1\ne\nq\ny\nq\n', newEnv(strict.replace('STRICT', 'STRICKT')))
  expect(out).toMatch(/PeerAuthentication production\/default refused: .*STRICKT/)
})

test("Ctrl-C in an editor is the editor's, and the course goes on", async () => {
  const terminal = startInTerminal(
    ['--plain'],
    { ...newEnv(), EDITOR: `sh -c 'echo editing; exec sleep 60'` },
    [100, 60],
  )
  await terminal.shows(/1\. Encrypt every hop/)
  terminal.press('1\r')
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
