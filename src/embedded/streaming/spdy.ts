/** exec, attach and port-forward over SPDY/3.1 streams. Upstream: kubernetes/pkg/kubelet/cri/streaming. */
import type { Kubelet } from '../kubelet.ts'
import { createSizes, run, type Wish } from './command.ts'
import type { Route } from './index.ts'
import { forward } from './port.ts'
import { createSpdySession, type SpdySession, type SpdyStream } from './spdy/session.ts'

export interface Transport {
  send: (bytes: Uint8Array) => void
  /** Ends the connection once what was sent has gone out. */
  end: () => void
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The session of exec and attach: waits for the streams that the query announced, then runs. */
export const speakCommand = (kubelet: Kubelet, route: Route, wish: Wish, transport: Transport): SpdySession => {
  const byType = new Map<string, SpdyStream>()
  const expected = [
    'error',
    wish.stdin && 'stdin',
    wish.stdout && 'stdout',
    wish.stderr && 'stderr',
    wish.tty && 'resize',
  ].filter((name) => typeof name === 'string')
  const controller = new AbortController()
  const start = async (): Promise<void> => {
    const sizes = createSizes()
    const resize = byType.get('resize')
    if (resize)
      void (async () => {
        for await (const chunk of resize.input) sizes.push(chunk)
        sizes.end()
      })()
    const status = await run(kubelet, route, wish, {
      stdin: byType.get('stdin')?.input,
      stdout: (chunk) => byType.get('stdout')?.write(chunk),
      stderr: (chunk) => byType.get('stderr')?.write(chunk),
      tty: wish.tty,
      ...(wish.tty ? { resize: sizes.sizes } : {}),
      signal: controller.signal,
    })
    byType.get('error')?.end(encode(status))
    byType.get('stdout')?.end()
    byType.get('stderr')?.end()
    byType.get('stdin')?.end()
    byType.get('resize')?.end()
    finish()
  }
  let isStarted = false
  let isFinished = false
  /** The client answers with RST_STREAM and GOAWAY; a short wait lets it read everything first. */
  const finish = (): void => {
    if (isFinished) return
    isFinished = true
    session.goAway()
    setTimeout(close, 300).unref()
  }
  const close = (): void => {
    controller.abort()
    session.close()
    transport.end()
  }
  const session = createSpdySession({
    send: transport.send,
    onStream(stream) {
      byType.set(stream.headers.streamtype ?? '', stream)
      if (isStarted || !expected.every((type) => byType.has(type))) return
      isStarted = true
      void start()
    },
    onEnd: close,
  })
  return {
    ...session,
    close() {
      controller.abort()
      session.close()
    },
  }
}

/** The session of port-forward: an error and a data stream per connection, paired by `requestid`. */
export const speakPortForward = (kubelet: Kubelet, route: Route, transport: Transport): SpdySession => {
  const waiting = new Map<string, SpdyStream>()
  const pair = async (error: SpdyStream, data: SpdyStream): Promise<void> => {
    const port = Number(data.headers.port ?? error.headers.port)
    const trouble = await forward(kubelet, route, port, { input: data.input, write: data.write, end: () => data.end() })
    error.end(trouble === undefined ? undefined : encode(trouble))
  }
  const session = createSpdySession({
    send: transport.send,
    onStream(stream) {
      const id = stream.headers.requestid ?? `${Math.ceil((stream.id + 1) / 4)}`
      const other = waiting.get(id)
      if (!other) {
        waiting.set(id, stream)
        return
      }
      waiting.delete(id)
      const isData = stream.headers.streamtype === 'data'
      void pair(isData ? other : stream, isData ? stream : other)
    },
    onEnd() {
      session.close()
      transport.end()
    },
  })
  return session
}
