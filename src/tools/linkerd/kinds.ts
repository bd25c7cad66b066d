/** Kinds of workloads as `linkerd viz` takes them on its command line (linkerd2 pkg/k8s/k8s.go, resourceNames). */
import type { Pod } from '../../kube/kinds.ts'
import { ownerName } from '../../meshes/workloads.ts'

/** What a kind is called, and the label in which metrics have it. */
export const kinds: { names: string[]; label: string }[] = [
  { names: ['cj', 'cronjob', 'cronjobs'], label: 'cronjob' },
  { names: ['ds', 'daemonset', 'daemonsets'], label: 'daemonset' },
  { names: ['deploy', 'deployment', 'deployments'], label: 'deployment' },
  { names: ['job', 'jobs'], label: 'k8s_job' },
  { names: ['po', 'pod', 'pods'], label: 'pod' },
  { names: ['rc', 'replicationcontroller', 'replicationcontrollers'], label: 'replicationcontroller' },
  { names: ['rs', 'replicaset', 'replicasets'], label: 'replicaset' },
  { names: ['sts', 'statefulset', 'statefulsets'], label: 'statefulset' },
]

/** What the pod is to that kind: its own name, or that of a controller above it; undefined: nothing. */
export const nameAs = (pod: Pod, label: string): string | undefined => {
  if (label === 'pod') return pod.metadata.name
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)
  const kind = label === 'k8s_job' ? 'job' : label
  if (owner?.kind.toLowerCase() === kind) return owner.name
  return kind === 'deployment' && owner?.kind === 'ReplicaSet' ? ownerName(pod) : undefined
}
