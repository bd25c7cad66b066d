/** LimitRanges and ResourceQuotas. Admission makes them hold (`admission/limit-ranger.ts`, `admission/quota/`). */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, createdAtColumn, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { canonicalQuantity, parseQuantity } from './quantity.ts'
import type { Quantities } from './types.ts'
import { complaints, forbidden, invalid, required } from './validation/errors.ts'
import { qualifiedName } from './validation/names.ts'

export interface Limit {
  type?: string
  maxLimitRequestRatio?: Quantities
  default?: Quantities
  defaultRequest?: Quantities
  max?: Quantities
  min?: Quantities
}

export interface LimitRange extends KubeObject {
  spec?: { limits?: Limit[] }
}

/** Each pair that must not be the wrong way round: field, lower and upper end, and what they are called. */
const orders: ['min' | 'default' | 'defaultRequest', keyof Limit, keyof Limit, string, string][] = [
  ['min', 'min', 'max', 'min', 'max'],
  ['defaultRequest', 'min', 'defaultRequest', 'min', 'default request'],
  ['defaultRequest', 'defaultRequest', 'max', 'default request', 'max'],
  ['defaultRequest', 'defaultRequest', 'default', 'default request', 'default limit'],
  ['default', 'min', 'default', 'min', 'default'],
  ['default', 'default', 'max', 'default', 'max'],
]

const types = ['Container', 'PersistentVolumeClaim', 'Pod']

/** After kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateLimitRange. */
const limitErrors = (limit: Limit, at: string): FieldError[] => {
  const errors: FieldError[] = limit.type ? [] : [required(`${at}.type`)]
  if (limit.type && !types.includes(limit.type) && !limit.type.includes('/')) {
    errors.push(invalid(`${at}.type`, limit.type, 'must be a standard limit type or fully qualified'))
  }
  if (limit.type === 'Pod')
    for (const name of ['default', 'defaultRequest'] as const)
      if (Object.keys(limit[name] ?? {}).length > 0)
        errors.push(forbidden(`${at}.${name}`, "may not be specified when `type` is 'Pod'"))
  for (const [field, low, high, lowName, highName] of orders) {
    for (const [name, upper] of Object.entries((limit[high] ?? {}) as Quantities)) {
      const lower = ((limit[low] ?? {}) as Quantities)[name]
      if (lower === undefined || (parseQuantity(lower) ?? 0) <= (parseQuantity(upper) ?? 0)) continue
      // The default is shown as its maximum: so does upstream.
      const value = field === 'default' && high === 'max' ? upper : limit[field]?.[name]
      const says = `${lowName} value ${lower} is greater than ${highName} value ${upper}`
      errors.push(invalid(`${at}.${field}[${name}]`, value, says))
    }
  }
  return errors
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
  validate: (object) =>
    ((object as LimitRange).spec?.limits ?? []).flatMap((limit, index) => limitErrors(limit, `spec.limits[${index}]`)),
  columns: [nameColumn, createdAtColumn],
}

interface ResourceQuota extends KubeObject {
  spec?: { hard?: Quantities; scopes?: string[] }
  status?: { hard?: Quantities; used?: Quantities }
}

/** `cpu: 1/2, pods: 0/5`, for those that are limits or those that are not. */
const quotas = ({ spec, status }: ResourceQuota, limits: boolean): string =>
  Object.entries(spec?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? 0}/${hard}`)
    .join(', ')

const standardQuotas = new Set(
  'configmaps cpu ephemeral-storage limits.cpu limits.ephemeral-storage limits.memory memory persistentvolumeclaims pods replicationcontrollers requests.cpu requests.ephemeral-storage requests.memory requests.storage resourcequotas secrets services services.loadbalancers services.nodeports'.split(
    ' ',
  ),
)

/** Things that come whole. */
const counted =
  /^(configmaps|persistentvolumeclaims|pods|replicationcontrollers|resourcequotas|secrets|services(\.\w+)?|count\/.*)$/

const scopes = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
]
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

const scopeErrors = ({ spec }: ResourceQuota): FieldError[] => {
  const given = spec?.scopes ?? []
  return [
    ...given.flatMap((scope) => (scopes.includes(scope) ? [] : [invalid('spec.scopes', given, 'unsupported scope')])),
    ...opposites.flatMap((pair) =>
      pair.every((scope) => given.includes(scope)) ? [invalid('spec.scopes', given, 'conflicting scopes')] : [],
    ),
  ]
}

const quotaErrors = ({ spec }: ResourceQuota): FieldError[] =>
  Object.entries(spec?.hard ?? {}).flatMap(([name, value]) => [
    ...complaints(`spec.hard[${name}]`, name, qualifiedName),
    ...(standardQuotas.has(name) || name.includes('/') || /^(requests\.)?hugepages-/.test(name)
      ? []
      : [invalid(`spec.hard[${name}]`, name, 'must be a standard resource for quota')]),
    ...((parseQuantity(value) ?? 0) < 0
      ? [invalid(`spec.hard[${name}]`, value, 'must be greater than or equal to 0')]
      : []),
    ...(counted.test(name) && !Number.isInteger(parseQuantity(value) ?? 0)
      ? [invalid(`spec.hard[${name}]`, value, 'must be an integer')]
      : []),
  ])

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
  validate: (object) => [...quotaErrors(object as ResourceQuota), ...scopeErrors(object as ResourceQuota)],
  columns: [
    nameColumn,
    text<ResourceQuota>('Request', (quota) => quotas(quota, false)),
    text<ResourceQuota>('Limit', (quota) => quotas(quota, true)),
    ageColumn,
  ],
}
