/** Keeps `status` of ResourceQuotas: the limits, and what is used of them now. */
import { sameJson } from '../../apiserver/equality.ts'
import type { Registry } from '../../registry.ts'
import { resourceQuotas, usedOf } from './index.ts'
import { isCounted, type Quota } from './usage.ts'

/** Counts again after changes, once for all that come in the same turn. @returns the function that stops it */
export const startQuotaStatus = (registry: Registry): (() => void) => {
  const due = new Set<string>()
  let timer: NodeJS.Immediate | undefined
  const count = (): void => {
    timer = undefined
    for (const namespace of due)
      for (const { metadata } of registry.list(resourceQuotas, { namespace }))
        registry.mutate(
          resourceQuotas,
          metadata.name,
          namespace,
          (draft) => {
            const quota = draft as Quota
            const status = { hard: { ...quota.spec?.hard }, used: usedOf(registry, quota) }
            if (sameJson(quota.status, status)) return false
            quota.status = status
            return undefined
          },
          { fieldManager: 'kube-controller-manager', subresource: 'status' },
        )
    due.clear()
  }
  const stop = registry.watchAll(({ object }, kind) => {
    const { namespace } = object.metadata
    if (!namespace || due.has(namespace)) return
    const quotas = registry.list(resourceQuotas, { namespace }) as Quota[]
    const concerns = ({ spec }: Quota) => isCounted(kind, Object.keys(spec?.hard ?? {}))
    if (kind.resource !== resourceQuotas.resource && !quotas.some(concerns)) return
    due.add(namespace)
    timer ??= setImmediate(count)
  })
  return () => {
    stop()
    clearImmediate(timer)
  }
}
