/**
 * A terminal's line discipline, as a process with a TTY meets it (POSIX general terminal interface, canonical mode):
 * what is typed is echoed and handed over line by line, Ctrl-D ends the input, Ctrl-C interrupts. A program that edits
 * lines itself, such as a shell, asks for the keys as they come.
 * Not modelled: Ctrl-Z, Ctrl-\, Ctrl-U and Ctrl-W outside a shell, `stty`.
 */
import { createFeed } from '../../node/output.ts'

export interface TerminalLine {
  input: AsyncIterable<Uint8Array>
  /** From now on every key at once, without echo. */
  raw(): void
}

export interface TerminalLineOptions {
  raw: boolean
  echo(text: string): void
  /** Ctrl-C. */
  interrupt(): void
}

export const createTerminalLine = (
  keys: AsyncIterable<Uint8Array>,
  { raw, echo, interrupt }: TerminalLineOptions,
): TerminalLine => {
  const input = createFeed()
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let isRaw = raw
  let line = ''
  const give = (text: string): void => {
    line = ''
    if (text) input.push(encoder.encode(text))
  }
  const press = (key: string): void => {
    if (key === '\r' || key === '\n') {
      echo('\r\n')
      give(`${line}\n`)
    } else if (key === '\x03') {
      echo('^C')
      line = ''
      interrupt()
    } else if (key === '\x04') {
      if (line === '') input.end()
      else give(line)
    } else if (key === '\x7f' || key === '\b') {
      if (line === '') return
      line = [...line].slice(0, -1).join('')
      echo('\b \b')
    } else {
      line += key
      echo(key < ' ' && key !== '\t' ? `^${String.fromCharCode(key.charCodeAt(0) + 64)}` : key)
    }
  }
  void (async () => {
    for await (const chunk of keys) {
      if (isRaw) input.push(chunk)
      else for (const key of decoder.decode(chunk, { stream: true })) press(key)
    }
    give(line)
    input.end()
  })().catch(() => input.end())
  return {
    input,
    raw() {
      if (isRaw) return
      isRaw = true
      give(line)
    },
  }
}
