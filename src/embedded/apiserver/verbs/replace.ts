/** PUT of an object, or of its status. */
import type { KubeObject } from '../../../kube/api.ts'
import { attributesOf, requireAllowed } from '../auth.ts'
import { bodyOf, type Call, respond } from '../call.ts'
import { decodeBody } from '../decode/decode.ts'
import { field, invalid, notFound } from '../errors.ts'
import { namespaceFinalizers } from '../namespaces.ts'
import { writeQuery } from '../options.ts'
import { checkIdentity } from './identity.ts'

export async function replace(call: Call): Promise<Response> {
  const { kind, namespace, name = '', subresource, parts, request, warn, user } = call
  const { registry } = parts
  const asked = writeQuery('UpdateOptions', call.query, request.headers.get('user-agent') ?? '')
  const { object, warnings } = await decodeBody({
    bytes: await bodyOf(request),
    contentType: request.headers.get('content-type'),
    expected: kind,
    fieldValidation: asked.fieldValidation,
  })
  for (const warning of warnings) warn(warning)
  checkIdentity(call, object)
  if (namespace) object.metadata.namespace = namespace

  const { dryRun, fieldManager } = asked
  const old = registry.get(kind, name, namespace)
  if (!old && kind.createOnUpdate && !subresource) {
    requireAllowed(parts.authorizer, user, attributesOf({ ...call, verb: 'create' }))
    delete object.metadata.resourceVersion
    return respond(call, registry.create(object, { dryRun, fieldManager, warn, user }), 201)
  }
  if (!old) throw notFound(kind, name)
  // Built-in kinds take a PUT without a resourceVersion as "last write wins"; custom resources do not.
  if (kind.schema && !object.metadata.resourceVersion)
    throw invalid(kind, name, [field.invalid('metadata.resourceVersion', 0, 'must be specified for an update')])
  keepNamespaceFinalizers(call, object, old)
  return respond(call, registry.update(object, { dryRun, fieldManager, warn, subresource, user }))
}

/** `spec.finalizers` of a namespace changes through `/finalize` only. */
export function keepNamespaceFinalizers(call: Call, object: KubeObject, old: KubeObject): void {
  if (call.kind.group !== '' || call.kind.resource !== 'namespaces') return
  const finalizers = namespaceFinalizers(old)
  object.spec = finalizers.length > 0 ? { ...(object.spec as object | undefined), finalizers } : {}
}
