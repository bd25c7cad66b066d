/**
 * Connections that a gateway passes on without reading them: TCP servers, and TLS that ends behind it (PASSTHROUGH), by
 * the server name alone. Upstream: pilot/pkg/networking/core/gateway.go (createGatewayTCPFilterChainOpts,
 * buildGatewayNetworkFiltersFromTCPRoutes).
 */
import type { Call } from '../../call.ts'
import type { Step, Verdict } from '../../verdict.ts'
import type { Listener } from '../arrival.ts'
import type { IstioModel } from '../compile.ts'
import { type ConnectionRoute, leadConnection } from '../connection-route.ts'
import { finish, type Outbound } from '../outbound.ts'
import { nameOf, refOf } from '../read.ts'
import { receive } from '../receive.ts'
import { toCluster } from '../routing.ts'
import { doubtful, verdict } from '../verdicts.ts'
import { askerAt } from './chains.ts'
import { evidenceOf, type Server } from './servers.ts'

/** A connection that a server takes as it is. */
export interface Opaque {
  opaque: Server
  kind: 'tls' | 'tcp'
  route: ConnectionRoute
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
  const own = receive(model, call, { ...sent, proxy: 'direct' }, opaqueListener(taken))
  if (own.outcome !== 'allow') return { own }
  const { service: _service, ...rest } = call
  const onwards: Call = { ...rest, source: call.destination }
  const asker = askerAt(taken.opaque, call.destination)
  const found = leadConnection(model, taken.route, asker, call.turn?.number)
  const ended = (last: Step): { own: Verdict } => ({
    own: verdict(last.outcome === 'unknown' ? 'unknown' : 'deny', 'none', [...own.steps, last], last, {
      ...(last.outcome === 'unknown' ? {} : { effect: { kind: 'close' } }),
    }),
  })
  if ('unsure' in found) return ended(doubtful('server', found.unsure))
  if (found.cluster === undefined) return ended(found.step)
  return { own, onward: finish(model, toCluster(found.cluster, onwards, [found.step]), onwards, 'tcp') }
}
