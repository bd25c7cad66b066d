/** What a sidecar tells others about its workload (metadata exchange). Upstream: istio/proxy extensions/common/metadata_object.cc. */
import type { Pod } from '../../../kube/kinds.ts'
import { ownerName } from '../../workloads.ts'

export interface Workload {
  name: string
  namespace: string
  canonicalName: string
  canonicalRevision: string
  app: string
  version: string
  labels: Record<string, string>
}

export const workloadOf = (pod: Pod): Workload => {
  const labels = pod.metadata.labels ?? {}
  const name = ownerName(pod)
  return {
    name,
    namespace: pod.metadata.namespace ?? 'default',
    canonicalName: labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels.app ?? name,
    canonicalRevision:
      labels['service.istio.io/canonical-revision'] ??
      labels['app.kubernetes.io/version'] ??
      labels.version ??
      'latest',
    app: labels.app ?? '',
    version: labels.version ?? '',
    labels,
  }
}
