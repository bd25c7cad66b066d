/** Namespaces as admission sees them: nothing is created where there is none, or in one that is going away. */

import type { KubeObject } from '../../kube/api.ts'
import type { Namespace } from '../../kube/kinds.ts'
import type { Kind } from '../kinds/kind.ts'
import { cloneJson } from './equality.ts'
import { failure, forbidden, notFound } from './errors.ts'

const namespaces = { group: '', resource: 'namespaces' }
const immortal = new Set(['default', 'kube-system', 'kube-public'])

/** Refuses a creation in a namespace that does not exist (404) or is being deleted (403). */
export function checkNamespaceForCreate(
  kind: Kind,
  name: string,
  namespace: string,
  found: KubeObject | undefined,
): void {
  if (!found) throw notFound(namespaces, namespace)
  if (found.metadata.deletionTimestamp === undefined && (found as Namespace).status?.phase !== 'Terminating') return
  throw forbidden(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ])
}

/** The namespaces that a cluster cannot live without. */
export function checkNamespaceForDelete(name: string): void {
  if (immortal.has(name)) throw forbidden(namespaces, name, 'this namespace may not be deleted')
}

/** What keeps a namespace after its deletion: its content, until the namespace controller says otherwise. */
export const namespaceFinalizers = (namespace: KubeObject): readonly string[] =>
  (namespace.spec as { finalizers?: string[] } | undefined)?.finalizers ?? []

/** A namespace's update through `/finalize`: only `spec.finalizers` is taken. */
export function finalizeNamespace(old: KubeObject, sent: KubeObject): KubeObject {
  if (old.metadata.name !== sent.metadata.name)
    throw failure(400, 'BadRequest', 'the name of the object does not match the name on the URL')
  const finalized = cloneJson(old)
  finalized.spec = { ...(finalized.spec as object | undefined), finalizers: [...namespaceFinalizers(sent)] }
  if (namespaceFinalizers(finalized).length === 0) finalized.spec = {}
  return finalized
}
