/** GET of one object. */
import { type Call, respond } from '../call.ts'
import { futureRevision, notFound } from '../errors.ts'
import { revisionOf } from '../options.ts'

export async function get(call: Call): Promise<Response> {
  const { parts, kind, name = '', namespace } = call
  const asked = revisionOf(call.query)
  if (asked !== undefined && asked > parts.registry.revision) throw futureRevision(asked, parts.registry.revision)
  const object = parts.registry.get(kind, name, namespace)
  if (!object) throw notFound(kind, name)
  return respond(call, object)
}
