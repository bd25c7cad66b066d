/**
 * A shell on a terminal: prompt, echo, line editing, Ctrl-C, Ctrl-D, history with the arrow keys.
 * Not modelled: completion, reverse search, programs that take over the screen (vi, less, top).
 */
import { type Bash, parse } from 'just-bash'
import type { Process } from '../process/process.ts'
import { newState, runPiece, runStatements } from './script.ts'

/** What a key press does, by the bytes that terminals send. */
const keys: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1b[B': 'down',
  '\x1b[C': 'right',
  '\x1b[D': 'left',
  '\x1b[H': 'home',
  '\x1b[F': 'end',
  '\x1b[1~': 'home',
  '\x1b[4~': 'end',
  '\x1b[3~': 'delete',
  '\x1bOA': 'up',
  '\x1bOB': 'down',
  '\x1bOC': 'right',
  '\x1bOD': 'left',
  '\x01': 'home',
  '\x05': 'end',
  '\x02': 'left',
  '\x06': 'right',
  '\x10': 'up',
  '\x0e': 'down',
  '\x0b': 'kill-end',
  '\x15': 'kill-start',
  '\x17': 'kill-word',
  '\x0c': 'redraw',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\r': 'enter',
  '\n': 'enter',
  '\x03': 'interrupt',
  '\x04': 'end-of-file',
}

/** Splits input into key names and single characters. Escape sequences that mean nothing here are dropped. */
export const readKeys = (text: string): string[] =>
  [...text.matchAll(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|\r\n|[\s\S]/gu)].flatMap(([key]) => {
    if (key === '\r\n') return ['enter']
    const name = keys[key]
    if (name) return [name]
    return key < ' ' || key.startsWith('\x1b') ? [] : [`:${key}`]
  })

interface Editor {
  line: string
  cursor: number
}

const words = /\S+\s*$/

const edit = (editor: Editor, key: string): void => {
  const { line, cursor } = editor
  const replace = (from: number, to: number, text = ''): void => {
    editor.line = line.slice(0, from) + text + line.slice(to)
    editor.cursor = from + text.length
  }
  if (key.startsWith(':')) replace(cursor, cursor, key.slice(1))
  else if (key === 'backspace' && cursor > 0) replace(cursor - 1, cursor)
  else if (key === 'delete' || key === 'end-of-file') replace(cursor, cursor + 1)
  else if (key === 'kill-start') replace(0, cursor)
  else if (key === 'kill-end') replace(cursor, line.length)
  else if (key === 'kill-word') replace(line.slice(0, cursor).replace(words, '').length, cursor)
  else if (key === 'left') editor.cursor = Math.max(0, cursor - 1)
  else if (key === 'right') editor.cursor = Math.min(line.length, cursor + 1)
  else if (key === 'home') editor.cursor = 0
  else if (key === 'end') editor.cursor = line.length
}

/** Whether the text is a whole command: an open quote, loop or trailing backslash asks for another line. */
const isComplete = (text: string): boolean => {
  if (/(^|[^\\])\\$/.test(text)) return false
  try {
    parse(text)
    return true
  } catch (error) {
    return !/unexpected end|EOF|unterminated|unexpected token ['"]?$|expected '?(done|fi|esac|then|do|})/i.test(
      String(error),
    )
  }
}

/** Reads commands until `exit` or end of file; resolves with the exit code. */
export const interact = async (bash: Bash, process: Process): Promise<number> => {
  const state = newState(process)
  const editor: Editor = { line: '', cursor: 0 }
  const history: string[] = []
  let at = 0
  let pending = ''
  const prompt = (): string =>
    pending ? '> ' : `${state.cwd === '/root' ? '~' : state.cwd} ${process.container.user === 0 ? '#' : '$'} `
  const draw = (): void => {
    const back = editor.line.length - editor.cursor
    process.out(`\r${prompt()}${editor.line}\x1b[K${back > 0 ? `\x1b[${back}D` : ''}`)
  }
  const recall = (step: number): void => {
    at = Math.min(history.length, Math.max(0, at + step))
    editor.line = history[at] ?? ''
    editor.cursor = editor.line.length
  }
  const clear = (): void => {
    editor.line = ''
    editor.cursor = 0
  }
  let running: AbortController | undefined
  const typedAhead: string[] = []

  /** Runs what was entered; false when the shell ended. */
  const enter = async (): Promise<boolean> => {
    process.out('\n')
    const text = pending + editor.line
    if (editor.line.trim()) history.push(editor.line)
    at = history.length
    clear()
    if (text.trim() && !isComplete(text)) {
      pending = `${text}\n`
      return true
    }
    pending = ''
    if (!text.trim()) return true
    running = new AbortController()
    const command = { ...process, stdin: undefined, signal: running.signal }
    let goesOn: boolean
    try {
      goesOn = await runStatements(bash, command, parse(text).statements, state)
    } catch {
      goesOn = await runPiece(bash, command, text, state)
    }
    const interrupted = running.signal.aborted
    running = undefined
    if (interrupted) state.code = 130
    return goesOn || interrupted
  }

  const press = async (key: string): Promise<'more' | 'ended'> => {
    if (key === 'enter') {
      if (!(await enter())) return 'ended'
      draw()
    } else if (key === 'end-of-file' && editor.line === '') {
      process.out('\n')
      return 'ended'
    } else if (key === 'interrupt') {
      process.out('^C\n')
      clear()
      pending = ''
      state.code = 130
      draw()
    } else if (key.startsWith(':') && editor.cursor === editor.line.length) {
      // Typing at the end only echoes: redrawing would spoil a line that the terminal has wrapped.
      edit(editor, key)
      process.out(key.slice(1))
      return 'more'
    } else if (key === 'backspace' && editor.cursor === editor.line.length) {
      if (editor.cursor > 0) process.out('\b \b')
      edit(editor, key)
      return 'more'
    } else {
      if (key === 'redraw') process.out('\x1b[H\x1b[2J')
      else if (key === 'up') recall(-1)
      else if (key === 'down') recall(1)
      else edit(editor, key)
      draw()
    }
    return 'more'
  }

  process.raw?.()
  draw()
  // Keys arrive while a command runs, too: Ctrl-C has to reach it, the rest waits its turn.
  const ended = new Promise<void>((resolve) => {
    let busy = false
    const pump = async (): Promise<void> => {
      if (busy) return
      busy = true
      for (let key = typedAhead.shift(); key !== undefined; key = typedAhead.shift()) {
        if ((await press(key)) === 'ended') return resolve()
      }
      busy = false
    }
    void (async () => {
      const decoder = new TextDecoder()
      for await (const chunk of process.stdin ?? []) {
        for (const key of readKeys(decoder.decode(chunk, { stream: true }))) {
          if (key === 'interrupt' && running) {
            process.out('^C\n')
            running.abort()
          } else typedAhead.push(key)
        }
        void pump()
      }
      typedAhead.push('kill-start', 'kill-end', 'end-of-file')
      void pump()
    })()
    process.signal?.addEventListener('abort', () => resolve(), { once: true })
  })
  await ended
  return state.code
}
