/**
 * Where a gateway sends a request: the VirtualServices bound to the server that took it. Upstream:
 * pilot/pkg/networking/core/gateway.go (buildGatewayHTTPRouteConfig).
 */
import type { Call, HttpRequest } from '../../call.ts'
import { hostCovers, withoutPort } from '../../match/hosts.ts'
import type { Step } from '../../verdict.ts'
import type { IstioModel } from '../compile.ts'
import type { Asker } from '../http-match.ts'
import { type Fields, nameOf, refOf } from '../read.ts'
import { exportedTo } from '../registry.ts'
import { type Routed, throughVirtualService } from '../routing.ts'
import { inOrder, type VirtualService } from '../virtual-service.ts'
import { bareHost, evidenceOf, gatewayName, type Server, type Taken } from './servers.ts'

/** Whether a VirtualService may be bound there for that host: the server names the host, and maybe its namespace. */
const binds = (server: Server, service: VirtualService, host: string): boolean =>
  server.hosts.some((entry) => {
    const slash = entry.indexOf('/')
    const from = slash < 0 ? '*' : entry.slice(0, slash)
    const home = server.object.metadata.namespace
    const here = from === '*' || from === service.namespace || (from === '.' && service.namespace === home)
    return here && hostCovers(bareHost(entry), host)
  })

/** VirtualServices for the host, most specific first; several for one host add up, private ones first. */
const boundServices = (model: IstioModel, servers: readonly Server[], host: string, from: string): VirtualService[] => {
  const visible = model.virtualServices.all.filter(({ exportTo, namespace }) => exportedTo(exportTo, namespace, from))
  const candidates = inOrder(visible, from).flatMap((service) => {
    const bound = servers.some((server) => service.gateways.has(gatewayName(server)) && binds(server, service, host))
    const covering = bound ? service.hosts.filter((each) => hostCovers(each, host)) : []
    const length = Math.max(-1, ...covering.map((each) => (each.startsWith('*') ? each.length : each.length + 1000)))
    return length < 0 ? [] : [{ service, length }]
  })
  const best = Math.max(...candidates.map(({ length }) => length))
  return candidates.filter(({ length }) => length === best).map(({ service }) => service)
}

/** `claims` are those of the token that the gateway accepted: its routes are looked up again once it has. */
export const route = (
  model: IstioModel,
  call: Call & { http: HttpRequest },
  taken: Taken,
  claims: Fields | undefined,
): Routed => {
  const { server, group, scheme } = taken
  const host = withoutPort(call.http.authority).toLowerCase()
  const asker: Asker = {
    labels: call.source.metadata.labels,
    namespace: call.source.metadata.namespace ?? 'default',
    port: server.port,
    gateways: new Set(group.map(gatewayName)),
    claims,
  }
  let last: Routed | undefined
  for (const service of boundServices(model, group, host, asker.namespace)) {
    last = throughVirtualService(model, call, service, asker, scheme)
    const isMissed = last.kind === 'answer' && last.answer.details === 'route_not_found'
    if (!isMissed) return last
  }
  const says = `No VirtualService bound to ${nameOf(refOf(server.object))} is for the host ${host}: the gateway answers 404`
  const answer = { status: 404, body: '', headers: [], flags: 'NR', details: 'route_not_found', says }
  const step: Step = { at: 'server', outcome: 'deny', says, evidence: evidenceOf(server, '.hosts') }
  return last ?? { kind: 'answer', answer, steps: [step] }
}
