/** The built program in a terminal that a test reads and types into. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { expect, onTestFinished, vi } from 'vitest'

export const program = fileURLToPath(new URL('../../bin/meshdojo.js', import.meta.url))

/** An editor that writes this text, whatever was there. */
export const scriptedEditor = (folder: string, text: string): string => {
  const path = join(folder, 'editor.sh')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `#!/bin/sh\ncat > "$1" <<'END'\n${text}END\n`)
  chmodSync(path, 0o755)
  return path
}

export const startInTerminal = (args: string[], env: NodeJS.ProcessEnv, [cols, rows] = [120, 40]) => {
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true })
  const child = pty.spawn(process.execPath, [program, ...args], {
    cols,
    rows,
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
  })
  child.onData((data) => terminal.write(data))
  // The program may ask the terminal something.
  terminal.onData((data) => child.write(data))
  let over = false
  const ended = new Promise<{ exitCode: number; signal?: number }>((resolve) =>
    child.onExit((how) => {
      over = true
      // What was written last is on the screen only once the emulator has read it.
      terminal.write('', () => resolve(how))
    }),
  )
  onTestFinished(() => {
    if (!over) child.kill('SIGKILL')
  })
  const screen = (): string => {
    const { active } = terminal.buffer
    return Array.from(
      { length: rows! },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
    ).join('\n')
  }
  return {
    pid: child.pid,
    ended,
    screen,
    /** One key, or a few in a row once the screen shows what each waits for. */
    press: (key: string): void => child.write(key),
    shows: (pattern: RegExp): Promise<void> =>
      vi.waitFor(() => expect(screen()).toMatch(pattern), { timeout: 30_000, interval: 20 }),
    kill: (signal: NodeJS.Signals): void => void process.kill(child.pid, signal),
  }
}
