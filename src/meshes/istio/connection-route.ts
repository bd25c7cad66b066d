/**
 * Where a connection of bytes goes by a VirtualService for its host. Upstream: pilot/pkg/networking/core/tls.go
 * (buildSidecarOutboundTLSFilterChainOpts, buildSidecarOutboundTCPFilterChainOpts).
 */
import { draw } from '../chance.ts'
import type { Evidence, Step } from '../verdict.ts'
import type { Cluster } from './cluster.ts'
import type { IstioModel } from './compile.ts'
import type { Asker } from './http-match.ts'
import { nameOf, refOf } from './read.ts'
import { destinationCluster } from './routing.ts'
import {
  connectionRouteFor,
  destinationsOf,
  type FoundConnectionRoute,
  type VirtualService,
} from './virtual-service.ts'

/** Absent cluster: the route leads nowhere. */
export type ConnectionLed = { cluster?: Cluster; step: Step } | { unsure: Evidence }
export type ConnectionRouted = ConnectionLed | { untaken: string }

/** A route that takes a connection, and whose it is. */
export interface ConnectionRoute {
  own: VirtualService
  found: FoundConnectionRoute
}

/** `kind` is the port's, not the connection's: only a port that is declared TLS has TLS routes, and it has no others. */
export const routeConnection = (
  model: IstioModel,
  own: VirtualService,
  kind: 'tls' | 'tcp',
  asker: Asker,
  { serverName, turn }: { serverName: string; turn: number | undefined },
): ConnectionRouted => {
  const found = connectionRouteFor(own, kind, asker, serverName)
  if (found !== undefined) return leadConnection(model, { own, found }, asker, turn)
  return {
    untaken: `No ${kind.toUpperCase()} route of ${nameOf(refOf(own.object))} takes the server name "${serverName}"`,
  }
}

/** Where a route leads. */
export const leadConnection = (
  model: IstioModel,
  { own, found }: ConnectionRoute,
  asker: Asker,
  turn: number | undefined,
): ConnectionLed => {
  if ('unsure' in found) return found
  const targets = destinationsOf(found.route, own.namespace)
  const weights = targets.map((each) => each.weight)
  const target = targets[draw(weights, turn)]
  const to = target && destinationCluster(model, asker, target, 'bytes')
  const step = (outcome: Step['outcome'], says: string): Step => ({
    at: 'client',
    outcome,
    says: `${nameOf(refOf(own.object))} ${says}`,
    evidence: found.evidence,
  })
  return to?.cluster === undefined
    ? { step: step('deny', `leads to ${to?.name ?? 'nothing'}, which does not exist`) }
    : { cluster: to.cluster, step: step('info', `routes to ${to.name}`) }
}
