/**
 * What answers outside the cluster (`meshes/outside.ts`): httpbin.org a few of its paths, any other host one page.
 * Certificates are taken as from a public authority: they are trusted and carry the host's own name.
 */
import type { Pod } from '../../kube/kinds.ts'
import { findOutsideHost, outsideHosts } from '../../meshes/outside.ts'
import type { Program } from '../workloads/workload.ts'
import type { HttpExchange } from './dataplane.ts'

type Request = HttpExchange['request']
type Response = HttpExchange['response']

const reply = (status: number, type: string, body: string, now: number): Response => ({
  status,
  headers: [
    ['date', new Date(now).toUTCString()],
    ['content-type', type],
    ['content-length', String(Buffer.byteLength(body))],
  ],
  body: new Uint8Array(Buffer.from(body)),
})

const titled = (name: string): string =>
  name
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('-')

const httpbin = (request: Request, scheme: string, now: number): Response => {
  const url = new URL(request.path, `${scheme}://${request.authority || 'httpbin.org'}`)
  const headers = Object.fromEntries([
    ['Host', request.authority],
    ...request.headers.map(([name, value]) => [titled(name), value]),
  ])
  const json = (value: unknown): Response => reply(200, 'application/json', `${JSON.stringify(value, null, 2)}\n`, now)
  const status = /^\/status\/(\d{3})$/.exec(url.pathname)?.[1]
  if (status !== undefined) return reply(Number(status), 'text/html; charset=utf-8', '', now)
  const base = { args: Object.fromEntries(url.searchParams), headers, origin: '203.0.113.1', url: url.href }
  if (url.pathname === '/headers') return json({ headers })
  if (url.pathname === '/ip') return json({ origin: base.origin })
  if (url.pathname === '/get' || url.pathname === '/anything') return json(base)
  if (url.pathname === '/post') return json({ ...base, data: Buffer.from(request.body).toString() })
  return url.pathname === '/'
    ? reply(200, 'text/html; charset=utf-8', '<!DOCTYPE html><title>httpbin.org</title>\n', now)
    : reply(404, 'text/html; charset=utf-8', '<title>404 Not Found</title>\n', now)
}

/** What listens at a place outside, under the name that the client asked for; undefined: nothing, and nothing answers. */
export const outsideProgram = (pod: Pod, now: () => number): Program | undefined => {
  const host = findOutsideHost(pod.metadata.name)
  if (host === undefined) return undefined
  const scheme = (port: number): string => host.ports.find((each) => each.port === port)?.protocol ?? 'http'
  return {
    ports: [...host.ports],
    http: async (request, { port }) =>
      host.name === 'httpbin.org'
        ? httpbin(request, scheme(port), now())
        : reply(200, 'text/html; charset=utf-8', `<!doctype html><title>${host.name}</title>\n`, now()),
  }
}

/** Whether the certificate at that place is for the name. */
export const outsideNames = (pod: Pod): readonly string[] =>
  outsideHosts.filter((host) => host.address === pod.status?.podIP).map((host) => host.name)
