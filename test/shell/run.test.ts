import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { startOwned } from '../../src/shell/child.ts'
import { CommandFailed, run } from '../../src/shell/run.ts'
import { createTerminal } from '../../src/shell/terminal.ts'

const node = process.execPath
const script = (code: string, ...args: string[]): [string, ...string[]] => [node, '-e', code, ...args]
const folder = mkdtempSync(join(tmpdir(), 'shell-'))

describe('run', () => {
  test('captures output, passes input and environment', async () => {
    const code = 'process.stdin.pipe(process.stdout); console.error(process.env.A)'
    const { stdout, stderr } = await run({ run: script(code), says: 'Echo', input: 'hi', env: { A: 'b' } })
    expect([stdout, stderr]).toEqual(['hi', 'b'])
  })

  test.each([
    [
      'an exit code',
      script('console.error("line one"); console.error("line two"); process.exit(3)'),
      /ended with exit code 3[\s\S]*\| line one\n {2}\| line two/,
    ],
    [
      'a program that is not there',
      ['no-such-program-anywhere'] as [string],
      /Do it: no-such-program-anywhere is not installed, or not on the PATH/,
    ],
    ['a signal', script('process.kill(process.pid, "SIGKILL")'), /was ended by SIGKILL/],
  ])('%s is an error that carries the command and the last lines', async (_, argv, says) => {
    const error = await run({ run: argv, says: 'Do it' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CommandFailed)
    expect((error as CommandFailed).message).toMatch(says)
    expect((error as CommandFailed).command.says).toBe('Do it')
  })
})

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const livesUntilStdinEnds =
  'process.stdin.resume(); process.stdin.on("end", () => process.exit()); console.log("ready x")'

describe('an owned child', () => {
  test('is waited for by a line, and ends when asked', async () => {
    const child = await startOwned({ run: script(livesUntilStdinEnds), says: 'Live' })
    expect((await child.line(/^ready (.*)/))[1]).toBe('x')
    await child.stop()
    expect(isRunning(child.pid)).toBe(false)
  })

  test('one that will not end is made to', async () => {
    const child = await startOwned({
      run: script(`process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")`),
      says: 'Stay',
    })
    await child.line(/ready/)
    await child.stop(1)
    expect(isRunning(child.pid)).toBe(false)
  })

  test('one that ends before its line says how, with its last words', async () => {
    const child = await startOwned({ run: script('console.error("no port left"); process.exit(4)'), says: 'Start' })
    await expect(child.line(/ready/)).rejects.toThrow(/exit code 4[\s\S]*no port left/)
  })

  test('a program that is not there is said at once', async () => {
    await expect(startOwned({ run: ['no-such-program-anywhere'], says: 'Start' })).rejects.toThrow(/is not installed/)
  })

  test('is gone after its parent was killed', async () => {
    // A parent that owns a child as the provider does, and prints its pid.
    const child = new URL('../../src/shell/child.ts', import.meta.url).href
    const parent = await startOwned({
      run: [
        node,
        '--input-type=module',
        '-e',
        `const {startOwned} = await import(${JSON.stringify(child)}); const c = await startOwned({run: [process.execPath, '-e', ${JSON.stringify(livesUntilStdinEnds)}], says: 'x'}); await c.line(/ready/); console.log('child ' + c.pid); setInterval(() => {}, 1000)`,
      ],
      says: 'Own',
    })
    const pid = Number((await parent.line(/^child (\d+)/))[1])
    expect(isRunning(pid)).toBe(true)
    process.kill(parent.pid, 'SIGKILL')
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 10_000)
  })
})

describe('the terminal', () => {
  const file = join(folder, 'a.yaml')
  const fake = (name: string, body: string): string => {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n${body}\n`)
    chmodSync(path, 0o755)
    return path
  }

  test('edits with $EDITOR and its arguments', async () => {
    writeFileSync(file, '')
    const editor = fake('append', 'echo "$1" >> "$2"')
    expect(await createTerminal({ EDITOR: `${editor} 'two words'`, PATH: process.env.PATH }).edit(file)).toEqual({})
    expect(readFileSync(file, 'utf8')).toBe('two words\n')
  })

  test('falls back to this terminal when tmux will not split', async () => {
    writeFileSync(file, '')
    fake('tmux', 'exit 1')
    const editor = fake('here', 'echo here >> "$1"')
    const env = { EDITOR: editor, TMUX: 'x', PATH: `${folder}:${process.env.PATH}` }
    expect(await createTerminal(env).edit(file)).toEqual({})
    expect(readFileSync(file, 'utf8')).toBe('here\n')
  })

  test.each([
    ['no editor at all', { PATH: folder }, /no editor found: set EDITOR/],
    ['one that is not there', { EDITOR: 'no-such-editor', PATH: folder }, /not installed.*set EDITOR/],
    ['one that fails', { EDITOR: 'false', PATH: process.env.PATH }, /false ended with exit code 1/],
  ])('%s is said', async (_, env, says) => {
    expect((await createTerminal(env).edit(file)).says).toMatch(says)
  })

  test('a real tool is found before the one of this program', async () => {
    const seen = join(folder, 'tools')
    fake('istioctl', 'echo real')
    const own = fake('meshdojo-itself', 'echo "ours: $*"')
    const shell = fake('toolsh', `{ istioctl version; linkerd check -n a; } > ${seen} 2>&1`)
    const env = { SHELL: shell, PATH: `${folder}:${process.env.PATH}` }
    expect(await createTerminal(env, () => {}, 'inherited', [own]).shell('/k', 'x')).toEqual({})
    expect(readFileSync(seen, 'utf8')).toBe('real\nours: tool linkerd check -n a\n')
  })

  test('the shell knows the lab, and does not nest', async () => {
    const seen = join(folder, 'seen')
    const shell = fake('mysh', `echo "$KUBECONFIG $MESHDOJO_LAB $NO_PROXY" > ${seen}; exit 7`)
    const env = { SHELL: shell, PATH: process.env.PATH }
    let said = ''
    const write = (text: string): void => {
      said += text
    }
    expect(await createTerminal(env, write).shell('/k', 'istio-x')).toEqual({})
    expect(said).toContain('exit or ctrl-d returns')
    expect(readFileSync(seen, 'utf8')).toBe('/k istio-x 127.0.0.1,localhost\n')
    expect((await createTerminal({ ...env, MESHDOJO_LAB: 'istio-x' }).shell('/k', 'istio-x')).says).toMatch(/already/)
  })
})
