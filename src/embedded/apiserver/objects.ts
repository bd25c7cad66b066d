/** `Cluster.objects`: collections for whoever is in the same process, as the verb `list` would encode them. */
import type { Cluster } from '../../kube/api.ts'
import { inVersion } from './call.ts'
import type { ApiRegistry } from './registry.ts'

/** What is not served, cannot be listed, or is kept as another kind, is left to `list`. */
export const objectsOf =
  ({ kindTable, store, list }: ApiRegistry): NonNullable<Cluster['objects']> =>
  ({ group, version, resource }, namespace) => {
    const kind = kindTable.byResource(group, resource, version)
    if (kind === undefined || kind.stored || (namespace !== undefined && !kind.namespaced)) return undefined
    if (kind.verbs && !kind.verbs.includes('list')) return undefined
    const items = list(kind, { namespace }).map((object) => inVersion(kind, object))
    return { items, resourceVersion: String(store.revision) }
  }
