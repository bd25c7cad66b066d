/** A prepared answer of the endpoints that describe the API: discovery and OpenAPI. */
import { createHash } from 'node:crypto'

export interface ApiDocument {
  body: string | Uint8Array<ArrayBuffer>
  contentType: string
  /** Quoted, and derived from the content: equal answers of two servers on one port have equal tags. */
  etag: string
}

export const contentHash = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex').toUpperCase()

export const apiDocument = (body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json'): ApiDocument => ({
  body,
  contentType,
  etag: `"${contentHash(body)}"`,
})
