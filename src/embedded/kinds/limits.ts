/** LimitRanges and ResourceQuotas: stored and shown. Not modelled: their effect on pods (admission warns about it). */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, createdAtColumn, nameColumn, text } from './columns.ts'
import type { Kind } from './kind.ts'
import { canonicalQuantity } from './quantity.ts'
import type { Quantities } from './types.ts'

interface Limit {
  type?: string
  default?: Quantities
  defaultRequest?: Quantities
  max?: Quantities
  min?: Quantities
}

interface LimitRange extends KubeObject {
  spec?: { limits?: Limit[] }
}

export const limitRangeKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  singular: 'limitrange',
  shortNames: ['limits'],
  namespaced: true,
  goType: 'core/v1.LimitRange',
  createOnUpdate: true,
  setDefaults: (object) => {
    for (const limit of (object as LimitRange).spec?.limits ?? []) {
      if (limit.type !== 'Container') continue
      limit.default = { ...limit.max, ...limit.default }
      limit.defaultRequest = { ...limit.min, ...limit.default, ...limit.defaultRequest }
    }
  },
  columns: [nameColumn, createdAtColumn],
}

interface ResourceQuota extends KubeObject {
  spec?: { hard?: Quantities }
  status?: { hard?: Quantities; used?: Quantities }
}

/** `cpu: 1/2, pods: 0/5`, for those that are limits or those that are not. */
const quotas = ({ spec, status }: ResourceQuota, limits: boolean): string =>
  Object.entries(spec?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? 0}/${hard}`)
    .join(', ')

export const resourceQuotaKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  namespaced: true,
  goType: 'core/v1.ResourceQuota',
  status: true,
  deleteReturnsObject: true,
  setDefaults: (object) => {
    const { hard } = (object as ResourceQuota).spec ?? {}
    for (const [name, value] of Object.entries(hard ?? {})) if (hard) hard[name] = canonicalQuantity(value)
    object.status ??= {}
  },
  columns: [
    nameColumn,
    text<ResourceQuota>('Request', (quota) => quotas(quota, false)),
    text<ResourceQuota>('Limit', (quota) => quotas(quota, true)),
    ageColumn,
  ],
}
