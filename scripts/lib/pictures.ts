/** The program in a window of a given size, and pictures of what it shows, for the docs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Paper, screenToSvg } from './svg.ts'
import { type Screen, type Started, startProgram } from './terminal.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const program = join(root, 'bin/meshdojo.js')

export interface Studio {
  /** `~` in what is shown. */
  home: string
  env: Record<string, string>
  /** Removes the home folder. */
  close(): void
}

/** A home folder with an editor: `editor` gives, for that folder, lines of a shell whose `$1` is the file. */
export const openStudio = (editor: (home: string) => string): Studio => {
  const home = mkdtempSync(join(tmpdir(), 'mesh-'))
  const path = join(home, 'editor')
  writeFileSync(path, `#!/bin/sh\n${editor(home)}\n`, { mode: 0o755 })
  const env = { HOME: home, MESHDOJO_HOME: join(home, 'dojo'), NO_PROXY: '127.0.0.1', EDITOR: path, SHELL: '/bin/sh' }
  return { home, env, close: () => rmSync(home, { recursive: true, force: true }) }
}

/** The program with colours on a dark background, whatever the terminal of whoever takes the pictures, unless `env` says. */
export const startIn = (
  { home, env }: Studio,
  args: readonly string[],
  { columns = 120, rows = 40, env: look = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
): Started => startProgram([process.execPath, program, ...args], { columns, rows, cwd: home, env: { ...env, ...look } })

/** Writes `docs/images/<name>.svg`. */
export const shoot = (screen: Screen, name: string, paper?: Paper): void => {
  const path = join(root, 'docs/images', `${name}.svg`)
  mkdirSync(dirname(path), { recursive: true })
  const { columns, rows } = screen
  writeFileSync(path, screenToSvg(screen.buffer, { columns, rows, title: `meshdojo: ${name}`, paper }))
}
