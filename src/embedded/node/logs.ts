/** What a container wrote, kept for `kubectl logs`: at most a few thousand lines, as a rotated file would. */
import type { Clock } from '../clock.ts'
import type { LogOptions } from '../kubelet.ts'

interface Line {
  /** Milliseconds since the epoch. */
  at: number
  text: string
}

export interface Log {
  write(line: string): void
  /** No more lines will come: followers end. */
  close(): void
  /** Chunks of text, each of whole lines. With `follow`, ends when the log closes or the signal fires. */
  read(options: LogOptions, signal?: AbortSignal): AsyncGenerator<string>
  /** Calls back for each line from now on; returns the function that stops it. */
  listen(onLine: (line: string) => void): () => void
  readonly closed: Promise<void>
}

const keep = 10_000

/** `sinceTime` in milliseconds, whichever of the two options is given. */
const since = (options: LogOptions, now: number): number =>
  options.sinceSeconds !== undefined
    ? now - options.sinceSeconds * 1000
    : options.sinceTime
      ? Date.parse(options.sinceTime)
      : Number.NEGATIVE_INFINITY

export const createLog = (clock: Clock): Log => {
  const lines: Line[] = []
  const listeners = new Set<(line: Line) => void>()
  let isClosed = false
  let end = (): void => {}
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  const format = (line: Line, options: LogOptions): string =>
    `${options.timestamps ? `${new Date(line.at).toISOString().replace('Z', '000000Z')} ` : ''}${line.text}\n`
  return {
    closed,
    write(text) {
      if (isClosed) return
      const line = { at: clock.now(), text }
      lines.push(line)
      if (lines.length > keep * 1.5) lines.splice(0, lines.length - keep)
      for (const listener of listeners) listener(line)
    },
    close() {
      isClosed = true
      end()
    },
    listen(onLine) {
      const listener = (line: Line): void => onLine(line.text)
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async *read(options, signal) {
      const from = since(options, clock.now())
      let left = options.limitBytes ?? Number.POSITIVE_INFINITY
      const cut = (text: string): string => {
        const bytes = Buffer.from(text)
        const part = bytes.length <= left ? text : bytes.subarray(0, left).toString('utf8')
        left -= Math.min(bytes.length, left)
        return part
      }
      const recent = lines.filter((line) => line.at >= from)
      const tail =
        options.tailLines === undefined || options.tailLines < 0
          ? recent
          : options.tailLines === 0
            ? []
            : recent.slice(-options.tailLines)
      const queue: Line[] = []
      let wake = (): void => {}
      const onLine = (line: Line): void => {
        queue.push(line)
        wake()
      }
      // Listening starts in the same turn in which the past was read: no line is lost between the two.
      if (options.follow) listeners.add(onLine)
      try {
        const past = cut(tail.map((line) => format(line, options)).join(''))
        if (past) yield past
        if (!options.follow) return
        const stopped = new Promise<void>((resolve) =>
          signal?.addEventListener('abort', () => resolve(), { once: true }),
        )
        while (left > 0 && !signal?.aborted) {
          if (queue.length === 0) {
            if (isClosed) return
            await Promise.race([new Promise<void>((resolve) => (wake = resolve)), closed, stopped])
            continue
          }
          const text = cut(
            queue
              .splice(0)
              .map((line) => format(line, options))
              .join(''),
          )
          if (text) yield text
        }
      } finally {
        listeners.delete(onLine)
      }
    },
  }
}
