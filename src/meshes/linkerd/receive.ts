/**
 * The receiver's proxy: which policy holds the port, and what it makes of a call. The order is the proxy's own: route
 * (404), authorization (403), rate limit (429). Upstream: linkerd2-proxy linkerd/app/inbound/src/policy/{http,tcp}.rs,
 * linkerd/app/inbound/src/detect.rs (which protocols are looked for), linkerd2
 * policy-controller/k8s/index/src/inbound/index.rs (inbound_server, default_inbound_server), policy-controller/grpc/src/inbound.rs
 * (to_server: GRPCRoutes are for Servers of proxyProtocol gRPC alone).
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import { fields, nameOf, refOf, text } from '../read.ts'
import type { Evidence, Step } from '../verdict.ts'
import type { Arrival } from './arrival.ts'
import {
  type Authorization,
  admits,
  authorizationsOf,
  type Client,
  type DefaultPolicy,
  everywhere,
  isDefaultPolicy,
} from './authorization.ts'
import {
  type Found,
  type LinkerdModel,
  probePaths,
  rateLimitOf,
  routeAuthorizations,
  routesOf,
  serverAuthorizations,
  serverOf,
  unreadRouteOf,
} from './compile.ts'
import { applyFilters, type Filtered } from './filters.ts'
import {
  adminPort,
  configEvidence,
  defaultPolicyAnnotation,
  isOpaquePort,
  requiresIdentity,
  saidDefaultPolicy,
} from './pods.ts'
import { findRoute, type Route } from './routes.ts'

/** What stands in front of one port of one pod. */
export interface PortPolicy {
  server?: KubeObject
  /** `api-web`, `default:deny`: the `srv_name` of metrics. */
  name: string
  /** As `proxyProtocol` spells it. */
  protocol: string
  /** Why it is not read as HTTP. */
  opaque?: Evidence
  authorizations: Found[]
  routes: readonly Route[]
  /** Why one of the routes is not known to proxies. */
  unread?: Evidence
  probes: readonly string[]
  rateLimit?: KubeObject
  /** What says so when nobody is admitted. */
  closedBy: { says: string; evidence?: Evidence }
}

const defaultOf = (pod: Pod): { policy: DefaultPolicy; evidence?: Evidence; says: string } => {
  const said = saidDefaultPolicy(pod)
  const evidence = said === undefined ? undefined : configEvidence(pod, defaultPolicyAnnotation)
  if (!isDefaultPolicy(said))
    return {
      policy: 'all-unauthenticated',
      says: "no Server holds the port, and the installation's default policy is all-unauthenticated",
    }
  return {
    policy: said,
    ...(evidence === undefined ? {} : { evidence }),
    says: `no Server holds the port, and ${nameOf(refOf(pod))} has the default policy ${said}`,
  }
}

/** The policy of a port that a Server holds, or the pod's default policy. */
export const policyOf = (model: LinkerdModel, pod: Pod, port: number): PortPolicy => {
  const server = serverOf(model, pod, port)
  if (server === undefined) {
    const { policy: said, evidence, says } = defaultOf(pod)
    const tightened = requiresIdentity(pod, port) && said.endsWith('-unauthenticated')
    const policy = tightened ? (said.replace('unauthenticated', 'authenticated') as DefaultPolicy) : said
    const source = tightened ? configEvidence(pod, 'proxy-require-identity-inbound-ports') : evidence
    const opaque = port === adminPort ? undefined : isOpaquePort(pod, port)
    return {
      name: `default:${policy}`,
      protocol: opaque === undefined ? 'unknown' : 'opaque',
      ...(opaque === undefined ? {} : { opaque }),
      authorizations: authorizationsOf(policy, source).map((authorization) => ({ authorization })),
      routes: [],
      probes: probePaths(pod, port),
      closedBy: {
        says: tightened ? `${says}; the port requires an identity` : says,
        ...(source ? { evidence: source } : {}),
      },
    }
  }
  const spec = fields(server.spec)
  const said = text(spec.accessPolicy)
  const access: DefaultPolicy = isDefaultPolicy(said) ? said : 'deny'
  const object = refOf(server)
  const protocol = text(spec.proxyProtocol) ?? 'unknown'
  const routes = routesOf(model, server)
  const unread = unreadRouteOf(model, server)
  const rateLimit = rateLimitOf(model, server)
  const isBytes = protocol === 'opaque' || protocol === 'TLS'
  return {
    server,
    name: server.metadata.name,
    protocol,
    ...(isBytes ? { opaque: { object, field: 'spec.proxyProtocol' } } : {}),
    authorizations: [
      ...serverAuthorizations(model, server),
      ...authorizationsOf(access, { object, field: 'spec.accessPolicy' }).map((authorization) => ({ authorization })),
    ],
    routes,
    ...(unread === undefined ? {} : { unread }),
    probes: routes.length > 0 ? [] : probePaths(pod, port),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    closedBy: {
      says: `${nameOf(object)} holds the port and its accessPolicy is ${access}`,
      evidence: { object, ...(said === undefined ? {} : { field: 'spec.accessPolicy' }) },
    },
  }
}

