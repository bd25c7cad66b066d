/** GET of one object. */
import { type Call, respond } from '../call.ts'
import { notFound } from '../errors.ts'

export async function get(call: Call): Promise<Response> {
  const { parts, kind, name = '', namespace } = call
  const object = parts.registry.get(kind, name, namespace)
  if (!object) throw notFound(kind, name)
  return respond(call, object)
}
