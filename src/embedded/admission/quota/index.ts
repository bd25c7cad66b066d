/**
 * ResourceQuotas: an object that would exceed one is refused. What is used is counted from what is stored, within the
 * turn of the write, so two writers cannot both take the last place; only namespaces with a quota pay for it. Follows
 * kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go.
 */
import type { AdmissionPlugin, AdmissionRequest } from '../../admission.ts'
import { forbidden } from '../../apiserver/errors.ts'
import { parseQuantity } from '../../kinds/quantity.ts'
import type { PodObject, Quantities } from '../../kinds/types.ts'
import type { Registry } from '../../registry.ts'
import { addQuantities } from '../pod-resources.ts'
import { isCounted, isInScope, type Quota, usageOf } from './usage.ts'

export const resourceQuotas = { group: '', resource: 'resourcequotas' }

const amount = (value: string | number | undefined): number => parseQuantity(value ?? 0) ?? 0

/** What everything in the namespace uses of a quota's resources, each of them named. */
export const usedOf = (registry: Registry, quota: Quota): Quantities => {
  const { namespace } = quota.metadata
  const hard = Object.keys(quota.spec?.hard ?? {})
  const usages = registry
    .kinds()
    .filter((kind) => kind.namespaced && isCounted(kind, hard))
    .flatMap((kind) =>
      registry
        .list(kind, { namespace, where: (object) => isInScope(quota, kind, object) })
        .map((object) => pick(usageOf(kind, object), hard)),
    )
  return { ...Object.fromEntries(hard.map((name) => [name, '0'])), ...addQuantities(usages) }
}

const pick = (usage: Quantities, names: readonly string[]): Quantities =>
  Object.fromEntries(names.flatMap((name) => (usage[name] === undefined ? [] : [[name, usage[name]]])))

const listed = (values: Quantities, names: readonly string[]): string =>
  [...names]
    .sort()
    .map((name) => `${name}=${values[name] ?? 0}`)
    .join(',')

/** A quota on compute makes every container say how much it wants. */
const mustSpecify = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory']

const unspecified = (pod: PodObject, hard: readonly string[]): string => {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  return mustSpecify
    .filter((name) => hard.includes(name))
    .flatMap((name) => {
      const [which, resource] = name.includes('.') ? name.split('.') : ['requests', name]
      const silent = containers.filter(
        ({ resources }) => resources?.[which as 'requests' | 'limits']?.[resource!] === undefined,
      )
      const names = [...new Set(silent.map((container) => container.name))].sort().join(',')
      return silent.length > 0 ? [`${name} for: ${names}`] : []
    })
    .join('; ')
}

export const resourceQuotaPlugin = (registry: Registry): AdmissionPlugin => {
  const check = (request: AdmissionRequest, quota: Quota): void => {
    const { group, resource, object, oldObject } = request
    const kind = { group, resource }
    const hard = quota.spec?.hard ?? {}
    const names = Object.keys(hard)
    if (!isCounted(kind, names) || !isInScope(quota, kind, object!)) return
    const refuse = (says: string) => forbidden(kind, object!.metadata.name, says)
    const missing = group === '' && resource === 'pods' ? unspecified(object as PodObject, names) : ''
    if (missing) throw refuse(`failed quota: ${quota.metadata.name}: must specify ${missing}`)
    const before = oldObject && isInScope(quota, kind, oldObject) ? usageOf(kind, oldObject) : {}
    const wanted = pick(usageOf(kind, object!), names)
    const rising = Object.keys(wanted).filter((name) => amount(wanted[name]) > amount(before[name]))
    if (rising.length === 0) return
    const used = usedOf(registry, quota)
    const exceeded = rising.filter(
      (name) => amount(used[name]) - amount(before[name]) + amount(wanted[name]) > amount(hard[name]),
    )
    if (exceeded.length === 0) return
    const asked = oldObject
      ? Object.fromEntries(exceeded.map((name) => [name, String(amount(wanted[name]) - amount(before[name]))]))
      : wanted
    throw refuse(
      `exceeded quota: ${quota.metadata.name}, requested: ${listed(asked, exceeded)}, used: ${listed(used, exceeded)}, limited: ${listed(hard, exceeded)}`,
    )
  }
  return {
    name: 'ResourceQuota',
    validate: (request) => {
      const { operation, namespace, subresource, object } = request
      if (operation === 'DELETE' || !namespace || subresource || !object) return
      for (const quota of registry.list(resourceQuotas, { namespace })) check(request, quota as Quota)
    },
  }
}
