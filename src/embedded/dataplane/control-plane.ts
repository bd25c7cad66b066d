/**
 * What the control plane asks the cluster for: key sets, by GET from istiod's pod, which has no sidecar. A namespace that
 * is STRICT therefore refuses it, as in real life. A key set that was got is kept for 20 minutes
 * (PILOT_JWT_PUB_KEY_REFRESH_INTERVAL, pilot/pkg/model/jwks_resolver.go); a failure is tried again with the next request.
 */
import type { Pod } from '../../kube/kinds.ts'
import { isReady, parseTarget, type World } from '../../meshes/network.ts'
import type { Clock } from '../clock.ts'
import type { DataPlane } from './dataplane.ts'

const patience = 5_000
const keptFor = 20 * 60_000

const controlPlane = (world: World): Pod | undefined =>
  [...world.pods.values()].find(
    (pod) => pod.metadata.namespace === 'istio-system' && pod.metadata.labels?.app === 'istiod' && isReady(pod),
  )

/** Answers with the body of a 200, or `null`. https leads out of the simulated network, so nobody answers. */
export const createKeyFetcher = ({
  world,
  clock,
  http,
}: {
  world: () => World
  clock: Clock
  http: DataPlane['http']
}): ((url: string) => Promise<string | null>) => {
  const kept = new Map<string, { text: string; since: number }>()
  return async (url) => {
    const known = kept.get(url)
    if (known !== undefined && clock.now() - known.since < keptFor) return known.text
    const target = parseTarget(url)
    const from = controlPlane(world())
    if (target === undefined || target.scheme !== 'http' || from === undefined) return null
    const request = {
      method: 'GET',
      path: target.path,
      authority: target.authority,
      headers: [['user-agent', 'Go-http-client/1.1']] as [string, string][],
      body: new Uint8Array(),
    }
    const result = await http({ from, host: target.host, port: target.port, timeout: patience }, request)
    if (!result.ok || result.exchange.response.status !== 200) return null
    const text = new TextDecoder().decode(result.exchange.response.body)
    kept.set(url, { text, since: clock.now() })
    return text
  }
}
