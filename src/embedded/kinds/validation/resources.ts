/** Requests and limits of a container. Follows core/validation's validateResourceRequirements. */
import type { FieldError } from '../kind.ts'
import { canonicalQuantity, parseQuantity } from '../quantity.ts'
import type { ContainerSpec } from '../types.ts'
import { complaints, forbidden, invalid, required } from './errors.ts'
import { qualifiedName } from './names.ts'

const quantityFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const ofContainers = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/
const standard =
  /^((requests\.|limits\.)?(cpu|memory|ephemeral-storage)|(requests\.)?hugepages-.+|storage|requests\.storage|pods|services(\.nodeports|\.loadbalancers)?|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims)$/
const huge = /^hugepages-/

/** Kubernetes' own; others count whole things. Upstream: IsNativeResource in pkg/apis/core/helper. */
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')

/** More may be requested than is there: of what the kernel can take back, and of Kubernetes' own resources. */
const mayOvercommit = (name: string): boolean => isNative(name) && !huge.test(name)

const nameErrors = (name: string, field: string): FieldError[] => {
  const errors = complaints(field, name, qualifiedName)
  if (errors.length > 0) return errors
  if (name.includes('/')) {
    if (isNative(name) || !name.startsWith('requests.')) return []
    return [invalid(field, name, "doesn't follow extended resource name standard")]
  }
  return [
    ...(standard.test(name) ? [] : [invalid(field, name, 'must be a standard resource type or fully qualified')]),
    ...(ofContainers.test(name) ? [] : [invalid(field, name, 'must be a standard resource for containers')]),
  ]
}

const amountErrors = (name: string, value: string | number, field: string): FieldError[] => {
  const amount = parseQuantity(value)
  if (amount === undefined) return [invalid(field, value, quantityFormat)]
  const shown = canonicalQuantity(value)
  if (amount < 0) return [invalid(field, shown, 'must be greater than or equal to 0')]
  if (!isNative(name) && !Number.isInteger(amount)) return [invalid(field, shown, 'must be an integer')]
  return []
}

export const resourceErrors = ({ resources = {} }: ContainerSpec, field: string): FieldError[] => {
  const { limits = {}, requests = {} } = resources
  const errors: FieldError[] = []
  for (const [name, value] of Object.entries(limits)) {
    const at = `${field}.limits[${name}]`
    errors.push(...nameErrors(name, at), ...amountErrors(name, value, at))
  }
  for (const [name, value] of Object.entries(requests)) {
    const at = `${field}.requests[${name}]`
    errors.push(...nameErrors(name, at), ...amountErrors(name, value, at))
    const limit = limits[name]
    const [asked, most] = [parseQuantity(value) ?? 0, limit === undefined ? undefined : parseQuantity(limit)]
    const shown = canonicalQuantity(value)
    if (limit === undefined || most === undefined) {
      if (limit === undefined && !mayOvercommit(name)) {
        errors.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'))
      }
    } else if (asked !== most && !mayOvercommit(name)) {
      errors.push(invalid(`${field}.requests`, shown, `must be equal to ${name} limit of ${canonicalQuantity(limit)}`))
    } else if (asked > most) {
      const says = `must be less than or equal to ${name} limit of ${canonicalQuantity(limit)}`
      errors.push(invalid(`${field}.requests`, shown, says))
    }
  }
  const named = [...Object.keys(limits), ...Object.keys(requests)]
  if (named.some((name) => huge.test(name)) && !named.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbidden(field, 'HugePages require cpu or memory'))
  }
  return errors
}
