/** Small things that admission adds to pods: tolerations for a lost node, and the number behind a priority class. */
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { forbidden } from '../apiserver/errors.ts'
import type { PodObject, Toleration } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'

const pods = { group: '', resource: 'pods' }

const writtenPod = ({ group, resource, subresource, object }: AdmissionRequest): PodObject | undefined =>
  group === '' && resource === 'pods' && !subresource ? object : undefined

const newPod = (request: AdmissionRequest): PodObject | undefined =>
  request.operation === 'CREATE' ? writtenPod(request) : undefined

/** The classes that every cluster has. They are built in: the objects need not exist. */
const systemPriorities: Record<string, number> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

const lostNode = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** A pod stays for five minutes on a node that is not ready. */
export const defaultTolerationsPlugin: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate: (request) => {
    const spec = writtenPod(request)?.spec
    if (!spec) return
    const covers = (toleration: Toleration, key: string) =>
      (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute')
    for (const key of lostNode) {
      if (spec.tolerations?.some((toleration) => covers(toleration, key))) continue
      const added = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }
      spec.tolerations = [...(spec.tolerations ?? []), added]
    }
  },
}

interface PriorityClass {
  metadata: { name: string }
  value?: number
  globalDefault?: boolean
  preemptionPolicy?: string
}

export const priorityPlugin = (registry: Registry): AdmissionPlugin => ({
  name: 'Priority',
  mutate: (request) => {
    const pod = newPod(request)
    if (!pod?.spec) return
    const { spec } = pod
    const kind = { group: 'scheduling.k8s.io', resource: 'priorityclasses' }
    const find = (name: string): PriorityClass | undefined => {
      const value = systemPriorities[name]
      return registry.get(kind, name) ?? (value === undefined ? undefined : { metadata: { name }, value })
    }
    const name = spec.priorityClassName
    const chosen: PriorityClass | undefined = name
      ? find(name)
      : registry.list(kind, { where: (object) => (object as PriorityClass).globalDefault === true })[0]
    if (name && !chosen) {
      const { generateName, name: podName } = pod.metadata
      const says = `no PriorityClass with name ${name} was found`
      throw forbidden(pods, generateName || podName, says)
    }
    if (chosen) spec.priorityClassName = chosen.metadata.name
    const priority = chosen?.value ?? 0
    if (spec.priority !== undefined && spec.priority !== priority) {
      const says = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`
      throw forbidden(pods, pod.metadata.generateName || pod.metadata.name, says)
    }
    spec.priority = priority
    spec.preemptionPolicy ??= chosen?.preemptionPolicy ?? 'PreemptLowerPriority'
  },
})
