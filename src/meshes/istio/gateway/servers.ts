/**
 * Which server of which Gateway resource takes a connection to a gateway pod. Upstream: pilot/pkg/model/gateway.go
 * (mergeGateways), pilot/pkg/networking/core/gateway.go.
 * Not modelled, and `unknown`: AUTO_PASSTHROUGH, TLS that ends at the gateway with bytes inside, certificate files.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { Call, HttpRequest } from '../../call.ts'
import { hostCovers } from '../../match/hosts.ts'
import { hasLabels } from '../../match/labels.ts'
import type { EndsTls, Evidence, Step } from '../../verdict.ts'

import { targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { type Outbound, servicesOf } from '../outbound.ts'
import { type Fields, fields, isFields, labelMap, list, nameOf, refOf, text, texts } from '../read.ts'
import { serverDoubt } from '../unmodelled.ts'
import type { Opaque } from './bytes.ts'

export interface Server {
  object: KubeObject
  index: number
  spec: Fields
  /** The server's own port number. */
  port: number
  protocol: string
  /** `*`, `*.shop.example`; the namespace that a host may be bound from stands before a slash. */
  hosts: readonly string[]
}

export const evidenceOf = ({ object, index }: Server, field = ''): Evidence => ({
  object: refOf(object),
  field: `spec.servers[${index}]${field}`,
})

/** `shop/public`, as VirtualServices name it. */
export const gatewayName = ({ object }: Pick<Server, 'object'>): string =>
  `${object.metadata.namespace}/${object.metadata.name}`

export const bareHost = (host: string): string => host.slice(host.indexOf('/') + 1)

/** The servers of all Gateways that select the pod and lead to that container port, oldest Gateway first. */
export const serversOn = (model: IstioModel, call: Call): Server[] => {
  const pod = call.destination
  const ports = servicesOf(model, pod).flatMap((service) => service.spec.ports ?? [])
  const known = new Set(ports.map((port) => port.port))
  const leads = (number: number): boolean =>
    ports.some((port) => port.port === number && targetPort(pod, port) === call.port) ||
    (!known.has(number) && number === call.port)
  return model.gateways
    .filter((object) => hasLabels(labelMap(fields(object.spec).selector), pod.metadata.labels))
    .flatMap((object) =>
      list(fields(object.spec).servers).map((each, index): Server => {
        const spec = fields(each)
        const port = fields(spec.port)
        const protocol = (text(port.protocol) ?? '').toUpperCase()
        return { object, index, spec, port: Number(port.number), protocol, hosts: texts(spec.hosts) }
      }),
    )
    .filter((server) => leads(server.port))
}

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

/** How closely a server is for that name: an exact host before the longest wildcard, as Envoy matches server names. */
const closeness = ({ hosts }: Server, name: string): number => {
  const covering = hosts.map(bareHost).filter((host) => hostCovers(host, name))
  return Math.max(-1, ...covering.map((host) => (host.startsWith('*') ? host.length : host.length + 1000)))
}

const forServerName = (servers: readonly Server[], name: string): Server | undefined => {
  const best = Math.max(-1, ...servers.map((server) => closeness(server, name)))
  return best < 0 ? undefined : servers.find((server) => closeness(server, name) === best)
}

const isSecured = ({ spec, protocol }: Server): boolean => isFields(spec.tls) && protocol !== 'HTTP'

/**
 * A host that two TLS servers of the port write differently, `*` and `production/*`: istiod makes a filter chain of
 * each (gateway.go, MergeGateways compares them as written), with one match, and what Envoy makes of that is not modelled.
 */
const writtenTwice = (servers: readonly Server[]): Evidence | undefined => {
  const known = new Map<string, string>()
  for (const server of servers.filter(isSecured))
    for (const host of server.hosts) {
      const bare = bareHost(host)
      if ((known.get(bare) ?? host) !== host) return evidenceOf(server, '.hosts')
      known.set(bare, host)
    }
  return undefined
}

/** mTLS of the caller's sidecar: only a server with the mesh's own certificates can end it. */
const takeMutual = (
  servers: readonly Server[],
  call: Call,
  sni: string,
  ends: (says: string, evidence: Evidence | undefined, failure: Ends['failure']) => Ends,
): Taken | Ends | { unsure: Evidence } => {
  const server = forServerName(servers, sni.toLowerCase())
  if (server === undefined)
    return ends(`No server of the gateway is for the server name "${sni}"`, undefined, 'handshake')
  const name = nameOf(refOf(server.object))
  const mode = text(fields(server.spec.tls).mode) ?? 'PASSTHROUGH'
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

/** The server that takes the connection, or why none does. */
export const take = (
  servers: readonly Server[],
  call: Call,
  sent: Pick<Outbound, 'transport' | 'sni'>,
): Taken | Opaque | Ends | { unsure: Evidence } => {
  const first = servers[0]
  for (const server of servers) {
    const field = serverDoubt(server.spec)
    if (field !== undefined) return { unsure: evidenceOf(server, `.${field}`) }
  }
  const twice = writtenTwice(servers)
  if (twice !== undefined) return { unsure: twice }
  const at = nameOf(refOf(call.destination))
  if (first === undefined)
    return {
      ends: { at: 'server', outcome: 'deny', says: `No Gateway serves port ${call.port} of ${at}` },
      failure: 'port',
    }
  const name = nameOf(refOf(first.object))
  const ends = (says: string, evidence?: Evidence, failure: Ends['failure'] = 'plaintext'): Ends => ({
    ends: { at: 'server', outcome: 'deny', says, ...(evidence === undefined ? {} : { evidence }) },
    failure,
  })
  const tls = servers.filter(isSecured)
  if (tls.length === 0) {
    const other = servers.find((server) => !/^(HTTP|HTTP2|GRPC)$/.test(server.protocol))
    if (other !== undefined)
      return other.protocol === 'TCP' && sent.transport !== 'mtls'
        ? { opaque: other, kind: 'tcp', serverName: '' }
        : { unsure: evidenceOf(other, '.port.protocol') }
    if (sent.transport !== 'plaintext') {
      const says = `${name} serves HTTP on port ${first.port}, and the caller's sidecar starts TLS: the handshake fails`
      return ends(says, evidenceOf(first), 'handshake')
    }
    if (call.protocol !== 'http' || call.http === undefined)
      return ends(`${name} serves HTTP on port ${first.port}, and these bytes are not`, evidenceOf(first))
    const says = `${name} serves HTTP on port ${first.port}`
    return { server: first, group: [...servers], http: call.http, scheme: 'http', says }
  }
  if (sent.transport === 'mtls') return takeMutual(tls, call, sent.sni, ends)
  if (call.protocol !== 'tls')
    return ends(`${name} serves TLS on port ${first.port}, and this is plaintext`, evidenceOf(first))
  // TLS that the caller's sidecar starts: what it makes of the certificate is not modelled.
  if (call.tls === undefined) return { unsure: evidenceOf(tls[0] ?? first, '.tls') }
  const serverName = call.tls.serverName.toLowerCase()
  const server = forServerName(tls, serverName)
  if (server === undefined) return ends(`No server of ${name} is for the server name "${serverName}"`)
  const settings = fields(server.spec.tls)
  const mode = text(settings.mode) ?? 'PASSTHROUGH'
  const credential = text(settings.credentialName) ?? ''
  if (mode === 'PASSTHROUGH') return { opaque: server, kind: 'tls', serverName }
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
