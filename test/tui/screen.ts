/** The TUI inside the test's process, on an emulator; `scripts/lib/terminal.ts` has the same for whole programs. */
import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import type { Terminal as Emulator } from '@xterm/headless'
import { KEYS, newEmulator, type Screen, type Size, screenOf, UTF8 } from '../../scripts/lib/terminal.ts'
import type { Session, Terminal } from '../../src/session/types.ts'
import type { Documents } from '../../src/tui/keys/binding.ts'
import { runTui, type TuiEnd } from '../../src/tui/run.tsx'

/**
 * Escape as terminals with the kitty keyboard protocol send it. A bare ESC is only known for a key once nothing follows it
 * for a while; in this process the next key follows at once.
 */
const LONE_ESCAPE = '\u001b[27u'

/** A stdout that draws on the emulator. A terminal driver would turn LF into CRLF; here the emulator does. */
class FakeStdout extends Writable {
  isTTY = true
  columns: number
  rows: number
  all = ''
  readonly emulator: Emulator
  constructor({ columns, rows }: Size) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
    this.emulator = newEmulator(columns, rows, true)
  }
  override _write(chunk: string | Buffer, _encoding: string, done: () => void) {
    this.all += chunk
    this.emulator.write(chunk.toString(), done)
  }
}

/** A stdin that is a terminal as far as ink asks. */
class FakeStdin extends EventEmitter {
  isTTY = true
  #waiting: string[] = []
  setEncoding() {}
  setRawMode() {}
  ref() {}
  unref() {}
  pause() {}
  resume() {}
  read(): string | null {
    return this.#waiting.shift() ?? null
  }
  type(data: string) {
    this.#waiting.push(data)
    this.emit('readable')
  }
}

export interface MountOptions extends Partial<Size> {
  env?: Record<string, string | undefined>
  terminal?: Terminal
  documents?: Documents
}

export interface Mounted extends Screen {
  ended: Promise<TuiEnd>
}

const noTerminal: Terminal = { edit: async () => ({}), shell: async () => ({}) }

/** The TUI on a session, in this process. End it with `session.send({ type: 'QUIT' })`. */
export const mountTui = (
  session: Session,
  { columns = 80, rows = 24, env, terminal = noTerminal, documents }: MountOptions = {},
): Mounted => {
  const stdout = new FakeStdout({ columns, rows })
  const stdin = new FakeStdin()
  const ended = runTui({
    session,
    terminal,
    stdin: stdin as object as NodeJS.ReadStream,
    stdout: stdout as object as NodeJS.WriteStream,
    env: { ...UTF8, ...env },
    documents,
  })
  const screen = screenOf({
    emulator: stdout.emulator,
    send: (data) => stdin.type(data === KEYS.esc ? LONE_ESCAPE : data),
    written: () => stdout.all,
    resize: (newColumns, newRows) => {
      Object.assign(stdout, { columns: newColumns, rows: newRows })
      stdout.emit('resize')
    },
  })
  return Object.defineProperties({ ended } as Mounted, Object.getOwnPropertyDescriptors(screen))
}