/** What the receiver's proxy decided. */
export interface Received {
  steps: Step[]
  deciding: Step
  outcome: 'allow' | 'redirected' | 'not-found' | 'denied' | 'closed' | 'unknown'
  policy: PortPolicy
  /** Whether it read the call as HTTP. */
  http: boolean
  route?: { kind: 'default' | 'probe' | 'resource'; name: string; object?: KubeObject }
  /** What admitted. */
  by?: string
  /** What the route's filters make of the request. */
  filtered?: Filtered
}

export const probeAuthorization: Authorization = {
  name: 'default/probe',
  networks: everywhere,
  identities: 'none',
  whom: 'every client',
}

const admitted = (found: readonly Found[], client: Client): Authorization | undefined =>
  found.flatMap((each) => ('authorization' in each ? each.authorization : [])).find((each) => admits(each, client))

/** Policies that are there and did not help: what a learner looks for. */
const near = (found: readonly Found[], who: string): string => {
  const says = found.map((each) => {
    if ('void' in each) return `${nameOf(refOf(each.object))} is ignored because ${each.void}`
    const { evidence, whom, name } = each.authorization
    // What holds the port was named already.
    const what = name.startsWith('default/') ? 'that' : evidence ? nameOf(evidence.object) : name
    return `${what} is for ${whom || 'nobody'}`
  })
  return says.length === 0 ? 'no authorization is for it' : `${says.join('; ')}, not for ${who}`
}

/** Headers that the proxy sets before any route is asked (set_identity_header.rs). */
const identityHeader = ({ identity }: Client): [string, string][] =>
  identity === undefined ? [] : [['l5d-client-id', identity]]

