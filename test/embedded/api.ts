/** A small client for tests: one call per line, the answer parsed. */
import type { EmbeddedCluster } from '../../src/embedded/cluster.ts'

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests read deep into answers of many shapes
  body: any
  headers: Headers
}

export type Api = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

export const apiOf =
  ({ cluster }: Pick<EmbeddedCluster, 'cluster'>): Api =>
  async (method, path, body, headers = {}) => {
    const response = await cluster.fetch(
      new Request(`https://cluster${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers }
  }

/** The events of a watch, one at a time. */
export async function watchOf(
  { cluster }: Pick<EmbeddedCluster, 'cluster'>,
  path: string,
  headers: Record<string, string> = {},
) {
  const gone = new AbortController()
  const response = await cluster.fetch(new Request(`https://cluster${path}`, { headers, signal: gone.signal }))
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let buffered = ''
  return {
    status: response.status,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    next: async (): Promise<any> => {
      for (;;) {
        const end = buffered.indexOf('\n')
        if (end >= 0) {
          const line = buffered.slice(0, end)
          buffered = buffered.slice(end + 1)
          return JSON.parse(line)
        }
        const { done, value } = await reader.read()
        if (done) return undefined
        buffered += value
      }
    },
    close: () => gone.abort(),
  }
}

/** A minimal Deployment. */
export const deployment = (name: string, labels: Record<string, string> = { app: name }, image = 'nginx') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image }] } },
  },
})
