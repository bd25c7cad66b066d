/** The TUI in a real terminal, with real child processes: what ink alone gets wrong, and how the program ends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundling } from '../../scripts/lib/bundling.ts'
import { type Size, type Started, startProgram } from '../../scripts/lib/terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'meshdojo-tui-'))
const driver = join(folder, 'driver.js')
const recorder = join(folder, 'recorder.mjs')
const record = join(folder, 'record')

/** An editor that asks for one line of single keys, and writes down what it got until `.`. */
const RECORDER = `
import { appendFileSync } from 'node:fs'
process.stdin.setRawMode(true)
process.stdout.write('\\u001b[2J\\u001b[Heditor ready')
let keys = ''
process.stdin.on('data', (data) => {
  keys += data
  process.stdout.write('\\r\\ngot ' + JSON.stringify(keys))
  if (!keys.includes('.')) return
  appendFileSync(${JSON.stringify(record)}, keys + '\\n')
  process.stdin.setRawMode(false)
  process.exit(0)
})
`

beforeAll(async () => {
  writeFileSync(recorder, RECORDER)
  await build({ ...bundling, entryPoints: ['test/tui/driver.tsx'], outfile: driver })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const running: Started[] = []
afterEach(async () => {
  for (const program of running.splice(0)) await program.stop()
})

const start = (env: Record<string, string> = {}, size: Partial<Size> = {}): Started => {
  const program = startProgram([process.execPath, driver], { ...size, env: { DRIVER_VIEW: 'lab', ...env } })
  running.push(program)
  return program
}

const sh = (line: string): string => {
  const file = join(folder, `shell-${Math.random().toString(36).slice(2)}.sh`)
  writeFileSync(file, `#!/bin/sh\n${line}\n`, { mode: 0o700 })
  return file
}

describe('lending the terminal', () => {
  test('no key is lost in 8 rounds with an editor', async () => {
    const screen = start({ EDITOR: `${process.execPath} ${recorder}` })
    await screen.until('[FAIL]')
    const expected: string[] = []
    for (const round of '12345678') {
      screen.press('e')
      await screen.until('editor ready')
      screen.press(round)
      await screen.until(`got "${round}"`)
      screen.press('x')
      await screen.until(`got "${round}x"`)
      screen.press('.')
      await screen.until('node ended with 0')
      screen.press('esc')
      await screen.until((text) => text.includes('? help') && !text.includes('ended with'))
      expected.push(`${round}x.`)
    }
    expect(readFileSync(record, 'utf8').trim().split('\n')).toEqual(expected)
  })

  test('Ctrl-C in the child ends the child and not the program', async () => {
    const screen = start({ SHELL: sh('echo child ready; exec sleep 60') })
    await screen.until('[FAIL]')
    screen.press('!')
    await screen.until('child ready')
    screen.press('ctrl-c')
    await screen.until('ended with SIGINT')
    screen.press('?')
    await screen.until('>Keys')
  })

  test('a child that ends in the middle of a line shifts nothing', async () => {
    const screen = start({ SHELL: sh('printf "no newline"') })
    const before = await screen.until('q back')
    screen.press('!')
    await screen.until('ended with 0')
    screen.press('esc')
    await screen.until((text) => text === before)
  })

  test('a window resized meanwhile is drawn in its new size', async () => {
    const screen = start({ SHELL: sh('echo child ready; read answer') })
    await screen.until('[FAIL]')
    screen.press('!')
    await screen.until('child ready')
    screen.resize(120, 40)
    screen.press('enter')
    await screen.until('ended with 0')
    screen.press('esc')
    await screen.until(() => screen.lines()[1]!.length === 120 && screen.lines().at(-1)!.includes('? help'))
  })
})

describe('how it ends', () => {
  test.each([
    ['q and y', ['q', 'y'], 0, 'driver: quit'],
    ['Ctrl-C twice', ['ctrl-c', 'ctrl-c'], 130, 'driver: interrupted'],
  ])('%s', async (_, [first, second], exitCode, says) => {
    const screen = start({ DRIVER_VIEW: 'picker' })
    await screen.until('q quit')
    screen.press(first!)
    await screen.until(/y yes|press ctrl-c again/)
    screen.press(second!)
    expect((await screen.exit).exitCode).toBe(exitCode)
    await screen.until(says)
    // The normal screen is back, with a cursor.
    expect(screen.buffer.type).toBe('normal')
    expect(screen.written()).toContain('\u001b[?25h')
    expect(screen.text()).not.toContain('Scenarios')
  })

  test.each([
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ])('%s restores the screen', async (signal, number) => {
    const screen = start()
    await screen.until('[FAIL]')
    screen.pty.kill(signal)
    const ended = await screen.exit
    expect([ended.signal, ended.exitCode]).toContain(ended.signal ? number : 128 + number)
    expect(screen.written()).toContain('\u001b[?1049l')
  })
})

describe('the environment', () => {
  test('NO_COLOR: no colour code is written, bold and inverse are', async () => {
    const screen = start({ NO_COLOR: '1' })
    await screen.until('[FAIL]')
    expect(screen.written()).not.toMatch(/\u001b\[[0-9;]*(3[0-7]|9[0-7])m/)
    expect(screen.written()).toMatch(/\u001b\[1m/)
    expect(screen.written()).toMatch(/\u001b\[7m|\u001b\[1;7m/)
  })

  test('CI=1 on a terminal is still a terminal', async () => {
    await start({ CI: '1' }).until('[FAIL]')
  })

  test('a window too small says so, and all is there again when it grows', async () => {
    const screen = start({}, { columns: 30, rows: 8 })
    await screen.until('enlarge the window')
    screen.resize(80, 24)
    await screen.until('[FAIL]')
  })
})

test('a storm of window sizes, down to a single cell, leaves the screen as it was', async () => {
  const screen = start()
  const before = await screen.until('[FAIL]')
  const storm = [20, 1, 300, 39, 60, 2, 200].map(
    (columns, index) => [columns, [5, 1, 3, 9, 20, 50, 60][index]!] as const,
  )
  for (const [columns, rows] of storm) {
    screen.resize(columns, rows)
    const frames = screen.written().length
    await screen.until(() => screen.written().length > frames)
  }
  for (const [columns, rows] of [...storm, [80, 24] as const]) screen.resize(columns, rows)
  await screen.until((text) => text === before)
})

test('every key of a fast typist counts: several arrive at once', async () => {
  const screen = start({ DRIVER_VIEW: 'picker' })
  await screen.until('q quit')
  screen.press('jjj')
  await screen.until(/> \[ {2}\] One port stays open/)
})

test('stopped and continued from outside, everything is drawn again and keys still work', async () => {
  const screen = start()
  await screen.until('[FAIL]')
  for (const signal of ['SIGSTOP', 'SIGCONT']) screen.pty.kill(signal)
  await screen.until(() => screen.written().split('\u001b[?1049h').length === 3)
  screen.press('?')
  await screen.until('>Keys')
})

test.runIf(process.platform === 'linux')('Ctrl-Z stops the program, fg brings it back as it was', async () => {
  const screen = startProgram(['/bin/bash', '--norc', '-i'], { env: { DRIVER_VIEW: 'lab', PS1: 'prompt> ' } })
  running.push(screen)
  await screen.until('prompt>')
  for (const part of [`${process.execPath} ${driver}`, 'enter']) screen.press(part)
  await screen.until('[FAIL]')
  screen.press('ctrl-z')
  await screen.until('Stopped')
  screen.resize(100, 30)
  for (const part of ['fg', 'enter']) screen.press(part)
  await screen.until(() => screen.lines()[1]!.length === 100 && screen.lines().at(-1)!.includes('? help'))
  screen.press('?')
  await screen.until('>Keys')
})
