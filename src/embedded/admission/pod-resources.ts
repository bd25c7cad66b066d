/** What a whole pod asks for (kubernetes/kubernetes staging/src/k8s.io/component-helpers/resource/helpers.go). */
import { parseQuantity, sumQuantities } from '../kinds/quantity.ts'
import type { ContainerSpec, PodSpec, Quantities } from '../kinds/types.ts'

/** Each resource summed over all that name it. */
export const addQuantities = (lists: readonly (Quantities | undefined)[]): Quantities => {
  const names = new Set(lists.flatMap((list) => Object.keys(list ?? {})))
  return Object.fromEntries(
    [...names].map((name) => [name, sumQuantities(lists.flatMap((list) => list?.[name] ?? []))]),
  )
}

const most = (a: Quantities, b: Quantities): Quantities => {
  const result = { ...a }
  for (const [name, value] of Object.entries(b))
    if ((parseQuantity(value) ?? 0) > (parseQuantity(result[name] ?? 0) ?? 0)) result[name] = value
  return result
}

const isSidecar = (container: ContainerSpec): boolean => container.restartPolicy === 'Always'

/**
 * Requests or limits of the pod: its containers and sidecars together, or what one step of its initialisation needs,
 * whichever is more; and the overhead of its runtime.
 */
export const podResources = (spec: PodSpec, which: 'requests' | 'limits'): Quantities => {
  const of = (container: ContainerSpec) => container.resources?.[which]
  const init = spec.initContainers ?? []
  let total = addQuantities([...(spec.containers ?? []), ...init.filter(isSidecar)].map(of))
  const running: (Quantities | undefined)[] = []
  for (const container of init) {
    if (isSidecar(container)) running.push(of(container))
    total = most(total, addQuantities(isSidecar(container) ? running : [...running, of(container)]))
  }
  const overhead = spec.overhead as Quantities | undefined
  return overhead && (which === 'requests' || Object.keys(total).length > 0) ? addQuantities([total, overhead]) : total
}
