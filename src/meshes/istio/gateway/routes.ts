/**
 * Where a gateway sends a request: the VirtualServices bound to the virtual host that it is for. Upstream:
 * pilot/pkg/networking/core/gateway.go (buildGatewayHTTPRouteConfig), route/route.go (SortVHostRoutes, IsCatchAllRoute).
 */
import type { Call, HttpRequest } from '../../call.ts'
import { withoutPort } from '../../match/hosts.ts'
import type { Step } from '../../verdict.ts'
import type { IstioModel } from '../compile.ts'
import { takesAll } from '../http-match.ts'
import { type Fields, nameOf, refOf } from '../read.ts'
import { asSeen, type Routed, throughVirtualService } from '../routing.ts'
import { routeFor } from '../virtual-service.ts'
import { evidenceOf } from './servers.ts'
import type { Taken } from './take.ts'
import { type Bound, type VirtualHost, virtualHostFor } from './virtual-hosts.ts'

/** The first that has a route for the request, those that take every request last. */
const firstOf = (bound: readonly Bound[], request: HttpRequest): Bound | undefined => {
  let catchAll: Bound | undefined
  for (const each of bound) {
    const found = routeFor(each.service, each.asker, request)
    if (found === undefined) continue
    if ('unsure' in found || !takesAll(found.match)) return each
    catchAll ??= each
  }
  return catchAll
}

const hostOf = (authority: string): string => withoutPort(authority).toLowerCase()

/** The virtual host that a request is for. `claims` are those of the token that the gateway accepted. */
export const hostFor = (
  model: IstioModel,
  { metadata }: Call['destination'],
  { server, group }: Taken,
  authority: string,
  claims?: Fields,
): VirtualHost | undefined => {
  const { namespace = 'default', labels } = metadata
  return virtualHostFor(model, group, { labels, namespace, port: server.port, claims }, hostOf(authority))
}

/** The routes are looked up again once the gateway has accepted a token. */
export const route = (
  model: IstioModel,
  call: Call & { http: HttpRequest },
  taken: Taken,
  claims: Fields | undefined,
): Routed => {
  const { server, scheme } = taken
  const { authority } = call.http
  const bound = hostFor(model, call.source, taken, authority, claims)?.bound ?? []
  const chosen = firstOf(bound, asSeen(model, call.http)) ?? bound.at(-1)
  if (chosen !== undefined) return throughVirtualService(model, call, chosen.service, chosen.asker, scheme)
  const name = nameOf(refOf(server.object))
  const says = `No VirtualService bound to ${name} is for the host ${hostOf(authority)}: the gateway answers 404`
  const answer = { status: 404, body: '', headers: [], flags: 'NR', details: 'route_not_found', says }
  const step: Step = { at: 'server', outcome: 'deny', says, evidence: evidenceOf(server, '.hosts') }
  return { kind: 'answer', answer, steps: [step] }
}
