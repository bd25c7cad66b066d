/**
 * A pod's RuntimeClass has to exist, and adds what it declares: overhead, node selector, tolerations. Follows
 * kubernetes/kubernetes plugin/pkg/admission/runtimeclass/admission.go. Not modelled: the handler itself; whatever it is
 * called, containers run as any other.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { sameJson } from '../apiserver/equality.ts'
import { forbidden } from '../apiserver/errors.ts'
import type { PodObject, Quantities, Toleration } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'

const runtimeClasses = { group: 'node.k8s.io', resource: 'runtimeclasses' }
const pods = { group: '', resource: 'pods' }

interface RuntimeClass extends KubeObject {
  overhead?: { podFixed?: Quantities }
  scheduling?: { nodeSelector?: Record<string, string>; tolerations?: Toleration[] }
}

export const runtimeClassPlugin = (registry: Registry): AdmissionPlugin => ({
  name: 'RuntimeClass',
  mutate: ({ operation, group, resource, subresource, object }) => {
    if (operation !== 'CREATE' || group !== '' || resource !== 'pods' || subresource || !object) return
    const { spec, metadata } = object as PodObject
    const name = spec?.runtimeClassName as string | undefined
    const refuse = (says: string) => forbidden(pods, metadata.name, `pod rejected: ${says}`)
    if (!spec || !name) {
      if (spec?.overhead) throw refuse('Pod Overhead set without corresponding RuntimeClass defined Overhead')
      return
    }
    const found = registry.get(runtimeClasses, name) as RuntimeClass | undefined
    if (!found) throw refuse(`RuntimeClass "${name}" not found`)
    const overhead = found.overhead?.podFixed
    if (spec.overhead && !sameJson(spec.overhead, overhead))
      throw refuse("Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    if (overhead) spec.overhead = structuredClone(overhead)
    const { nodeSelector = {}, tolerations = [] } = found.scheduling ?? {}
    for (const [key, value] of Object.entries(nodeSelector)) {
      const own = spec.nodeSelector?.[key]
      if (own !== undefined && own !== value)
        throw refuse(
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
        )
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
    }
    const added = tolerations.filter((one) => !spec.tolerations?.some((known) => sameJson(known, one)))
    if (added.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...structuredClone(added)]
  },
})
