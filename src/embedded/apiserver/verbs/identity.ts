/** The name and namespace of a body must be those of its URL. */
import type { KubeObject } from '../../../kube/api.ts'
import type { Call } from '../call.ts'
import { badRequest } from '../errors.ts'

/** @throws StatusError 400 */
export function checkNamespace(call: Call, object: KubeObject): void {
  const { namespace } = object.metadata
  if (call.kind.namespaced && namespace && namespace !== call.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** @throws StatusError 400 */
export function checkIdentity(call: Call, object: KubeObject): void {
  const { name } = object.metadata
  if (!name)
    throw badRequest(`the name of the object (${call.name} based on URL) was undeterminable: name must be provided`)
  if (name !== call.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.name})`)
  checkNamespace(call, object)
}
