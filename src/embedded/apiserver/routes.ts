/**
 * The Kubernetes API as a function from Request to Response. A path means a resource (`/api/v1/…/pods/x`), a document
 * (discovery, OpenAPI) or one of a few fixed pages; errors of every kind leave here as `Status`.
 */
import { randomUUID } from 'node:crypto'
import type { Status } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import { issuer } from '../pki/tokens.ts'
import { adminUser, impersonated, isReview, requireAllowed, requireResource, type User } from './auth.ts'
import { type ApiServerParts, type Call, complete, json } from './call.ts'
import { internal, methodNotAllowed, unknownPath } from './errors.ts'
import { negotiate } from './negotiation.ts'
import { indented, wantsPretty } from './pretty.ts'
import { parseResourcePath, type ResourceRequest, UnknownGroupVersion } from './request-info.ts'
import { review } from './reviews.ts'
import { subresource } from './subresources/index.ts'
import { parseIncludeObject } from './table.ts'
import { create } from './verbs/create.ts'
import { remove, removeCollection } from './verbs/delete.ts'
import { EncodedEvents } from './verbs/encoded-events.ts'
import { get } from './verbs/get.ts'
import { list } from './verbs/list.ts'
import { patch } from './verbs/patch.ts'
import { replace } from './verbs/replace.ts'
import { watch } from './verbs/watch.ts'
import { versionInfo } from './version.ts'

/** Never rejects: a failure is a Response with a Status. The user is the admin unless the caller says otherwise. */
export type ApiServer = (request: Request, user?: User) => Promise<Response>

/** Discovery and OpenAPI documents; undefined for a path that is none. */
export type Documents = (request: Request, url: URL) => Promise<Response | undefined>

const verbs: Record<ResourceRequest['verb'], (call: Call) => Promise<Response>> = {
  get,
  list,
  watch,
  create,
  update: replace,
  patch,
  delete: remove,
  deletecollection: removeCollection,
}

export function createApiServer(given: ApiServerParts, documents: Documents): ApiServer {
  const parts = { ...given, encoded: new EncodedEvents() }
  const handle = async (request: Request, signedIn: User, warn: (text: string) => void): Promise<Response> => {
    const url = new URL(request.url)
    const user = impersonated(parts.authorizer, signedIn, request.headers)
    const resource = parseResourcePath(request.method, url, parts.registry.kindTable)
    if (!resource) {
      requireAllowed(parts.authorizer, user, { path: url.pathname, verb: request.method.toLowerCase() })
      return (await documents(request, url)) ?? (await page(parts, request, url))
    }
    requireResource(parts.authorizer, user, resource, url.searchParams)
    if (resource.kind.deprecation) warn(resource.kind.deprecation)
    const representation = negotiate(request.headers.get('accept'))
    const includeObject = parseIncludeObject(
      representation.as === 'Table' ? url.searchParams.get('includeObject') : null,
    )
    const view = { representation, includeObject, now: () => parts.clock.now() }
    const call: Call = { ...resource, parts, request, query: url.searchParams, user, view, warn }
    if (resource.subresource !== undefined) return subresource(call)
    return isReview(resource.kind) ? review(call) : verbs[resource.verb](call)
  }

  return async (request, user = adminUser) => {
    const warnings: string[] = []
    const warn = (text: string): void => {
      if (!warnings.includes(text)) warnings.push(text)
    }
    const answer = await handle(request, user, warn).catch(failed)
    const response = wantsPretty(request) || alwaysIndented.test(request.url) ? await indented(answer) : answer
    response.headers.set('audit-id', randomUUID())
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-cache, private')
    for (const warning of warnings) response.headers.append('warning', warningHeader(warning))
    return response
  }
}

/** Documents that the real server indents for everybody (pkg/endpoints/handlers/responsewriters, WriteRawJSON). */
const alwaysIndented = /^https?:\/\/[^/]*(\/|\/version)(\?.*)?$/

/** `299 - "text"`, in the bytes that a header may carry. */
const warningHeader = (text: string): string =>
  `299 - "${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replace(/[\r\n]+/g, ' ')
    .replace(/[^\x20-\xff]/g, '?')}"`

function failed(error: unknown): Response {
  if (error instanceof UnknownGroupVersion) return pageNotFound()
  const { status } =
    error instanceof StatusError ? error : internal(error instanceof Error ? error.message : String(error))
  return statusResponse(status)
}

/** A refusal as it goes over the wire. */
export function statusResponse(status: Status): Response {
  const retry = status.details?.retryAfterSeconds
  return json(status, status.code ?? 500, retry ? { 'retry-after': String(retry) } : {})
}

const text = (body: string, status = 200): Response =>
  complete(body, status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })

const pageNotFound = (): Response => text('404 page not found\n', 404)

const healthChecks = ['ping', 'log', 'etcd', 'poststarthook/generic-apiserver-start-informers']

async function page(parts: ApiServerParts, request: Request, url: URL): Promise<Response> {
  const [first = '', second] = url.pathname.split('/').filter(Boolean)
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed()
  switch (first) {
    case '':
      return json({
        paths: [
          '/.well-known/openid-configuration',
          '/api',
          '/api/v1',
          '/apis',
          '/healthz',
          '/livez',
          '/openapi/v2',
          '/openapi/v3',
          '/openid/v1/jwks',
          '/readyz',
          '/version',
        ],
      })
    case 'version':
      return json(versionInfo)
    case 'healthz':
    case 'livez':
    case 'readyz':
      if (second !== undefined && !healthChecks.includes(second)) return pageNotFound()
      if (!url.searchParams.has('verbose')) return text('ok')
      return text(`${healthChecks.map((name) => `[+]${name} ok\n`).join('')}${first} check passed\n`)
    case '.well-known':
      return json({
        issuer,
        jwks_uri: `${issuer}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      })
    case 'openid':
      return json(await parts.tokens.jwks(), 200, { 'content-type': 'application/jwk-set+json' })
    case 'api':
    case 'apis':
      return pageNotFound()
    default:
      throw unknownPath()
  }
}
