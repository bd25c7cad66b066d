/**
 * A terminal to test in: an emulator that a program draws on, and keys to press. `mountTui` runs the TUI inside this
 * process; `startProgram` runs any command in a real pseudo-terminal. Nothing here waits for a time: `until` looks again
 * after every change of the screen, and sees whole frames only: a frame may arrive in pieces, but ink writes each one
 * between the marks of a synchronized update.
 */
import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import { type IPty, spawn } from '@lydell/node-pty'
import xterm, { type Terminal as Emulator, type IBuffer, type IBufferCell } from '@xterm/headless'
import type { Session, Terminal } from '../../src/session/types.ts'
import type { Documents } from '../../src/tui/keys/binding.ts'
import { runTui, type TuiEnd } from '../../src/tui/run.tsx'

const KEYS: Record<string, string> = {
  enter: '\r',
  esc: '\u001b',
  tab: '\t',
  'shift-tab': '\u001b[Z',
  space: ' ',
  backspace: '\u007f',
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  pageup: '\u001b[5~',
  pagedown: '\u001b[6~',
  home: '\u001b[H',
  end: '\u001b[F',
}

/**
 * Escape as terminals with the kitty keyboard protocol send it. A bare ESC is only known for a key once nothing follows it
 * for a while; in this process the next key follows at once.
 */
const LONE_ESCAPE = '\u001b[27u'

/** What a terminal sends for a key: `enter`, `ctrl-c`, `j`. Anything else is sent as it is. */
export const bytesOf = (key: string): string =>
  KEYS[key] ?? (/^ctrl-[a-z]$/.test(key) ? String.fromCharCode(key.charCodeAt(5) - 96) : key)

/** How long `until` hopes, in milliseconds. Only a failing test ever waits this long. */
const PATIENCE = 20_000

export interface Screen {
  columns: number
  rows: number
  buffer: IBuffer
  /** All rows, without the blanks at their ends. */
  lines(): string[]
  text(): string
  cell(column: number, row: number): IBufferCell
  /** Sends one key; several in a row may arrive as one event, as they may in a terminal. */
  press(key: string): void
  /** Sends text as a terminal does on paste, between the bracketed-paste marks. */
  paste(text: string): void
  /** Resolves with the screen's text once it contains the text or answers the question with true. */
  until(what: string | RegExp | ((text: string) => boolean)): Promise<string>
  resize(columns: number, rows: number): void
  /** Everything that was written so far, escape codes included. */
  written(): string
}

interface Wiring {
  emulator: Emulator
  send(data: string): void
  resize(columns: number, rows: number): void
  written(): string
}

const holds = (what: string | RegExp | ((text: string) => boolean), text: string): boolean =>
  typeof what === 'string' ? text.includes(what) : typeof what === 'function' ? what(text) : what.test(text)

const screenOf = ({ emulator, send, resize, written }: Wiring): Screen => {
  const lines = () =>
    Array.from(
      { length: emulator.rows },
      (_, row) => emulator.buffer.active.getLine(emulator.buffer.active.viewportY + row)?.translateToString(true) ?? '',
    )
  const text = () => lines().join('\n')
  return {
    get columns() {
      return emulator.cols
    },
    get rows() {
      return emulator.rows
    },
    get buffer() {
      return emulator.buffer.active
    },
    lines,
    text,
    cell: (column, row) => emulator.buffer.active.getLine(emulator.buffer.active.viewportY + row)!.getCell(column)!,
    press: (key) => send(bytesOf(key)),
    paste: (pasted) => send(`\u001b[200~${pasted}\u001b[201~`),
    resize: (columns, rows) => {
      emulator.resize(columns, rows)
      resize(columns, rows)
    },
    written,
    until: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (emulator.modes.synchronizedOutputMode || !holds(what, text())) return
          done()
          resolve(text())
        }
        const timer = setTimeout(() => {
          done()
          reject(new Error(`the screen never showed ${what}; it shows:\n${text()}`))
        }, PATIENCE)
        const parsed = emulator.onWriteParsed(look)
        const done = () => {
          clearTimeout(timer)
          parsed.dispose()
        }
        look()
      }),
  }
}

const newEmulator = (columns: number, rows: number, convertEol: boolean): Emulator =>
  new xterm.Terminal({ cols: columns, rows, convertEol, allowProposedApi: true, scrollback: 0 })

export interface Size {
  columns: number
  rows: number
}

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

const UTF8 = { LANG: 'C.UTF-8', HOME: '/home/ana', TERM: 'xterm-256color' }
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

export interface Started extends Screen {
  pty: IPty
  /** Exit code, and the signal's number where one ended it. */
  exit: Promise<{ exitCode: number; signal?: number }>
}

/** Any program in a real pseudo-terminal. Its environment is the given one and nothing else but PATH. */
export const startProgram = (
  [program, ...args]: readonly string[],
  { columns = 80, rows = 24, env, cwd }: Partial<Size> & { env?: Record<string, string>; cwd?: string } = {},
): Started => {
  const emulator = newEmulator(columns, rows, false)
  const pty = spawn(program!, args, {
    cols: columns,
    rows,
    cwd,
    env: { PATH: process.env.PATH ?? '', ...UTF8, ...env },
    name: 'xterm-256color',
  })
  let all = ''
  pty.onData((data) => {
    all += data
    emulator.write(data)
  })
  emulator.onData((data) => pty.write(data))
  const exit = new Promise<{ exitCode: number; signal?: number }>((resolve) => pty.onExit(resolve))
  const screen = screenOf({
    emulator,
    send: (data) => pty.write(data),
    written: () => all,
    resize: (newColumns, newRows) => pty.resize(newColumns, newRows),
  })
  return Object.defineProperties({ pty, exit } as Started, Object.getOwnPropertyDescriptors(screen))
}
