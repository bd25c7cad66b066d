/**
 * What the receiver's proxy logs about a call: each refusal, and whatever an audit policy let in. Upstream:
 * linkerd2-proxy linkerd/app/inbound/src/policy/{http,tcp}.rs, linkerd/app/core/src/errors/respond.rs,
 * linkerd/app/inbound/src/http/server.rs (ServerError), linkerd/tracing/src/uptime.rs.
 * Not modelled: lines of other levels, JSON, why an opaque connection ended otherwise.
 */
import type { Call } from '../call.ts'
import type { Finished } from '../traffic.ts'
import { podAddresses } from '../world.ts'
import type { Client } from './authorization.ts'
import { adminPort } from './pods.ts'
import type { Received } from './receive.ts'

/** Group, kind and name, as metrics and lines both have them. */
export type Meta = readonly [group: string, kind: string, name: string]

const told = (prefix: string, [group, kind, name]: Meta): string =>
  `${prefix}.group=${group} ${prefix}.kind=${kind} ${prefix}.name=${name}`

/** `[     1.000002s]`, since the pod started. */
const uptime = ({ start }: Finished, { destination }: Call): string => {
  const since = Date.parse((destination.status?.startTime as string | undefined) ?? '')
  const passed = Math.max(0, Number.isNaN(since) ? 0 : start - since)
  const micros = String(Math.round((passed % 1000) * 1000)).padStart(6, '0')
  return `[${String(Math.floor(passed / 1000)).padStart(6)}.${micros}s]`
}

/** Ephemeral ports of clients are no part of a call: one that stays the same for the same moment. */
const clientPort = ({ start }: Finished): number => 32_768 + (Math.floor(start) % 28_000)

const tlsOf = (received: Received, { call, dialled }: Finished, { identity }: Client): string => {
  if (identity !== undefined)
    return `Some(Established { client_id: Some(ClientId(Dns(Name("${identity}")))), negotiated_protocol: None })`
  if (received.policy.protocol === 'opaque') return 'None(PortSkipped)'
  if (call?.protocol !== 'tls') return 'None(NoClientHello)'
  return `Some(Passthru { sni: ServerName(Name("${call.tls?.serverName ?? dialled.host}")) })`
}

const errors: Partial<Record<Received['outcome'], string>> = {
  denied: 'unauthorized request on route',
  'not-found': 'no route found for request',
}

/** Lines in the order of their appearance; empty for a call that was let in without an audit. */
export const linesOf = (
  finished: Finished,
  call: Call,
  received: Received,
  client: Client,
  about: { server: Meta; route: Meta; authz: Meta },
): { text: string }[] => {
  const isAdmin = call.port === adminPort
  const place = isAdmin ? 'daemon:admin{listen.addr=0.0.0.0:4191}' : `inbound:server{port=${call.port}}`
  const tls = tlsOf(received, finished, client)
  const peer = `${client.address}:${clientPort(finished)}`
  const line = (span: string, module: string, says: string) => ({
    text: `${uptime(finished, call)}  INFO ThreadId(01) ${place}${span}: ${module}: ${says}`,
  })
  const server = told('server', about.server)
  const who = `client.tls=${tls} client.ip=${client.address}`
  const [policyLine, path] = received.http
    ? ['linkerd_app_inbound::policy::http', `${server} ${told('route', about.route)} ${who}`]
    : ['linkerd_app_inbound::policy::tcp', `${server} ${who}`]
  const lines: { text: string }[] = []
  const isIn = received.outcome === 'allow' || received.outcome === 'redirected'
  if (isIn && received.by === 'default/audit')
    lines.push(line('', policyLine, `Request allowed ${path} ${told('authz', about.authz)}`))
  if (received.outcome === 'denied') lines.push(line('', policyLine, `Request denied ${path}`))
  if (received.outcome === 'closed')
    lines.push(line('', policyLine, `Connection denied ${server} tls=${tls} client=${peer}`))
  const error = errors[received.outcome]
  if (error === undefined) return lines
  const target = `${podAddresses(call.destination)[0] ?? ''}:${call.port}`
  const failed = isAdmin
    ? `error=${error}`
    : `error=client ${peer}: server: ${target}: ${error} error.sources=[${error}]`
  const asked = call.http?.path.split('?')[0] || '/'
  const says = `HTTP/1.1 request failed ${failed} path=${JSON.stringify(asked)}`
  return [...lines, line(`:rescue{client.addr=${peer}}`, 'linkerd_app_core::errors::respond', says)]
}
