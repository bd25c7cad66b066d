/** `istioctl version` and `istioctl proxy-status`. Upstream: istio/istio pkg/version/cobra.go, istioctl/pkg/writer/pilot/status.go. */
import type { Pod } from '../../kube/kinds.ts'
import { istioVersion } from '../../meshes/istio/version.ts'
import { type Subcommand, ToolError, table } from './context.ts'

const images = (pod: Pod): string[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    .filter(({ name }) => name === 'istio-proxy' || name === 'discovery')
    .map(({ image }) => image)

/** `docker.io/istio/proxyv2:1.30.0` */
const versionOf = (pod: Pod): string => /:([^:@/]+)(?:@.*)?$/.exec(images(pod)[0] ?? '')?.[1] ?? 'unknown'

const isProxied = (pod: Pod): boolean =>
  pod.status?.phase === 'Running' &&
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(({ name }) => name === 'istio-proxy')

const allPods = { apiVersion: 'v1', kind: 'Pod' }

export const version: Subcommand = async ({ client, out, flags }) => {
  out(`client version: ${istioVersion}\n`)
  if (flags.remote === 'false') return 0
  const { items } = await client.list<Pod>(allPods)
  const istiod = items.filter(
    ({ metadata }) => metadata.namespace === 'istio-system' && metadata.labels?.app === 'istiod',
  )
  if (istiod.length === 0) {
    out('Istio is not present in the cluster: no running Istio pods in namespace "istio-system"\n')
    return 0
  }
  out(`control plane version: ${[...new Set(istiod.map(versionOf))].join(', ')}\n`)
  const counts = new Map<string, number>()
  for (const pod of items.filter(isProxied)) counts.set(versionOf(pod), (counts.get(versionOf(pod)) ?? 0) + 1)
  const proxies = [...counts].map(([is, count]) => `${is} (${count} proxies)`)
  out(`data plane version: ${proxies.join(', ') || 'none'}\n`)
  return 0
}

/** Every proxy of the simulated mesh is in step with istiod: what changes is there for the next call. */
export const proxyStatus: Subcommand = async (context, args) => {
  if (args.length > 0)
    throw new ToolError(
      'proxy-status of one pod compares it with istiod, which is not modelled: a simulated proxy is never behind',
    )
  const { items } = await context.client.list<Pod>(allPods, context.namespace ? { namespace: context.namespace } : {})
  const system = await context.client.list<Pod>(allPods, { namespace: 'istio-system', labelSelector: 'app=istiod' })
  const istiod = system.items[0]?.metadata.name ?? '-'
  const rows = items
    .filter(isProxied)
    .map((pod) => [
      `${pod.metadata.name}.${pod.metadata.namespace}`,
      'Kubernetes',
      istiod,
      versionOf(pod),
      '4 (CDS,LDS,EDS,RDS)',
    ])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  context.out(table([['NAME', 'CLUSTER', 'ISTIOD', 'VERSION', 'SUBSCRIBED TYPES'], ...rows], 5))
  return 0
}
