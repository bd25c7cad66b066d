/** Who a proxy says that it is. Upstream: istio/istio pkg/bootstrap/config.go, pilot/pkg/model/context.go (NodeMetadata). */
import type { Pod } from '../../../kube/kinds.ts'
import { podAddresses } from '../../world.ts'
import { isGateway } from '../pods.ts'
import { workloadOf } from '../telemetry/workload.ts'
import { istioVersion } from '../version.ts'

export const nodeOf = (pod: Pod) => {
  const { namespace, canonicalName, name, labels } = workloadOf(pod)
  return {
    id: `${isGateway(pod) ? 'router' : 'sidecar'}~${podAddresses(pod)[0] ?? ''}~${pod.metadata.name}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `${canonicalName}.${namespace}`,
    metadata: {
      NAME: pod.metadata.name,
      NAMESPACE: namespace,
      WORKLOAD_NAME: name,
      SERVICE_ACCOUNT: pod.spec.serviceAccountName ?? 'default',
      CLUSTER_ID: 'Kubernetes',
      MESH_ID: 'cluster.local',
      ISTIO_VERSION: istioVersion,
      ...(isGateway(pod) ? {} : { INTERCEPTION_MODE: 'REDIRECT' }),
      LABELS: labels,
    },
  }
}
