/** ControllerRevisions: the history of pod templates of a StatefulSet or DaemonSet. Follows pkg/controller/history. */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import type { PodTemplateSpec } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'
import { asManager, controllerOf, controllerReference, resources } from './controller.ts'
import { templateHash } from './deployment/hash.ts'

export const revisionLabel = 'controller-revision-hash'
const { controllerRevisions } = resources

export interface Revision extends KubeObject {
  revision?: number
  data?: { spec?: { template?: PodTemplateSpec & { $patch?: string } } }
}

type Owner = KubeObject & { spec?: { template?: PodTemplateSpec; revisionHistoryLimit?: number } }

const dataOf = (owner: Owner): NonNullable<Revision['data']> => ({
  spec: { template: { ...structuredClone(owner.spec?.template), $patch: 'replace' } },
})

/** Oldest first. */
export const revisionsOf = (registry: Registry, owner: KubeObject): Revision[] =>
  (
    registry.list(controllerRevisions, {
      namespace: owner.metadata.namespace,
      where: (revision) => controllerOf(revision)?.uid === owner.metadata.uid,
    }) as Revision[]
  ).sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0))

/** The revision of the owner's present template: a new one, or an earlier one that becomes the latest again. */
export const currentRevision = (registry: Registry, owner: Owner): Revision => {
  const all = revisionsOf(registry, owner)
  const data = dataOf(owner)
  const found = all.find((revision) => sameJson(revision.data, data))
  const latest = all.at(-1)?.revision ?? 0
  const { name, namespace } = owner.metadata
  if (found) {
    if (found.revision === latest) return found
    const raise = (draft: KubeObject) => {
      draft.revision = latest + 1
    }
    return registry.mutate(controllerRevisions, found.metadata.name, namespace, raise, asManager) ?? found
  }
  const hash = templateHash(owner.spec?.template)
  return registry.create(
    {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: { ...owner.spec?.template?.metadata?.labels, [revisionLabel]: hash },
        ownerReferences: [controllerReference(owner)],
      },
      data,
      revision: latest + 1,
    },
    asManager,
  )
}

/** Deletes the oldest revisions beyond the owner's history limit, but none in `used` (names). */
export const forgetRevisions = (registry: Registry, owner: Owner, used: ReadonlySet<string>): void => {
  const unused = revisionsOf(registry, owner).filter(({ metadata }) => !used.has(metadata.name))
  const surplus = unused.slice(0, Math.max(0, unused.length - (owner.spec?.revisionHistoryLimit ?? 10)))
  for (const { metadata } of surplus) registry.delete(controllerRevisions, metadata.name, metadata.namespace)
}
