/**
 * Who a container's processes run as: the image's user, the pod's, the container's own, in rising order.
 * Upstream: kubernetes/pkg/securitycontext/util.go DetermineEffectiveSecurityContext.
 */
import type { Container, Pod } from '../../kube/kinds.ts'
import type { Image } from '../workloads/workload.ts'

export interface Identity {
  user: number
  group: number
  /** Supplementary groups, the primary one not among them. */
  groups: readonly number[]
}

interface SecurityContext {
  runAsUser?: number
  runAsGroup?: number
  runAsNonRoot?: boolean
  fsGroup?: number
  supplementalGroups?: number[]
}

const contextOf = (pod: Pod, container: Container): SecurityContext => ({
  ...(pod.spec.securityContext as SecurityContext | undefined),
  ...(container.securityContext as SecurityContext | undefined),
})

/** Without `runAsGroup`, a user that the image does not know has group 0, as containerd gives it. */
export const identityOf = (pod: Pod, container: Container, image: Image): Identity => {
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups = [] } = contextOf(pod, container)
  const own = image.user ?? 0
  const user = runAsUser ?? own
  const group = runAsGroup ?? (user === own ? own : 0)
  const groups = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups]
  return { user, group, groups: [...new Set(groups)].filter((each) => each !== group) }
}

/** Why the kubelet refuses to start it (kubernetes/pkg/kubelet/kuberuntime/security_context.go); undefined: it does not. */
export const rootRefusal = (pod: Pod, container: Container, image: Image): string | undefined => {
  const { runAsUser, runAsNonRoot } = contextOf(pod, container)
  if (runAsNonRoot !== true || (runAsUser ?? image.user ?? 0) !== 0) return undefined
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  return runAsUser === 0
    ? `container's runAsUser breaks non-root policy ${where}`
    : `container has runAsNonRoot and image will run as root ${where}`
}
