/**
 * What an authorizer's answer means: what is let through, what changes about it, and how a refusal looks. Upstream: envoy
 * source/extensions/filters/http/ext_authz/ext_authz.cc (onComplete),
 * source/extensions/filters/common/ext_authz/{ext_authz_http_impl,ext_authz_grpc_impl}.cc.
 */
import type { CheckFact, CheckReply } from '../../call.ts'
import { type Fields, fields, list, text } from '../read.ts'
import { isGrpc } from './check.ts'
import { headerMatcher, isEmptyList } from './headers.ts'
import type { ExtensionProvider } from './provider.ts'

type Header = [name: string, value: string]

export type CheckAnswer =
  /** `because` it was asked and could not tell, and `failOpen` is set. */
  | { kind: 'allowed'; isOpen?: true; setRequestHeaders: Header[]; setResponseHeaders: Header[] }
  | { kind: 'denied'; details: 'ext_authz_denied' | 'ext_authz_error'; status: number; headers: Header[]; body: string }

const copies = (headers: CheckReply['headers'], isWanted: (name: string) => boolean): Header[] =>
  headers.filter(([name]) => isWanted(name)).map(([name, value]) => [name, value])

const failed = (settings: Fields): CheckAnswer =>
  settings.failOpen === true
    ? { kind: 'allowed', isOpen: true, setRequestHeaders: [], setResponseHeaders: [] }
    : {
        kind: 'denied',
        details: 'ext_authz_error',
        status: Number(settings.statusOnError ?? 403),
        headers: [],
        body: '',
      }

/** Added to a refusal whatever the provider lets through. */
const alwaysShown = ['www-authenticate', 'location']
/** Of the connection to the authorizer, or written anew. */
const notCopied = new Set(['connection', 'content-length', 'date', 'host', 'server', 'transfer-encoding'])

const readHttp = (reply: CheckReply, settings: Fields): CheckAnswer => {
  // What proxies on the way to the authorizer wrote is about them.
  const headers = reply.headers.filter(([name]) => !notCopied.has(name) && !name.startsWith('x-envoy-'))
  if (reply.status === 200)
    return {
      kind: 'allowed',
      setRequestHeaders: copies(headers, headerMatcher(settings.headersToUpstreamOnAllow)),
      setResponseHeaders: copies(headers, headerMatcher(settings.headersToDownstreamOnAllow)),
    }
  const isShown = headerMatcher(settings.headersToDownstreamOnDeny)
  const all = isEmptyList(settings.headersToDownstreamOnDeny)
  return {
    kind: 'denied',
    details: 'ext_authz_denied',
    status: reply.status,
    headers: copies(headers, (name) => all || isShown(name) || alwaysShown.includes(name)),
    body: reply.body,
  }
}

const headerOptions = (options: unknown): Header[] =>
  list(options).flatMap((each): Header[] => {
    const { key, value } = fields(fields(each).header)
    return typeof key === 'string' ? [[key.toLowerCase(), text(value) ?? '']] : []
  })

const parsed = (body: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? fields(value) : undefined
  } catch {
    return undefined
  }
}

/** A CheckResponse; see `questionOf` for how it travels. Undefined: no such message. */
const readGrpc = (reply: CheckReply): CheckAnswer | undefined => {
  const response = reply.status === 200 ? parsed(reply.body) : undefined
  if (response === undefined || typeof response.status !== 'object') return undefined
  if ((fields(response.status).code ?? 0) === 0)
    return {
      kind: 'allowed',
      setRequestHeaders: headerOptions(fields(response.ok_response).headers),
      setResponseHeaders: headerOptions(fields(response.ok_response).response_headers_to_add),
    }
  const denied = fields(response.denied_response)
  const code = fields(denied.status).code
  return {
    kind: 'denied',
    details: 'ext_authz_denied',
    status: typeof code === 'number' ? code : 403,
    headers: headerOptions(denied.headers),
    body: text(denied.body) ?? '',
  }
}

/** An answer of 5xx counts as none. */
export const readAnswer = ({ reply }: CheckFact, provider: ExtensionProvider): CheckAnswer => {
  const { settings } = provider
  if (reply === null || reply.status >= 500) return failed(settings)
  return isGrpc(provider) ? (readGrpc(reply) ?? failed(settings)) : readHttp(reply, settings)
}
