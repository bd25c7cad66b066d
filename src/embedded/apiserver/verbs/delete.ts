/** DELETE of one object or of a collection. kubectl puts its options into the body, dryRun included. */
import type { KubeObject } from '../../../kube/api.ts'
import { bodyOf, type Call, encode, inVersion, json, respond } from '../call.ts'
import { decodeOptions } from '../decode/options.ts'
import { notFound } from '../errors.ts'
import { deleteQuery, listQuery } from '../options.ts'
import { renderList } from '../table.ts'
import { selectionOf } from './selection.ts'

const optionsOf = async ({ request, query, user, warn }: Call) => ({
  ...deleteQuery(query, await decodeOptions(await bodyOf(request), request.headers.get('content-type'))),
  user,
  warn,
})

export async function remove(call: Call): Promise<Response> {
  const { parts, kind, name = '', namespace } = call
  const options = await optionsOf(call)
  const old = parts.registry.get(kind, name, namespace)
  if (!old) throw notFound(kind, name)
  const left = parts.registry.delete(kind, name, namespace, options)
  if (left) return respond(call, left)
  if (kind.deleteReturnsObject) return respond(call, old)
  return json({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name,
      ...(kind.group ? { group: kind.group } : {}),
      kind: kind.resource,
      ...(old.metadata.uid ? { uid: old.metadata.uid } : {}),
    },
  })
}

export async function removeCollection(call: Call): Promise<Response> {
  const { parts, kind, namespace } = call
  const options = await optionsOf(call)
  listQuery(call.query, false)
  const where = selectionOf(call)
  const removed: KubeObject[] = []
  for (const object of parts.registry.list(kind, { namespace, where })) {
    const left = parts.registry.delete(kind, object.metadata.name, object.metadata.namespace, options)
    removed.push(inVersion(kind, left ?? object))
  }
  return encode(call, renderList(kind, removed, { resourceVersion: String(parts.registry.revision) }, call.view))
}
