/** The `continue` token of chunked lists (k8s.io/apiserver pkg/storage/continue.go): where the next page starts, and of when. */
import { posix } from 'node:path'
import { record } from './equality.ts'
import { badRequest } from './errors.ts'

export interface Continue {
  /** Negative: of now, whatever the first pages showed. */
  revision: number
  /** The first key of the page, or just before it: `ns/name\0`. */
  start: string
}

const version = 'meta.k8s.io/v1'

/** @param namespace of a namespaced list: its tokens name keys within the namespace */
export function encodeContinue({ revision, start }: Continue, namespace?: string): string {
  const key = namespace ? start.slice(namespace.length + 1) : start
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start: key })).toString('base64url')
}

/** @throws StatusError 400 */
export function decodeContinue(text: string, namespace?: string): Continue {
  const unusable = (because: string) => badRequest(`invalid continue token: continue key is not valid${because}`)
  let token: Record<string, unknown> | undefined
  try {
    token = record(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch (error) {
    throw unusable(`: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (token?.v !== version) throw unusable(`: server does not recognize this encoded version ${String(token?.v ?? '')}`)
  if (!Number.isInteger(token.rv) || token.rv === 0)
    throw unusable(`: incorrect encoded start resourceVersion (version ${version})`)
  const { start } = token
  if (typeof start !== 'string' || !start) throw unusable(`: encoded start key empty (version ${version})`)
  // Nobody may climb out of the namespace: the cleaned path has to be the same.
  const key = start.startsWith('/') ? start : `/${start}`
  if (posix.normalize(key) !== key) throw unusable(`: ${start}`)
  return { revision: token.rv as number, start: `${namespace ? `${namespace}/` : ''}${key.slice(1)}` }
}
