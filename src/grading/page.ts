/** What a sidecar has counted, as Prometheus reads it, on any cluster. */
import { StatusError } from '../kube/errors.ts'
import type { Pod } from '../kube/kinds.ts'
import type { Bench } from './finding.ts'
import { execText } from './probe.ts'
import { carriesCurl, curlContainer } from './source.ts'

export type PageReader = Pick<Bench, 'cluster' | 'world' | 'signal'>

const printed = async (
  { cluster, signal }: PageReader,
  asked: Pod,
  { pod, container, argv }: { pod: Pod; container: string; argv: readonly string[] },
): Promise<string | { says: string }> => {
  const target = { namespace: pod.metadata.namespace ?? 'default', pod: pod.metadata.name, container }
  try {
    const { exitCode, stdout, stderr } = await execText(cluster, target, argv, signal)
    return exitCode === 0 ? stdout : { says: `the sidecar of ${asked.metadata.name} does not answer: ${stderr.trim()}` }
  } catch (error) {
    if (error instanceof StatusError) return { says: `${pod.metadata.name}: ${error.message}` }
    throw error
  }
}

/**
 * The page of the pod's sidecar, or why there is none: from the sidecar's own program, or, where the mesh has the page at
 * a port of the pod, by curl in that pod, else in another one that has it.
 */
export const readPage = async (reader: PageReader, pod: Pod): Promise<string | { says: string }> => {
  const { mesh, network } = reader.world
  const page = mesh?.metricsPage
  if (page === undefined) {
    const argv = ['pilot-agent', 'request', 'GET', 'stats/prometheus']
    return printed(reader, pod, { pod, container: mesh?.proxyContainer ?? 'istio-proxy', argv })
  }
  const asker = [pod, ...network.pods.values()].find(carriesCurl)
  const container = asker && curlContainer(asker)
  if (!asker || !container) return { says: 'no pod of the cluster has curl, which reads what sidecars have counted' }
  const argv = ['curl', '-sS', '--max-time', '5', `http://${pod.status?.podIP}:${page.port}${page.path}`]
  return printed(reader, pod, { pod: asker, container: container.name, argv })
}
