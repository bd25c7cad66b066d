/**
 * Envoy's access log command operators over what a proxy saw. Upstream:
 * envoy/source/common/formatter/substitution_formatter.cc and the Envoy documentation "Access logging".
 * An operator that is not modelled says so in the line.
 */
import type { AccessLog } from './logs.ts'
import type { ProxyRecord } from './record.ts'

type Value = string | number | undefined

const header = (headers: readonly (readonly [string, string])[], name: string): string | undefined =>
  headers.find(([each]) => each.toLowerCase() === name)?.[1]

/** Request headers, pseudo headers included. */
export const requestHeader = ({ request }: ProxyRecord, name: string): string | undefined => {
  if (request === undefined) return undefined
  if (name === ':method') return request.method
  if (name === ':path') return request.path
  if (name === ':authority' || name === 'host') return request.authority
  if (name === ':scheme') return 'http'
  return header(request.headers, name)
}

export const responseHeader = (record: ProxyRecord, name: string): string | undefined => {
  if (name === 'x-envoy-upstream-service-time')
    return record.serviceTime === undefined ? undefined : String(record.serviceTime)
  if (name === ':status') return record.status === 0 ? undefined : String(record.status)
  return record.response && header(record.response.headers, name)
}

const dash = (text: string): Value => (text === '-' || text === '' ? undefined : text)
const withoutPort = (address: string): Value => dash(address.replace(/:\d+$/, ''))
const portOf = (address: string): Value => dash(/:(\d+)$/.exec(address)?.[1] ?? '')

/** `%REQ(A?B):10%`: the first header that is there, cut off. */
const chosen = (argument: string, find: (name: string) => string | undefined, limit: string | undefined): Value => {
  const [first = '', second] = argument.toLowerCase().split('?')
  const value = find(first) ?? (second === undefined ? undefined : find(second))
  return limit === undefined ? value : value?.slice(0, Number(limit))
}

const operators: Record<string, (record: ProxyRecord, argument: string, limit?: string) => Value> = {
  START_TIME: ({ start }) => new Date(start).toISOString(),
  REQ: (record, argument, limit) => chosen(argument, (name) => requestHeader(record, name), limit),
  REQ_WITHOUT_QUERY: (record, argument, limit) =>
    chosen(argument, (name) => requestHeader(record, name)?.replace(/\?.*$/s, ''), limit),
  RESP: (record, argument, limit) => chosen(argument, (name) => responseHeader(record, name), limit),
  TRAILER: () => undefined,
  PROTOCOL: ({ request }) => (request ? 'HTTP/1.1' : undefined),
  RESPONSE_CODE: ({ status }) => status,
  RESPONSE_CODE_DETAILS: ({ details }) => dash(details),
  RESPONSE_FLAGS: ({ flags }) => dash(flags),
  CONNECTION_TERMINATION_DETAILS: ({ termination }) => dash(termination),
  UPSTREAM_TRANSPORT_FAILURE_REASON: ({ transportFailure }) => dash(transportFailure),
  BYTES_RECEIVED: ({ received }) => received,
  BYTES_SENT: ({ sent }) => sent,
  DURATION: ({ duration }) => duration,
  UPSTREAM_HOST: ({ upstream }) => dash(upstream.host),
  UPSTREAM_CLUSTER: ({ upstream }) => dash(upstream.cluster),
  UPSTREAM_CLUSTER_RAW: ({ upstream }) => dash(upstream.cluster),
  UPSTREAM_LOCAL_ADDRESS: ({ upstream }) => dash(upstream.local),
  UPSTREAM_REMOTE_ADDRESS: ({ upstream }) => dash(upstream.host),
  DOWNSTREAM_LOCAL_ADDRESS: ({ downstream }) => downstream.local,
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: ({ downstream }) => withoutPort(downstream.local),
  DOWNSTREAM_LOCAL_PORT: ({ downstream }) => portOf(downstream.local),
  DOWNSTREAM_REMOTE_ADDRESS: ({ downstream }) => downstream.remote,
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: ({ downstream }) => withoutPort(downstream.remote),
  DOWNSTREAM_REMOTE_PORT: ({ downstream }) => portOf(downstream.remote),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: ({ downstream }) => downstream.remote,
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: ({ downstream }) => withoutPort(downstream.remote),
  DOWNSTREAM_PEER_URI_SAN: ({ side, principals }) => (side === 'server' ? principals?.source : undefined),
  DOWNSTREAM_LOCAL_URI_SAN: ({ side, principals }) => (side === 'server' ? principals?.destination : undefined),
  UPSTREAM_PEER_URI_SAN: ({ side, principals }) => (side === 'client' ? principals?.destination : undefined),
  UPSTREAM_LOCAL_URI_SAN: ({ side, principals }) => (side === 'client' ? principals?.source : undefined),
  DOWNSTREAM_TLS_VERSION: ({ side, isMutual }) => (side === 'server' && isMutual ? 'TLSv1.3' : undefined),
  REQUESTED_SERVER_NAME: ({ serverName }) => dash(serverName),
  ROUTE_NAME: ({ route }) => dash(route),
  HOSTNAME: ({ pod }) => pod.metadata.name,
}

const operator = /%([A-Z_0-9]+)(?:\(([^)]*)\))?(?::(\d+))?%/g

const operatorValue = (record: ProxyRecord, name: string, argument = '', limit?: string): Value =>
  Object.hasOwn(operators, name) ? operators[name]!(record, argument, limit) : `(meshdojo: %${name}% is not modelled)`

const substitute = (record: ProxyRecord, format: string, empty: string): string =>
  format
    .replaceAll('%%', '\0')
    .replace(operator, (_whole, name: string, argument?: string, limit?: string) =>
      String(operatorValue(record, name, argument, limit) ?? empty),
    )
    .replaceAll('\0', '%')

/** A field of JSON that is one operator keeps its type; what is not there is null, or left out. */
const jsonLine = (record: ProxyRecord, format: Readonly<Record<string, string>>, omitEmpty: boolean): string => {
  const entries = Object.entries(format).map(([field, template]): [string, Value | null] => {
    const single = [...template.matchAll(operator)]
    const whole = single.length === 1 && single[0]![0] === template ? single[0]! : undefined
    if (whole === undefined) return [field, substitute(record, template, omitEmpty ? '' : '-')]
    return [field, operatorValue(record, whole[1]!, whole[2], whole[3]) ?? null]
  })
  return JSON.stringify(Object.fromEntries(omitEmpty ? entries.filter(([, value]) => value !== null) : entries))
}

/** The line, without its newline. */
export const formatLog = (record: ProxyRecord, { format, omitEmpty }: AccessLog): string =>
  'json' in format
    ? jsonLine(record, format.json, omitEmpty)
    : substitute(record, format.text, omitEmpty ? '' : '-').replace(/\n$/, '')
