/** What a container's main process writes: whole lines to its log, raw bytes to whoever is attached. */
import type { Log } from './logs.ts'

export type Listener = (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void

export interface Output {
  write(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void
  attach(listener: Listener): () => void
  /** Writes a last line that has no newline. */
  flush(): void
}

export const createOutput = (log: Log): Output => {
  const listeners = new Set<Listener>()
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const rest = { stdout: '', stderr: '' }
  return {
    write(chunk, stream) {
      for (const listener of listeners) listener(chunk, stream)
      const lines = (rest[stream] + decoders[stream].decode(chunk, { stream: true })).split('\n')
      rest[stream] = lines.pop() ?? ''
      for (const line of lines) log.write(line.replace(/\r$/, ''))
    },
    attach(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    flush() {
      for (const stream of ['stdout', 'stderr'] as const) if (rest[stream]) log.write(rest[stream])
    },
  }
}

/** Bytes that arrive over time, as one iterable: standard input of a main process that `attach` feeds. */
export interface Feed extends AsyncIterable<Uint8Array> {
  push(chunk: Uint8Array): void
  end(): void
}

export const createFeed = (): Feed => {
  const chunks: Uint8Array[] = []
  let isEnded = false
  let wake = (): void => {}
  return {
    push(chunk) {
      chunks.push(chunk)
      wake()
    },
    end() {
      isEnded = true
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const chunk = chunks.shift()
        if (chunk) yield chunk
        else if (isEnded) return
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}
