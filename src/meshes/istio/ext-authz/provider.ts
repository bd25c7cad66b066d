/**
 * `extensionProviders` of MeshConfig, and whether one can be used as an external authorizer. Upstream:
 * pilot/pkg/security/authz/builder/extauthz.go (processExtensionProvider, buildExtAuthzHTTP, parseStatusOnError).
 */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'

/** An entry of `extensionProviders`. */
export interface ExtensionProvider {
  name: string
  /** `envoyExtAuthzHttp`, `envoyExtAuthzGrpc`, `envoyOtelAls`, … */
  kind: string
  /** Host of the registry, possibly as `namespace/host`. */
  service: string
  port: number
  /** As configured. */
  settings: Fields
  /** Another entry has the same name. */
  isTwice: boolean
}

/** By name. @param parsed the whole MeshConfig */
export const readProviders = (parsed: unknown): ReadonlyMap<string, ExtensionProvider> => {
  const found = new Map<string, ExtensionProvider>()
  for (const entry of list(fields(parsed).extensionProviders).map(fields)) {
    const name = text(entry.name) ?? ''
    const kind = Object.keys(entry).find((key) => key !== 'name' && isFields(entry[key])) ?? ''
    const settings = fields(entry[kind])
    const [service, port] = [text(settings.service) ?? '', Number(settings.port ?? 0)]
    found.set(name, { name, kind, service, port, settings, isTwice: found.has(name) })
  }
  return found
}

const providerName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** envoy.type.v3.StatusCode */
const statusCodes = new Set(
  '100 200 201 202 203 204 205 206 207 208 226 300 301 302 303 304 305 307 308 400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 421 422 423 424 426 428 429 431 500 501 502 503 504 505 506 507 508 510 511'.split(
    ' ',
  ),
)

const headerLists = [
  'includeRequestHeadersInCheck',
  'includeHeadersInCheck',
  'headersToDownstreamOnDeny',
  'headersToDownstreamOnAllow',
  'headersToUpstreamOnAllow',
] as const

/** Why istiod cannot use the provider; undefined: it can. `knows`: whether the registry has such a host. */
export const complaint = (
  name: string,
  provider: ExtensionProvider | undefined,
  knows: (host: string) => boolean,
): string | undefined => {
  if (provider === undefined || !/^envoyExtAuthz(Http|Grpc)$/.test(provider.kind))
    return `the mesh has no provider ${name}`
  const { port, service, settings, isTwice, kind } = provider
  if (!providerName.test(name)) return `the name of the provider ${name} is not valid`
  if (isTwice) return `the mesh has several providers ${name}`
  if (!(port >= 1 && port <= 65535)) return `the provider ${name} has no valid port`
  if (!knows(service)) return `the mesh has no Service ${service} for the provider ${name}`
  const status = settings.statusOnError
  if (status !== undefined && status !== '' && !statusCodes.has(String(status)))
    return `the provider ${name} has the statusOnError ${String(status)}, which is no status`
  if (kind === 'envoyExtAuthzGrpc') return undefined
  const prefix = text(settings.pathPrefix) ?? ''
  if (prefix !== '' && !prefix.startsWith('/')) return `the pathPrefix of the provider ${name} does not begin with /`
  const starred = headerLists.find((each) => texts(settings[each]).includes('*'))
  return starred && `${starred} of the provider ${name} has a "*" alone, which is not supported`
}
