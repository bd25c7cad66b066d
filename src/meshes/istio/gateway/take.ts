/**
 * Which server of which Gateway resource takes a connection to a gateway pod. Upstream: pilot/pkg/model/gateway.go
 * (mergeGateways), pilot/pkg/networking/core/gateway.go.
 * Not modelled, and `unknown`: AUTO_PASSTHROUGH, TLS that ends at the gateway with bytes inside, certificate files,
 * servers of different kinds on a port, a port that Services lead to several container ports.
 */
import type { Call, HttpRequest } from '../../call.ts'
import { hostCovers } from '../../match/hosts.ts'
import type { EndsTls, Evidence, Step } from '../../verdict.ts'
import type { IstioModel } from '../compile.ts'
import type { Outbound } from '../outbound.ts'
import { fields, nameOf, refOf, text } from '../read.ts'
import { serverDoubt } from '../unmodelled.ts'
import type { Opaque } from './bytes.ts'
import { type Chain, chainFor, chainsOf, modeOf, nameTwice, tcpRouteOf, withoutDuplicates } from './chains.ts'
import { bareHost, containerPorts, evidenceOf, isHttp, isSecured, type Server, serversOf } from './servers.ts'

export interface Taken {
  server: Server
  /** Servers that share the routes. */
  group: Server[]
  http: HttpRequest
  scheme: 'http' | 'https'
  endsTls?: EndsTls
  /** The connection is mTLS of the mesh. */
  isMutual?: true
  says: string
}

/** Why no server takes a connection; `port`: nothing listens there. */
export interface Ends {
  ends: Step
  failure: 'plaintext' | 'handshake' | 'port'
}

/** mTLS of the caller's sidecar: only a server with the mesh's own certificates can end it. */
const takeMutual = (
  chains: readonly Chain[],
  call: Call,
  sni: string,
  ends: (says: string, evidence: Evidence | undefined, failure: Ends['failure']) => Ends,
): Taken | Ends | { unsure: Evidence } => {
  const server = chainFor(chains, sni.toLowerCase())?.server
  if (server === undefined)
    return ends(`No server of the gateway is for the server name "${sni}"`, undefined, 'handshake')
  const name = nameOf(refOf(server.object))
  const mode = modeOf(server)
  if (mode === 'SIMPLE' || mode === 'MUTUAL') {
    const says = `${name} shows a certificate that is not the mesh's on port ${server.port}, and the caller's sidecar starts mTLS: the handshake fails`
    return ends(says, evidenceOf(server, '.tls.mode'), 'handshake')
  }
  if (mode !== 'ISTIO_MUTUAL' || call.protocol !== 'http' || call.http === undefined)
    return { unsure: evidenceOf(server, '.tls.mode') }
  if (server.protocol !== 'HTTPS') return { unsure: evidenceOf(server, '.port.protocol') }
  const says = `${name} ends mTLS on port ${server.port} with the mesh's own certificates`
  return { server, group: [server], http: call.http, scheme: 'https', isMutual: true, says }
}

/** Of a server whose connections no VirtualService leads on. */
const unbound = (server: Server): string =>
  `No ${modeOf(server) === 'PASSTHROUGH' ? 'TLS' : 'TCP'} route of a VirtualService is bound to ${nameOf(refOf(server.object))}`

