/** POST of an object. */
import { bodyOf, type Call, respond } from '../call.ts'
import { decodeBody } from '../decode/decode.ts'
import { writeQuery } from '../options.ts'
import { checkNamespace } from './identity.ts'

export async function create(call: Call): Promise<Response> {
  const { kind, namespace, parts, request, warn, user } = call
  const asked = writeQuery('CreateOptions', call.query, request.headers.get('user-agent') ?? '')
  const { object, warnings } = await decodeBody({
    bytes: await bodyOf(request),
    contentType: request.headers.get('content-type'),
    expected: kind,
    fieldValidation: asked.fieldValidation,
  })
  for (const warning of warnings) warn(warning)
  checkNamespace(call, object)
  if (namespace) object.metadata.namespace = namespace
  const { dryRun, fieldManager } = asked
  return respond(call, parts.registry.create(object, { dryRun, fieldManager, warn, user }), 201)
}
