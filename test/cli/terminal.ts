/** The built program in a terminal that a test reads and types into. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { startProgram } from '../../scripts/lib/terminal.ts'

export const program = fileURLToPath(new URL('../../bin/meshdojo.js', import.meta.url))

/** An editor that writes this text, whatever was there. */
export const scriptedEditor = (folder: string, text: string): string => {
  const path = join(folder, 'editor.sh')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `#!/bin/sh\ncat > "$1" <<'END'\n${text}END\n`)
  chmodSync(path, 0o755)
  return path
}

/** The program in a terminal of its own, which ends with the test. Keys go as they are: `\r` is enter. */
export const startInTerminal = (
  args: string[],
  { ...env }: NodeJS.ProcessEnv,
  [columns, rows]: readonly [number, number] = [120, 40],
) => {
  const { pty, exit, stop, text, press, until } = startProgram([process.execPath, program, ...args], {
    columns,
    rows,
    env: env as Record<string, string>,
  })
  onTestFinished(() => stop())
  return {
    pid: pty.pid,
    ended: exit,
    screen: text,
    /** One key, or a few in a row once the screen shows what each waits for. */
    press,
    shows: async (pattern: RegExp): Promise<void> => void (await until(pattern)),
    kill: (signal: NodeJS.Signals): void => void process.kill(pty.pid, signal),
  }
}