/** The call at the receiver's proxy. @param arrival how the caller's proxy brings it; empty for who has none */
export const receive = (model: LinkerdModel, call: Call, client: Client, arrival: Arrival = {}): Received => {
  const policy = policyOf(model, call.destination, call.port)
  const steps: Step[] = []
  const evidence = policy.server ? { object: refOf(policy.server) } : policy.closedBy.evidence
  const who = client.identity ?? `a client without identity at ${client.address || 'an unknown address'}`
  const info = (says: string, about?: Evidence): void =>
    void steps.push({ at: 'server', outcome: 'info', says, ...(about === undefined ? {} : { evidence: about }) })
  info(
    policy.server
      ? `${nameOf(refOf(policy.server))} holds port ${call.port}`
      : `${policy.closedBy.says} (port ${call.port})`,
    evidence,
  )
  const opaque = arrival.tagged ?? policy.opaque
  const http = call.protocol === 'http' && opaque === undefined
  const end = (outcome: Received['outcome'], deciding: Step, more: Partial<Received> = {}): Received => ({
    steps: [...steps, deciding],
    deciding,
    outcome,
    policy,
    http,
    ...more,
  })
  const doubt = (says: string, about: Evidence): Received =>
    end('unknown', { at: 'server', outcome: 'unknown', says: `${says} and is not modelled`, evidence: about })
  const refused = (found: readonly Found[]): Step => {
    const first = found.find((each): each is Extract<Found, { void: string }> => 'void' in each)
    const about = first ? { object: refOf(first.object), field: first.field } : policy.closedBy.evidence
    const says = `${policy.closedBy.says}: ${near(found, who)}`
    return {
      at: 'server',
      outcome: 'deny',
      says: says[0]!.toUpperCase() + says.slice(1),
      ...(about ? { evidence: about } : {}),
    }
  }
  const passed = ({ name, evidence: about, whom }: Authorization): Step => {
    const says = about
      ? `${nameOf(about.object)} admits ${who} (it is for ${whom})`
      : name === 'default/probe'
        ? 'The path is one of the pod’s own probes: admitted from anywhere while no route is attached'
        : `The default policy ${name.slice('default/'.length)} admits ${who}`
    return { at: 'server', outcome: 'pass', says, ...(about === undefined ? {} : { evidence: about }) }
  }
  const expects = policy.server && ['HTTP/1', 'HTTP/2', 'gRPC'].includes(policy.protocol) ? policy.server : undefined
  const said = expects && { object: refOf(expects), field: 'spec.proxyProtocol' }
  if (!http) {
    if (opaque !== undefined)
      info('The port carries bytes for the proxies: no routes are asked', opaque === true ? undefined : opaque)
    // Bytes have no authorization of their own on such a port (policy/tcp.rs, check_authorized).
    if (said && (arrival.tagged || (policy.protocol === 'HTTP/1' && (client.identity || call.protocol === 'tls'))))
      return end('closed', {
        at: 'server',
        outcome: 'deny',
        says: `${nameOf(said.object)} expects ${policy.protocol}, and what arrives is taken for bytes: nobody is authorized to send them`,
        evidence: said,
      })
    if (said) return doubt(`${nameOf(said.object)} expects ${policy.protocol}, which these bytes are not,`, said)
    const by = admitted(policy.authorizations, client)
    if (by) return end('allow', passed(by), { by: by.name })
    return end('closed', refused(policy.authorizations))
  }
  const isUpgraded = client.identity !== undefined && arrival.bytes === undefined
  if (said && (policy.protocol === 'gRPC' || (policy.protocol === 'HTTP/2' && !isUpgraded)))
    return doubt(`${nameOf(said.object)} expects ${policy.protocol} from this caller`, said)
  if (policy.unread)
    return doubt(`${nameOf(policy.unread.object)} has a filter that Linkerd does not take for a Server`, policy.unread)
  const request = call.http ?? { method: 'GET', path: '/', authority: '', headers: [] }
  if (policy.routes.length === 0) {
    const path = request.path.split('?')[0] || '/'
    if (request.method === 'GET' && policy.probes.includes(path))
      return end('allow', passed(probeAuthorization), { by: 'default/probe', route: { kind: 'probe', name: 'probe' } })
    const by = admitted(policy.authorizations, client)
    const route = { kind: 'default', name: 'default' } as const
    if (by) return end('allow', passed(by), { by: by.name, route })
    return end('denied', refused(policy.authorizations), { route })
  }
  const names = policy.routes.map(({ object }) => nameOf(refOf(object))).join(', ')
  const match = findRoute(policy.routes, request)
  if (match === undefined) {
    const [first] = policy.routes
    return end('not-found', {
      at: 'server',
      outcome: 'deny',
      says: `${names} ${policy.routes.length === 1 ? 'is' : 'are'} attached to the Server and none of the rules takes ${request.method} ${request.path}: 404, before any authorization`,
      ...(first ? { evidence: { object: refOf(first.object), field: 'spec.rules' } } : {}),
    })
  }
  const taken = nameOf(refOf(match.route.object))
  info(`${taken} takes ${request.method} ${request.path}`, match.rule.evidence)
  const found = [...routeAuthorizations(model, match.route), ...policy.authorizations]
  const by = admitted(found, client)
  const route = { kind: 'resource', name: match.route.object.metadata.name, object: match.route.object } as const
  if (!by) return end('denied', refused(found), { route })
  const filtered = applyFilters(match.rule.filters, request, identityHeader(client))
  const filters = { ...match.rule.evidence, field: `${match.rule.evidence.field}.filters` }
  if ('unknown' in filtered) return doubt(`A filter of ${taken} ${filtered.unknown}`, filters)
  if (!('redirect' in filtered)) return end('allow', passed(by), { by: by.name, route, filtered })
  steps.push(passed(by))
  const { status, location } = filtered.redirect
  const says = `${taken} answers ${status} and sends the caller to ${location}`
  return end('redirected', { at: 'server', outcome: 'pass', says, evidence: filters }, { by: by.name, route, filtered })
}