/** Who takes TLS; all `servers` have it, `first` among them. */
const takeTls = (
  model: IstioModel,
  first: Server,
  servers: readonly Server[],
  call: Call,
  sent: Pick<Outbound, 'transport' | 'sni'>,
  ends: (says: string, evidence?: Evidence, failure?: Ends['failure']) => Ends,
): Taken | Opaque | Ends | { unsure: Evidence } => {
  const chains = chainsOf(model, servers, call.destination)
  const twice = nameTwice(chains)
  if (twice !== undefined) return { unsure: twice }
  const name = nameOf(refOf(first.object))
  const at = evidenceOf(first)
  // istiod makes no listener without a filter chain (gateway.go, MutableGatewayListener.build).
  if (chains.length === 0) return ends(`${unbound(first)}: nothing listens there`, at, 'port')
  if (sent.transport === 'mtls') return takeMutual(chains, call, sent.sni, ends)
  if (call.protocol !== 'tls') {
    const any = chains.find(({ names, route }) => route !== undefined && names[0] === '*')
    if (any !== undefined) return { unsure: evidenceOf(any.server, '.tls.mode') }
    return ends(`${name} serves TLS on port ${first.port}, and this is plaintext`, at)
  }
  // TLS that the caller's sidecar starts: what it makes of the certificate is not modelled.
  if (call.tls === undefined) return { unsure: evidenceOf(first, '.tls') }
  const serverName = call.tls.serverName.toLowerCase()
  const chain = chainFor(chains, serverName)
  if (chain === undefined) {
    const server = servers.find((each) => each.hosts.some((host) => hostCovers(bareHost(host), serverName)))
    if (server === undefined) return ends(`No server of ${name} is for the server name "${serverName}"`)
    const says = `${unbound(server)} for the server name "${serverName}": the gateway closes the connection`
    return ends(says, evidenceOf(server))
  }
  const { server, route } = chain
  if (route !== undefined) return { opaque: server, kind: 'tls', route }
  const mode = modeOf(server)
  const credential = text(fields(server.spec.tls).credentialName) ?? ''
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return { unsure: evidenceOf(server, '.tls.mode') }
  // With bytes inside, TCP routes count.
  if (server.protocol !== 'HTTPS') return { unsure: evidenceOf(server, '.port.protocol') }
  if (credential === '' || call.tls.http === undefined) return { unsure: evidenceOf(server, '.tls') }
  const secret = {
    namespace: call.destination.metadata.namespace ?? 'default',
    name: credential.split('/').at(-1) ?? '',
  }
  const says = `${nameOf(refOf(server.object))} ends TLS on port ${server.port} with Secret ${secret.namespace}/${secret.name}`
  const endsTls = { secret, mutual: mode === 'MUTUAL' }
  return { server, group: [server], http: call.tls.http, scheme: 'https', endsTls, says }
}

/** The server that takes the connection, or why none does. */
export const take = (
  model: IstioModel,
  call: Call,
  sent: Pick<Outbound, 'transport' | 'sni'>,
): Taken | Opaque | Ends | { unsure: Evidence } => {
  const leads = containerPorts(model, call.destination)
  const all = serversOf(model, call.destination).filter((server) => leads(server).includes(call.port))
  for (const server of all) {
    const field = serverDoubt(server.spec)
    if (field !== undefined) return { unsure: evidenceOf(server, `.${field}`) }
    if (leads(server).length > 1) return { unsure: evidenceOf(server, '.port.number') }
  }
  const servers = withoutDuplicates(all)
  const [first] = servers
  const ends = (says: string, evidence?: Evidence, failure: Ends['failure'] = 'plaintext'): Ends => ({
    ends: { at: 'server', outcome: 'deny', says, ...(evidence === undefined ? {} : { evidence }) },
    failure,
  })
  if (first === undefined)
    return ends(`No Gateway serves port ${call.port} of ${nameOf(refOf(call.destination))}`, undefined, 'port')
  // Which of them stays depends on the order, and on the protocols (mergeGateways, canMergeProtocols).
  const kindOf = (server: Server): string => (isSecured(server) ? 'TLS' : isHttp(server) ? 'HTTP' : server.protocol)
  const mixed = servers.find((server) => kindOf(server) !== kindOf(first))
  if (mixed !== undefined) return { unsure: evidenceOf(mixed, '.port.protocol') }
  if (isSecured(first)) return takeTls(model, first, servers, call, sent, ends)
  const name = nameOf(refOf(first.object))
  if (!isHttp(first)) {
    if (first.protocol !== 'TCP' || sent.transport === 'mtls') return { unsure: evidenceOf(first, '.port.protocol') }
    const route = tcpRouteOf(model, first, call.destination)
    if (route !== undefined) return { opaque: first, kind: 'tcp', route }
    return ends(
      `No TCP route of a VirtualService is bound to ${name}: nothing listens there`,
      evidenceOf(first),
      'port',
    )
  }
  if (sent.transport !== 'plaintext') {
    const says = `${name} serves HTTP on port ${first.port}, and the caller's sidecar starts TLS: the handshake fails`
    return ends(says, evidenceOf(first), 'handshake')
  }
  if (call.protocol !== 'http' || call.http === undefined)
    return ends(`${name} serves HTTP on port ${first.port}, and these bytes are not`, evidenceOf(first))
  const says = `${name} serves HTTP on port ${first.port}`
  return { server: first, group: [...servers], http: call.http, scheme: 'http', says }
}
