/**
 * Which access logs one proxy writes, and in which format: the Telemetry API first, else MeshConfig's accessLogFile.
 * Upstream: pilot/pkg/model/telemetry.go (mergeLogs) and telemetry_logging.go.
 * Not modelled: log services (gRPC, OpenTelemetry): a provider of that kind writes nothing here.
 */
import type { Pod } from '../../../kube/kinds.ts'
import { type Fields, fields, list, text } from '../read.ts'
import {
  applicable,
  findProvider,
  matchesSide,
  providerNames as names,
  type Side,
  strings,
  type Telemetries,
} from './settings.ts'

/** One access log of a proxy. */
export interface AccessLog {
  /** A command line of Envoy operators, or a field to operator map for JSON. */
  format: { text: string } | { json: Readonly<Record<string, string>> }
  /** A CEL expression that must be true for a line to be written. */
  filter?: string
  omitEmpty: boolean
}

/** Provider name to its filter; a disabled one is there and logs nothing. */
const mergeLogs = (
  levels: Fields[][],
  defaults: string[],
  side: Side,
): Map<string, { filter?: string; disabled: boolean }> => {
  const merged = new Map<string, { filter?: string; disabled: boolean }>()
  if (levels.length === 0) {
    for (const provider of defaults) merged.set(provider, { disabled: false })
    return merged
  }
  let inScope = defaults
  const filters = new Map<string, string | undefined>()
  for (const level of levels) {
    const named = level
      .filter((each) => matchesSide(each.match, side))
      .map((each) => ({ each, providers: names(each.providers) }))
    for (const { each, providers } of named)
      for (const provider of providers) filters.set(provider, text(fields(each.filter).expression))
    const all = named.flatMap(({ providers }) => providers)
    if (all.length > 0) inScope = all
  }
  let parents = defaults
  for (const each of levels.flat()) {
    const own = names(each.providers)
    if (own.length > 0) parents = own
    for (const provider of parents) {
      if (!inScope.includes(provider) || !matchesSide(each.match, side)) continue
      const filter = filters.get(provider)
      merged.set(
        provider,
        each.disabled === true ? { disabled: true } : { disabled: false, ...(filter ? { filter } : {}) },
      )
    }
  }
  return merged
}

/** `%START_TIME%` and the rest, as Istio configures Envoy since 1.9. */
export const defaultFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n'

export const defaultJson: Readonly<Record<string, string>> = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
}

/** Envoy writes what the format says; Istio ends a line for who forgot to. */
const lineFormat = (format: unknown): string => {
  const said = text(format) ?? ''
  return said === '' ? defaultFormat : said.endsWith('\n') ? said : `${said}\n`
}

const jsonFields = (value: unknown): Readonly<Record<string, string>> => {
  const labels = Object.entries(fields(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return labels.length > 0 ? Object.fromEntries(labels) : defaultJson
}

const meshFormat = (mesh: Fields): AccessLog['format'] => {
  if (text(mesh.accessLogEncoding) !== 'JSON') return { text: lineFormat(mesh.accessLogFormat) }
  try {
    return { json: jsonFields(JSON.parse(text(mesh.accessLogFormat) || '{}')) }
  } catch {
    return { json: defaultJson }
  }
}

/** Only standard output is read by `kubectl logs`. */
const isOutput = (path: string): boolean => path === '/dev/stdout' || path === '/dev/stderr'

const providerLog = (mesh: Fields, provider: Fields, filter: string | undefined): AccessLog | undefined => {
  if (provider.envoyFileAccessLog === undefined) return undefined
  const file = fields(provider.envoyFileAccessLog)
  if (!isOutput(text(file.path) || '/dev/stdout')) return undefined
  const omitEmpty = file.omitEmptyValues === true
  const said = fields(file.logFormat)
  const isMeshWide = provider.name === 'envoy' && file.logFormat === undefined && !omitEmpty
  const format = isMeshWide
    ? meshFormat(mesh)
    : said.labels !== undefined
      ? { json: jsonFields(said.labels) }
      : { text: lineFormat(said.text) }
  return { format, omitEmpty, ...(filter === undefined ? {} : { filter }) }
}

const loggers = ['envoyFileAccessLog', 'envoyHttpAls', 'envoyTcpAls', 'envoyOtelAls'] as const

/** The access logs of that proxy for traffic on one side of it. */
export const accessLogsOf = (telemetries: Telemetries, pod: Pod, side: Side): AccessLog[] => {
  const { mesh } = telemetries
  const levels = applicable(telemetries, pod)
    .map((spec) => list(spec.accessLogging).map(fields))
    .filter((level) => level.length > 0)
  const defaults = strings(fields(mesh.defaultProviders).accessLogging)
  const legacy = (): AccessLog[] => {
    const file = text(mesh.accessLogFile) ?? ''
    return file !== '' && isOutput(file) ? [{ format: meshFormat(mesh), omitEmpty: false }] : []
  }
  if (levels.length === 0 && defaults.length === 0) return legacy()
  const found = [...mergeLogs(levels, defaults, side)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { filter, disabled }]) => {
      const provider = findProvider(mesh, name)
      return provider === undefined ? [] : [{ disabled, log: providerLog(mesh, provider, filter), provider }]
    })
    .filter(({ provider }) => loggers.some((kind) => provider[kind] !== undefined))
  // A Telemetry that names no usable provider leaves the mesh-wide file in charge.
  if (found.length === 0) return legacy()
  return found.flatMap(({ disabled, log }) => (disabled || log === undefined ? [] : [log]))
}
