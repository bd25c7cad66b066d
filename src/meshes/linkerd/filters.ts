/**
 * What the filters of a route on a Server do to a request that was let in. Upstream: linkerd2-proxy
 * linkerd/app/inbound/src/policy/http.rs (apply_http_filters), linkerd/http/route/src/http/filter/{modify_header,redirect}.rs;
 * linkerd2 policy-controller/grpc/src/inbound/http.rs (convert_http_filter: what is for responses is not sent to proxies),
 * policy-controller/k8s/index/src/inbound/index/http.rs (try_gateway_filter: kinds that make the whole route void).
 * Not modelled, and `unknown`: a line added to a header that is there already, a redirect that replaces a prefix.
 */
import type { HttpRequest } from '../call.ts'
import { type Fields, fields, list, text, texts } from '../read.ts'

export interface Filter {
  type: string
  spec: Fields
}

const settings: Readonly<Record<string, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
}

/** `undefined` for a kind that the policy controller cannot index. */
export const readFilter = (value: unknown): Filter | undefined => {
  const said = fields(value)
  const type = text(said.type) ?? ''
  return Object.hasOwn(settings, type) ? { type, spec: fields(said[settings[type] ?? '']) } : undefined
}

/** How the request goes on, or the answer that it gets instead. */
export type Filtered =
  | { set: [string, string][]; remove: string[] }
  | { redirect: { status: number; location: string } }
  | { unknown: string }

const pairs = (value: unknown): [string, string][] =>
  list(value).map((each) => {
    const { name, value: said } = fields(each)
    return [(text(name) ?? '').toLowerCase(), text(said) ?? '']
  })

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 }

const locationOf = (said: Fields, { authority, path }: HttpRequest): string => {
  const scheme = text(said.scheme) ?? 'http'
  const [host = '', port] = authority.split(':')
  const asked = port === undefined ? undefined : Number(port)
  const shown = (own: string, number: number | undefined): string =>
    number === undefined || number === defaultPorts[scheme] ? own : `${own}:${number}`
  const hostname = text(said.hostname)
  const wanted = typeof said.port === 'number' ? said.port : undefined
  const place =
    hostname !== undefined
      ? wanted === undefined
        ? shown(hostname, asked)
        : `${hostname}:${wanted}`
      : wanted === undefined
        ? authority
        : shown(host, wanted)
  return `${scheme}://${place}${text(fields(said.path).replaceFullPath) ?? path}`
}

/** In the order of the rule; the first redirect to anywhere else ends it. @param headers those that the proxy itself has set */
export const applyFilters = (
  filters: readonly Filter[],
  request: HttpRequest,
  headers: readonly [string, string][],
): Filtered => {
  const changed = new Map<string, string | undefined>(headers)
  for (const { type, spec } of filters) {
    if (type === 'RequestRedirect') {
      if (fields(spec.path).replacePrefixMatch !== undefined) return { unknown: 'replaces a prefix' }
      const location = locationOf(spec, request)
      const status = typeof spec.statusCode === 'number' ? spec.statusCode : 301
      if (location !== `http://${request.authority}${request.path}`) return { redirect: { status, location } }
    }
    if (type !== 'RequestHeaderModifier') continue
    for (const [name, value] of pairs(spec.add)) {
      const isThere = changed.has(name)
        ? changed.get(name) !== undefined
        : request.headers.some(([each]) => each === name)
      if (isThere) return { unknown: `adds to the header ${name}, which is there` }
      changed.set(name, value)
    }
    for (const [name, value] of pairs(spec.set)) changed.set(name, value)
    for (const name of texts(spec.remove)) changed.set(name.toLowerCase(), undefined)
  }
  return {
    set: [...changed].flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
    remove: [...changed].flatMap(([name, value]) => (value === undefined ? [name] : [])),
  }
}
