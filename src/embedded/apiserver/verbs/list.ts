/** GET of a collection: selectors, chunks (`limit`, `continue`) from one snapshot, and the revisions a client may ask for. */
import type { KubeObject } from '../../../kube/api.ts'
import { Compacted } from '../../store.ts'
import { type Call, encode, inVersion } from '../call.ts'
import { record } from '../equality.ts'
import { badRequest, expired, futureRevision } from '../errors.ts'
import { type ListQuery, listQuery } from '../options.ts'
import { bucketOf, keyOf } from '../registry.ts'
import { type ListMeta, renderList } from '../table.ts'
import { selectionOf } from './selection.ts'

export async function list(call: Call): Promise<Response> {
  const asked = listQuery(call.query, false)
  const selects = selectionOf(call)
  const { items, metadata } = pageOf(call, asked, selects)
  const objects = items.map((object) => inVersion(call.kind, object))
  return encode(call, renderList(call.kind, objects, metadata, call.view))
}

type Selects = ((object: KubeObject) => boolean) | undefined

interface ContinueToken {
  revision: number
  /** The first key of the next page, or just before it. */
  start: string
}

function pageOf(call: Call, asked: ListQuery, selects: Selects): { items: KubeObject[]; metadata: ListMeta } {
  const { store } = call.parts.registry
  const token = asked.continue ? decodeToken(asked.continue) : undefined
  if ((asked.resourceVersion ?? 0) > store.revision) throw futureRevision(asked.resourceVersion!, store.revision)
  const exact = asked.match === 'Exact' || (asked.limit > 0 && asked.match === '' && !!asked.resourceVersion)
  const revision = token?.revision ?? (exact ? asked.resourceVersion! : store.revision)
  const entries = entriesAt(call, revision, token !== undefined)
  const from = token ? entries.filter(([key]) => key >= token.start) : entries
  const matching = selects ? from.filter(([, object]) => selects(object)) : from
  const metadata: ListMeta = { resourceVersion: String(revision) }
  if (asked.limit <= 0 || matching.length <= asked.limit) return { items: matching.map(([, o]) => o), metadata }
  const page = matching.slice(0, asked.limit)
  metadata.continue = encodeToken({ revision, start: `${page.at(-1)![0]}\0` })
  // With a selector the real server does not count what is left.
  if (!selects) metadata.remainingItemCount = matching.length - page.length
  return { items: page.map(([, object]) => object), metadata }
}

function entriesAt(call: Call, revision: number, continued: boolean): [key: string, object: KubeObject][] {
  const { store } = call.parts.registry
  const prefix = call.namespace ? `${call.namespace}/` : ''
  const bucket = bucketOf(call.kind)
  if (revision === store.revision)
    return store.list(bucket, prefix).map((object) => [keyOf(object.metadata.name, object.metadata.namespace), object])
  try {
    return store.listAt(bucket, revision, prefix)
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    throw continued
      ? expired(
          'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        )
      : expired(`The resourceVersion for the provided list is too old.`)
  }
}

const encodeToken = ({ revision, start }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `/${start}` })).toString('base64url')

function decodeToken(text: string): ContinueToken {
  const unusable = (because: string) => badRequest(`invalid continue token: continue key is not valid: ${because}`)
  let token: Record<string, unknown> | undefined
  try {
    token = record(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : String(error))
  }
  if (token?.v !== 'meta.k8s.io/v1') throw unusable('server does not recognize this encoded version')
  if (typeof token.rv !== 'number' || token.rv <= 0) throw unusable('incorrect encoded start resourceVersion')
  if (typeof token.start !== 'string' || !token.start.startsWith('/')) throw unusable('encoded start key empty')
  return { revision: token.rv, start: token.start.slice(1) }
}
