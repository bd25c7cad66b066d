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
import { connectionRouteFor, destinationsOf, type VirtualService } from './virtual-service.ts'

/** Absent cluster: the route leads nowhere. */
export type ConnectionRouted = { cluster?: Cluster; step: Step } | { unsure: Evidence } | { untaken: string }

/** `kind` is the port's, not the connection's: only a port that is declared TLS has TLS routes, and it has no others. */
export const routeConnection = (
  model: IstioModel,
  own: VirtualService,
  kind: 'tls' | 'tcp',
  asker: Asker,
  { serverName, turn }: { serverName: string; turn: number | undefined },
): ConnectionRouted => {
  const service = nameOf(refOf(own.object))
  const found = connectionRouteFor(own, kind, asker, serverName)
  if (found === undefined)
    return { untaken: `No ${kind.toUpperCase()} route of ${service} takes the server name "${serverName}"` }
  if ('unsure' in found) return found
  const targets = destinationsOf(found.route, own.namespace)
  const weights = targets.map((each) => each.weight)
  const target = targets[draw(weights, turn)]
  const to = target && destinationCluster(model, asker, target, 'bytes')
  const step = (outcome: Step['outcome'], says: string): Step => ({
    at: 'client',
    outcome,
    says: `${service} ${says}`,
    evidence: found.evidence,
  })
  return to?.cluster === undefined
    ? { step: step('deny', `leads to ${to?.name ?? 'nothing'}, which does not exist`) }
    : { cluster: to.cluster, step: step('info', `routes to ${to.name}`) }
}
