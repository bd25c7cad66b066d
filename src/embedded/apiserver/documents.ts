/** The documents that describe the API, over HTTP: discovery and OpenAPI with the caching that kubectl relies on. */
import { createDiscovery } from './discovery.ts'
import type { ApiDocument } from './document.ts'
import type { KindTable } from './kind-table.ts'
import { createOpenApi } from './openapi/openapi.ts'
import type { Documents } from './routes.ts'

const year = 365 * 24 * 3600 * 1000

/** @param now milliseconds since the epoch, for `Expires` */
export function createDocuments(kinds: KindTable, now: () => number): Documents {
  const discovery = createDiscovery(() => kinds.all())
  const openApi = createOpenApi(() => kinds.all())

  const openApiV3 = (request: Request, url: URL, path: string): Response | undefined => {
    if (path === '') return send(request, openApi.index(), 'no-cache, private')
    const document = openApi.groupVersion(path)
    if (!document) return undefined
    const hash = url.searchParams.get('hash')
    if (hash === null) return send(request, document, 'no-cache, private')
    if (hash !== document.hash)
      return new Response(null, { status: 301, headers: { location: `${url.pathname}?hash=${document.hash}` } })
    const response = send(request, document, 'public, immutable')
    response.headers.set('expires', new Date(now() + year).toUTCString())
    return response
  }

  return async (request, url) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    const accept = request.headers.get('accept')
    const [root = '', group, version, ...rest] = url.pathname.split('/').filter(Boolean)
    if (root === 'openapi') {
      if (group === 'v2') return send(request, openApi.v2(accept), 'no-cache, private')
      return group === 'v3' ? openApiV3(request, url, [version, ...rest].filter(Boolean).join('/')) : undefined
    }
    if (rest.length > 0) return undefined
    let document: ApiDocument | undefined
    if (root === 'api')
      document = group === undefined ? discovery.api(accept, url.host) : discovery.groupVersion('', group)
    if (root === 'apis' && group === undefined) document = discovery.apis(accept)
    else if (root === 'apis' && version === undefined) document = discovery.group(group!)
    else if (root === 'apis') document = discovery.groupVersion(group!, version!)
    return document && send(request, document, undefined)
  }
}

function send(request: Request, { body, contentType, etag }: ApiDocument, cacheControl: string | undefined): Response {
  const headers = { etag, vary: 'Accept', ...(cacheControl ? { 'cache-control': cacheControl } : {}) }
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
  return new Response(body, {
    status: 200,
    headers: { ...headers, 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) },
  })
}
