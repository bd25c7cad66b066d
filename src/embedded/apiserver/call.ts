/** One request on its way through the API server, and the parts that every verb works with. */
import type { KubeObject } from '../../kube/api.ts'
import type { Clock } from '../clock.ts'
import { fromStored } from '../kinds/conversion.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Kubelet } from '../kubelet.ts'
import type { TokenIssuer } from '../pki/tokens.ts'
import type { User } from './auth.ts'
import { bodyTooLarge } from './errors.ts'
import { apiVersionOf } from './kind-table.ts'
import type { Authorizer } from './rbac/authorizer.ts'
import type { ApiRegistry } from './registry.ts'
import type { ResourceRequest } from './request-info.ts'
import { renderObject, type View } from './table.ts'
import type { EncodedEvents } from './verbs/encoded-events.ts'

export interface ApiServerParts {
  registry: ApiRegistry
  clock: Clock
  tokens: TokenIssuer
  authorizer: Authorizer
  /** The node, once it runs. */
  kubelet: () => Kubelet | undefined
}

export interface Call extends ResourceRequest {
  parts: ApiServerParts & { encoded: EncodedEvents }
  request: Request
  query: URLSearchParams
  user: User
  view: View
  /** Sent as `Warning` headers. */
  warn: (text: string) => void
}

/** Bytes. */
const bodyLimit = 3 * 1024 * 1024

/** The whole body. @throws StatusError 413 above 3 MiB */
export async function bodyOf(request: Request): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array()
  if (Number(request.headers.get('content-length') ?? 0) > bodyLimit) throw bodyTooLarge(bodyLimit)
  const bytes = new Uint8Array(await request.arrayBuffer())
  if (bytes.length > bodyLimit) throw bodyTooLarge(bodyLimit)
  return bytes
}

/** The object in the version that the URL names; versions of a kind differ in `apiVersion` only, where the kind says nothing else. */
export function inVersion(kind: Kind, object: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(kind)
  const { kind: name, apiVersion: _stored, ...rest } = fromStored(kind, object, apiVersion)
  return object.apiVersion === apiVersion ? object : { kind: name, apiVersion, ...rest }
}

/** A body that is known as a whole: its length tells the HTTP server that nothing will follow. */
export const complete = (body: string, status: number, headers: Record<string, string>): Response =>
  new Response(body, { status, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } })

/** Any document as JSON. */
export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  complete(`${JSON.stringify(body)}\n`, status, { 'content-type': 'application/json', ...headers })

/** A document in the representation that the client asked for, YAML included. */
export async function encode(call: Pick<Call, 'view'>, body: object, status = 200): Promise<Response> {
  if (call.view.representation.mediaType !== 'application/yaml') return json(body, status)
  const { stringify } = await import('./decode/yaml-library.ts')
  return complete(stringify(body, { version: '1.1' }), status, { 'content-type': 'application/yaml' })
}

/** One object of the call's kind, as the client asked to see it. */
export const respond = (call: Call, object: KubeObject, status = 200): Promise<Response> =>
  encode(call, renderObject(call.kind, inVersion(call.kind, object), call.view), status)

/** A subresource's own kind (Scale, TokenRequest): never a Table of the parent. */
export const respondPlain = (call: Call, object: object, status = 200): Promise<Response> =>
  encode(call, object, status)
