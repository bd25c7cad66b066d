/**
 * The network between pods: DNS, Service, endpoint, then the mesh's verdict made real, then the program.
 *
 * A verdict of `unknown` never passes in silence: the connection is reset, the caller's proxy logs which field is not
 * modelled, and the verdict travels in the result.
 * Not modelled: UDP, latency, HTTP/2 (everything is answered as HTTP/1.1).
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import type { Clock } from '../clock.ts'
import type { Registry } from '../registry.ts'
import type { Program } from '../workloads/workload.ts'
import { createAsker } from './authorizer.ts'
import { createConnections } from './bytes.ts'
import { createKeyFetcher } from './control-plane.ts'
import type { DataPlane } from './dataplane.ts'
import { listenEverywhere } from './deliver.ts'
import { createDns } from './dns.ts'
import { createDoors } from './doors.ts'
import { createExchange, type ExchangeWays } from './exchange.ts'
import { handshake } from './gateway-tls.ts'
import { createLocator } from './locate.ts'
import { createModel } from './model.ts'
import { createProxies } from './proxies.ts'
import { connectionOutcome, exchangeOutcome, observer, type Traffic } from './traffic.ts'

export interface DataPlaneOptions {
  registry: Registry
  clock: Clock
  mesh?: Mesh
  /** What listens on that port of that pod. */
  listen: (pod: Pod, port: number) => Program | undefined
  /** What listens at an address that is no pod's. */
  outside?: (address: string, port: number) => Program | undefined
  /** A line for the log of the pod's sidecar. */
  proxyLog?: (pod: Pod, line: string) => void
  /** Told of every exchange and connection when it is over, with the mesh's model. */
  observe?: (traffic: Traffic, model: unknown) => void
}

const pods = { group: '', resource: 'pods' }

export const createDataPlane = (options: DataPlaneOptions): DataPlane & { model: () => unknown; stop(): void } => {
  const { registry, clock, mesh, outside, proxyLog, observe } = options
  const { world, decide, gather, model, askNameServer, mayLeave, stop } = createModel({ registry, mesh })
  const isMeshed = (pod: Pod): boolean => mesh?.isMeshed(pod) ?? false
  const current = (pod: Pod): Pod => world().pods.get(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`) ?? pod
  const observeWithModel = observe && ((traffic: Traffic) => observe(traffic, model()))
  const observed = observer({ clock, current, observe: observeWithModel })
  const proxies = createProxies(() => clock.now())
  const locate = createLocator({ clock, world, isMeshed, outside, askNameServer, mayLeave })
  const ways: ExchangeWays = {
    clock,
    listen: listenEverywhere(options.listen, () => clock.now()),
    proxies,
    isMeshed,
    ...(mesh?.localAnswer === undefined ? {} : { localAnswer: mesh.localAnswer }),
    ...(proxyLog === undefined ? {} : { proxyLog }),
    locate: (dial, notes) => locate(dial, current(dial.from), notes),
    decide,
    handshake: (endsTls, dial) => handshake(registry, endsTls, dial, clock.now()),
    gather: (call) =>
      gather(call, {
        now: clock.now(),
        fetch: (url) => fetchKeys(url),
        // An authorizer that has to ask an authorizer first would never come to an end.
        ...(call.byProxy ? {} : { ask: (from, question) => ask(from, question) }),
      }),
  }
  const exchange = createExchange(ways)

  const http: DataPlane['http'] = (dial, request) =>
    observed(
      dial,
      request.body.length,
      (notes) => {
        if (!dial.tls) notes.request = request
        return exchange({ ...dial, from: current(dial.from) }, request, notes)
      },
      // What a gateway read, it can tell of.
      (result) => exchangeOutcome(result, dial.tls !== undefined && result.verdict?.endsTls === undefined),
    )
  const ask = createAsker(http)
  const fetchKeys = createKeyFetcher({ world, clock, http })
  const doors = mesh && createDoors({ ways, mesh, registry, model, observe: observeWithModel })
  const { send, open } = createConnections(ways, current, http)
  const stopWatching = registry.watch(pods, ({ type }) => {
    if (type !== 'DELETED') return
    const uids = new Set(registry.list(pods).map(({ metadata }) => metadata.uid))
    proxies.keep((uid) => uids.has(uid))
  })

  return {
    dns: createDns(world, (from) => askNameServer(current(from)).allowed),
    http,
    tcp: (dial, payload) => observed(dial, payload.length, (notes) => send(dial, payload, notes), connectionOutcome),
    probe: (dial) => observed(dial, 0, (notes) => open(dial, notes), connectionOutcome),
    door: (...probed) => doors?.door(...probed),
    onPolicies: (listener) => doors?.onPolicies(listener) ?? (() => {}),
    model,
    stop() {
      doors?.stop()
      stopWatching()
      stop()
    },
  }
}
