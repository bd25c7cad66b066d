/** Runs exec or attach over whatever transport: what both WebSocket and SPDY share. */
import type { ExecStreams } from '../../kube/api.ts'
import type { Kubelet } from '../kubelet.ts'
import { createFeed, type Feed } from '../node/output.ts'
import type { Route } from './index.ts'
import { exitStatus, failureStatus, success } from './status.ts'

/** What a request asks for, from its query. */
export interface Wish {
  command: string[]
  container?: string
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

export const wishOf = (params: URLSearchParams): Wish => {
  const asks = (name: string): boolean => /^(true|1)$/i.test(params.get(name) ?? '')
  const tty = asks('tty')
  return {
    command: params.getAll('command'),
    container: params.get('container') || undefined,
    stdin: asks('stdin'),
    stdout: asks('stdout'),
    stderr: asks('stderr') && !tty,
    tty,
  }
}

/** Terminal sizes as they arrive: JSON, one per message or several in one. */
export const createSizes = (): {
  push: (chunk: Uint8Array) => void
  end: () => void
  sizes: AsyncIterable<{ width: number; height: number }>
} => {
  const feed: Feed = createFeed()
  return {
    push: feed.push,
    end: feed.end,
    sizes: (async function* () {
      for await (const chunk of feed)
        for (const [text] of new TextDecoder().decode(chunk).matchAll(/\{[^{}]*\}/g)) {
          try {
            const { Width = 0, Height = 0 } = JSON.parse(text) as { Width?: number; Height?: number }
            yield { width: Width, height: Height }
          } catch {
            // Not JSON: a client's mistake that no terminal has to suffer from.
          }
        }
    })(),
  }
}

/** Runs it and resolves with the JSON for the error channel. */
export const run = async (kubelet: Kubelet, route: Route, wish: Wish, streams: ExecStreams): Promise<string> => {
  const target = { namespace: route.namespace, pod: route.pod, container: wish.container }
  try {
    if (route.subresource === 'attach') {
      await kubelet.attach(target, streams)
      return success()
    }
    const { exitCode } = await kubelet.exec(target, wish.command, streams)
    return exitStatus(exitCode)
  } catch (error) {
    return failureStatus(error)
  }
}
