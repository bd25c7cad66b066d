/** Where a probe starts: the pod that speaks for `namespace/workload`, and a container of it that has curl. */
import type { PodTarget } from '../kube/api.ts'
import type { Container, Pod } from '../kube/kinds.ts'
import { findWorkloadPods, isReady, type World } from '../meshes/network.ts'

/** Images that are known to carry curl, most certain first. */
const withCurl = [
  /(^|\/)curlimages\/curl(:|@|$)/,
  /\/agnhost(:|@|$)/,
  /(^|\/)nicolaka\/netshoot(:|@|$)/,
  /(^|\/)nginx(:|@|$)/,
]

/** Proxies are never probed from: their traffic does not pass through themselves. */
const proxies = new Set([
  'istio-proxy',
  'istio-init',
  'linkerd-proxy',
  'linkerd-init',
  'envoy-sidecar',
  'consul-dataplane',
])

/** The container to run curl in, or undefined when the pod has only proxies. */
export const curlContainer = (pod: Pod): Container | undefined => {
  const candidates = pod.spec.containers.filter((container) => !proxies.has(container.name))
  const known = withCurl.flatMap((image) => candidates.filter((container) => image.test(container.image)))
  const usual = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  return known[0] ?? candidates.find((container) => container.name === usual) ?? candidates[0]
}

/** Whether it runs an image that is known to carry curl. */
export const carriesCurl = (pod: Pod): boolean =>
  pod.status?.phase === 'Running' && withCurl.some((image) => image.test(curlContainer(pod)?.image ?? ''))

export type Source = { found: true; pod: Pod; target: PodTarget } | { found: false; says: string }

/** Finds the pod to probe from; `says` is why there is none, for a check that cannot be decided. */
export const findSource = (world: World, workload: string): Source => {
  const pods = findWorkloadPods(world, workload)
  const pod = pods.find(isReady)
  if (pods.length === 0) return { found: false, says: `${workload} has no pod to probe from` }
  if (pod === undefined) return { found: false, says: `${workload} has no ready pod to probe from` }
  const container = curlContainer(pod)
  if (container === undefined) return { found: false, says: `${workload} has no container to probe from` }
  const target = { namespace: pod.metadata.namespace ?? 'default', pod: pod.metadata.name, container: container.name }
  return { found: true, pod, target }
}
