/**
 * What the mesh's control plane would be answered: its own pod is asked to fetch. istiod's images have curl; where they
 * have not (distroless), nothing is known.
 */
import type { Cluster } from '../kube/api.ts'
import { StatusError } from '../kube/errors.ts'
import { isReady, type World } from '../meshes/network.ts'
import { execText } from './probe.ts'

/** Exit codes of a shell or runtime that could not start curl. */
const notStarted = new Set([126, 127])

/** For `Outside.fetch`. Rejects with `ClusterUnreachable` when the cluster is gone. */
export const asControlPlane =
  (cluster: Cluster, network: World) =>
  async (url: string): Promise<string | null | undefined> => {
    const pod = [...network.pods.values()].find(
      ({ metadata, ...rest }) =>
        metadata.namespace === 'istio-system' && metadata.labels?.app === 'istiod' && isReady({ metadata, ...rest }),
    )
    const container = pod?.spec.containers[0]?.name
    if (pod === undefined || container === undefined) return undefined
    const target = { namespace: 'istio-system', pod: pod.metadata.name, container }
    try {
      const { exitCode, stdout } = await execText(cluster, target, ['curl', '-sf', '-m', '5', url])
      if (notStarted.has(exitCode)) return undefined
      return exitCode === 0 ? stdout : null
    } catch (error) {
      if (error instanceof StatusError) return undefined
      throw error
    }
  }
