/** GET of a collection: selectors, chunks (`limit`, `continue`) from one snapshot, and the revisions a client may ask for. */
import type { KubeObject } from '../../../kube/api.ts'
import { Compacted } from '../../store.ts'
import { type Call, encode, inVersion } from '../call.ts'
import { decodeContinue, encodeContinue } from '../continue.ts'
import { expired, futureRevision } from '../errors.ts'
import { type ListQuery, listQuery } from '../options.ts'
import { bucketOf } from '../registry.ts'
import { type ListMeta, renderList } from '../table.ts'
import { selectionOf } from './selection.ts'

export async function list(call: Call): Promise<Response> {
  const asked = listQuery(call.query, false)
  const { items, metadata } = pageOf(call, asked)
  const objects = items.map((object) => inVersion(call.kind, object))
  return encode(call, renderList(call.kind, objects, metadata, call.view))
}

interface Page {
  items: KubeObject[]
  metadata: ListMeta
}

/** Which revision to list, and from which key (k8s.io/apiserver pkg/storage/etcd3/store.go, GetList). */
function pageOf(call: Call, asked: ListQuery): Page {
  const { revision: current } = call.parts.registry.store
  const { resourceVersion, limit, match } = asked
  if ((resourceVersion ?? 0) > current) throw futureRevision(resourceVersion!, current)
  if (asked.continue) {
    const { revision, start } = decodeContinue(asked.continue, call.namespace)
    return readPage(call, limit, revision < 0 ? current : revision, start)
  }
  // With a limit, a plain resourceVersion means exactly that one.
  const isExact = match === 'Exact' || (limit > 0 && match === '' && !!resourceVersion)
  return readPage(call, limit, isExact ? resourceVersion! : current)
}

/** @throws StatusError 410, with a token for the rest of the list as it is now when this was not the first page */
function readPage(call: Call, limit: number, revision: number, start?: string): Page {
  const { store } = call.parts.registry
  const selects = selectionOf(call)
  const prefix = call.namespace ? `${call.namespace}/` : ''
  const bucket = bucketOf(call.kind)
  const metadata: ListMeta = { resourceVersion: String(revision) }
  const items: KubeObject[] = []
  let last = ''
  try {
    for (const [key, object] of store.scan(bucket, { prefix, start, revision })) {
      if (selects && !selects(object)) continue
      if (limit > 0 && items.length === limit) {
        const rest = `${last}\0`
        metadata.continue = encodeContinue({ revision, start: rest }, call.namespace)
        // With a selector the real server does not count what is left.
        if (!selects) metadata.remainingItemCount = store.count(bucket, { prefix, start: rest, revision })
        break
      }
      items.push(object)
      last = key
    }
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    if (start === undefined) throw expired('The resourceVersion for the provided list is too old.')
    throw expired(inconsistent, encodeContinue({ revision: -1, start }, call.namespace))
  }
  return { items, metadata }
}

/** k8s.io/apiserver pkg/storage/etcd3/errors.go */
const inconsistent =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
