/**
 * A terminal for programs that tests and scripts press keys in: an emulator that the program draws on, in a real
 * pseudo-terminal. Nothing here waits for a time: `until` looks again after every change of the screen, and sees whole
 * frames only: a frame may arrive in pieces, but ink writes each one between the marks of a synchronized update.
 */
import { type IPty, spawn } from '@lydell/node-pty'
import xterm, { type Terminal as Emulator, type IBuffer, type IBufferCell } from '@xterm/headless'

export const KEYS: Record<string, string> = {
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

/** What a terminal sends for a key: `enter`, `ctrl-c`, `j`. Anything else is sent as it is. */
export const bytesOf = (key: string): string =>
  KEYS[key] ?? (/^ctrl-[a-z]$/.test(key) ? String.fromCharCode(key.charCodeAt(5) - 96) : key)

/** How long `until` hopes, in milliseconds. Only a failing test ever waits this long. */
const PATIENCE = 30_000

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
  /**
   * Resolves with the screen's text once it contains the text or answers the question with true; rejects with what it shows
   * instead after `patience` milliseconds.
   */
  until(what: string | RegExp | ((text: string) => boolean), patience?: number): Promise<string>
  resize(columns: number, rows: number): void
  /** Everything that was written so far, escape codes included. */
  written(): string
}

/** What a screen is made of. */
export interface Wiring {
  emulator: Emulator
  send(data: string): void
  resize(columns: number, rows: number): void
  written(): string
}

const holds = (what: string | RegExp | ((text: string) => boolean), text: string): boolean =>
  typeof what === 'string' ? text.includes(what) : typeof what === 'function' ? what(text) : what.test(text)

/** The emulator as a screen to look at, and what is behind it to type into. */
export const screenOf = ({ emulator, send, resize, written }: Wiring): Screen => {
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
    until: (what, patience = PATIENCE) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (emulator.modes.synchronizedOutputMode || !holds(what, text())) return
          done()
          resolve(text())
        }
        const timer = setTimeout(() => {
          done()
          reject(new Error(`the screen never showed ${what}; it shows:\n${text()}`))
        }, patience)
        const parsed = emulator.onWriteParsed(look)
        const done = () => {
          clearTimeout(timer)
          parsed.dispose()
        }
        look()
      }),
  }
}

export const newEmulator = (columns: number, rows: number, convertEol: boolean): Emulator =>
  new xterm.Terminal({ cols: columns, rows, convertEol, allowProposedApi: true, scrollback: 0 })

export interface Size {
  columns: number
  rows: number
}

/** A terminal of today, of a person named Ana. */
export const UTF8 = { LANG: 'C.UTF-8', HOME: '/home/ana', TERM: 'xterm-256color' }

export interface Started extends Screen {
  pty: IPty
  /** Exit code, and the signal's number where one ended it. */
  exit: Promise<{ exitCode: number; signal?: number }>
  /** Ends it with a signal, `SIGKILL` by default, where it has not ended by itself. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Any program in a real pseudo-terminal. Its environment is the given one and nothing else but PATH. */
export const startProgram = (
  [program, ...args]: readonly string[],
  { columns = 80, rows = 24, env, cwd }: Partial<Size> & { env?: Record<string, string>; cwd?: string } = {},
): Started => {
  const emulator = newEmulator(columns, rows, false)
  const whole = { PATH: process.env.PATH ?? '', ...UTF8, ...env }
  const pty = spawn(program!, args, { cols: columns, rows, cwd, env: whole, name: whole.TERM })
  let all = ''
  pty.onData((data) => {
    all += data
    emulator.write(data)
  })
  emulator.onData((data) => pty.write(data))
  let isOver = false
  const exit = new Promise<{ exitCode: number; signal?: number }>((resolve) =>
    pty.onExit((how) => {
      isOver = true
      // What was written last is on the screen only once the emulator has read it.
      emulator.write('', () => resolve(how))
    }),
  )
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (!isOver) pty.kill(signal)
    await exit
  }
  const screen = screenOf({
    emulator,
    send: (data) => pty.write(data),
    written: () => all,
    resize: (newColumns, newRows) => pty.resize(newColumns, newRows),
  })
  return Object.defineProperties({ pty, exit, stop } as Started, Object.getOwnPropertyDescriptors(screen))
}
