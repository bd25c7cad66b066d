/**
 * Connections that a gateway passes on without reading them: TCP servers, and TLS that ends behind it (PASSTHROUGH), by
 * the server name alone. Upstream: pilot/pkg/networking/core/gateway.go (createGatewayTCPFilterChainOpts,
 * buildGatewayNetworkFiltersFromTCPRoutes, buildGatewayNetworkFiltersFromTLSRoutes).
 */
import type { Call } from '../../call.ts'
import { hostCovers } from '../../match/hosts.ts'
import type { Step, Verdict } from '../../verdict.ts'
import type { Listener } from '../arrival.ts'
import type { IstioModel } from '../compile.ts'
import { routeConnection } from '../connection-route.ts'
import type { Asker } from '../http-match.ts'
import { finish, type Outbound } from '../outbound.ts'
import { nameOf, refOf } from '../read.ts'
import { receive } from '../receive.ts'
import { exportedTo } from '../registry.ts'
import { toCluster } from '../routing.ts'
import { doubtful, verdict } from '../verdicts.ts'
import { connectionRouteFor, inOrder, type VirtualService } from '../virtual-service.ts'
import { bareHost, evidenceOf, gatewayName, type Server } from './servers.ts'

/** A connection that a server takes as it is. */
export interface Opaque {
  opaque: Server
  kind: 'tls' | 'tcp'
  /** Empty for TCP: any connection is taken. */
  serverName: string
}

const overlap = (a: string, b: string): boolean => hostCovers(a, b) || hostCovers(b, a)

/** VirtualServices bound to the server whose hosts have something in common with its own, in the order of asking. */
const boundTo = (model: IstioModel, { object, hosts }: Server, from: string): VirtualService[] => {
  const isBound = ({ gateways, namespace, exportTo, hosts: own }: VirtualService): boolean =>
    gateways.has(gatewayName({ object })) &&
    exportedTo(exportTo, namespace, from) &&
    hosts.some((entry) => {
      const scope = entry.includes('/') ? entry.slice(0, entry.indexOf('/')) : '*'
      const home = scope === '.' ? object.metadata.namespace : scope
      return (home === '*' || home === namespace) && own.some((host) => overlap(bareHost(entry), host))
    })
  return inOrder(model.virtualServices.all.filter(isBound), from)
}

/** For policies of the gateway: those for TCP. */
export const opaqueListener = ({ opaque, kind }: Opaque): Listener => {
  const evidence = evidenceOf(opaque)
  const says = `${nameOf(refOf(opaque.object))} takes ${kind === 'tls' ? 'TLS' : 'connections'} on port ${opaque.port}`
  return {
    mode: { mode: 'PERMISSIVE', says, evidence },
    protocol: 'tcp',
    trustedProxies: 0,
    wire: { transport: kind === 'tls' ? 'tls' : 'plaintext', accepted: true, ending: 'it is passed on as it is' },
  }
}

/** What the gateway's own policies say, and the connection that it makes; absent when it ends there. */
export const passOpaque = (
  model: IstioModel,
  call: Call,
  sent: Outbound,
  taken: Opaque,
): { own: Verdict; onward?: Outbound } => {
  const { opaque: server, kind, serverName } = taken
  const { namespace: from = 'default', labels } = call.destination.metadata
  const asker: Asker = { labels, namespace: from, port: server.port, gateways: new Set([gatewayName(server)]) }
  const bound = boundTo(model, server, from).find((each) => connectionRouteFor(each, kind, asker, serverName))
  if (bound === undefined) {
    const by = kind === 'tls' ? ` for the server name "${serverName}"` : ''
    // istiod makes no listener without a filter chain (gateway.go, MutableGatewayListener.build).
    const ending = kind === 'tcp' ? 'nothing listens there' : 'the gateway closes the connection'
    const gateway = nameOf(refOf(server.object))
    const says = `No ${kind.toUpperCase()} route of a VirtualService is bound to ${gateway}${by}: ${ending}`
    const last: Step = { at: 'server', outcome: 'deny', says, evidence: evidenceOf(server) }
    return {
      own: verdict('deny', 'none', [...sent.steps, last], last, {
        effect: { kind: kind === 'tcp' ? 'refuse' : 'reset' },
      }),
    }
  }
  const own = receive(model, call, { ...sent, proxy: 'direct' }, opaqueListener(taken))
  if (own.outcome !== 'allow') return { own }
  const { service: _service, ...rest } = call
  const onwards: Call = { ...rest, source: call.destination }
  const found = routeConnection(model, bound, kind, asker, { serverName, turn: call.turn?.number })
  const ended = (last: Step): { own: Verdict } => ({
    own: verdict(last.outcome === 'unknown' ? 'unknown' : 'deny', 'none', [...own.steps, last], last, {
      ...(last.outcome === 'unknown' ? {} : { effect: { kind: 'close' } }),
    }),
  })
  if ('untaken' in found || 'unsure' in found)
    return ended(doubtful('server', 'unsure' in found ? found.unsure : evidenceOf(server)))
  if (found.cluster === undefined) return ended(found.step)
  return { own, onward: finish(model, toCluster(found.cluster, onwards, [found.step]), onwards, 'tcp') }
}
