/**
 * The pages of a sidecar: Envoy's admin interface (localhost:15000) and pilot-agent's (15020, 15090). Upstream:
 * envoy/source/server/admin, istio/istio pilot/cmd/pilot-agent/status/server.go.
 * Not modelled: changing anything but log levels (runtime, draining), statistics other than those that are counted here;
 * an admin page that is not modelled says so.
 */
import { X509Certificate } from 'node:crypto'
import type { Pod } from '../../kube/kinds.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import type { Clock } from '../clock.ts'
import { compilePattern } from '../crds/regex.ts'
import type { WorkloadCertificates } from '../pki/workloads.ts'
import type { SeriesSet } from './series.ts'

export interface Page {
  status: number
  type: string
  body: string
}

/** What a sidecar answers about itself. @param path with query */
export type ProxyPages = (pod: Pod, port: number, method: string, path: string) => Page | undefined

export interface AdminParts {
  clock: Clock
  mesh: Mesh
  model: () => unknown
  seriesOf: (pod: Pod) => SeriesSet
  certificates: () => WorkloadCertificates | undefined
}

const plain = (body: string, status = 200): Page => ({ status, type: 'text/plain; charset=UTF-8', body })
const json = (value: unknown): Page => ({
  status: 200,
  type: 'application/json',
  body: `${JSON.stringify(value, null, 1)}\n`,
})
const metricsPage = (body: string): Page => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body })

const day = 24 * 3600_000
const iso = (date: string): string => new Date(date).toISOString().replace('.000Z', 'Z')

const describe = (pem: string, now: number) => {
  const certificate = new X509Certificate(pem)
  const uri = /URI:([^,]+)/.exec(certificate.subjectAltName ?? '')?.[1]
  return {
    path: '<inline>',
    serial_number: certificate.serialNumber.toLowerCase(),
    subject_alt_names: uri ? [{ uri }] : [],
    days_until_expiration: String(Math.floor((Date.parse(certificate.validTo) - now) / day)),
    valid_from: iso(certificate.validFrom),
    expiration_time: iso(certificate.validTo),
  }
}

const blocks = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/g) ?? []

/** `/certs`: the root and the workload's own. */
const certs = ({ clock, certificates, mesh, model }: AdminParts, pod: Pod): Page => {
  const held = mesh.identity && certificates()?.workloadCertificate(mesh.identity(model(), pod))
  if (!held) return json({ certificates: [] })
  const now = clock.now()
  return json({
    certificates: [
      {
        ca_cert: blocks(held.root).map((pem) => describe(pem, now)),
        cert_chain: blocks(held.certChain)
          .slice(0, 1)
          .map((pem) => describe(pem, now)),
      },
    ],
  })
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The secrets' part of `/config_dump`; Envoy never shows a key. */
const secretsDump = ({ certificates, mesh, model }: AdminParts, pod: Pod): unknown => {
  const held = mesh.identity && certificates()?.workloadCertificate(mesh.identity(model(), pod))
  if (!held) return { '@type': 'type.googleapis.com/envoy.admin.v3.SecretsConfigDump' }
  const last_updated = new Date(held.issued).toISOString()
  const secret = (name: string, content: Record<string, unknown>) => ({
    name,
    version_info: String(held.issued),
    last_updated,
    secret: { '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret', name, ...content },
  })
  return {
    '@type': 'type.googleapis.com/envoy.admin.v3.SecretsConfigDump',
    dynamic_active_secrets: [
      secret('default', {
        tls_certificate: {
          certificate_chain: { inline_bytes: base64(held.certChain) },
          private_key: { inline_bytes: base64('[redacted]') },
        },
      }),
      secret('ROOTCA', { validation_context: { trusted_ca: { inline_bytes: base64(held.root) } } }),
    ],
  }
}

const configDump = (parts: AdminParts, pod: Pod, query: URLSearchParams): Page => {
  const configs = [...(parts.mesh.proxyConfig?.dump(parts.model(), pod) ?? []), secretsDump(parts, pod)]
  const resource = query.get('resource')
  if (resource === null) return json({ configs })
  // One kind of resource, as `istioctl proxy-config` may ask.
  const found = configs.flatMap((config) => (config as Record<string, unknown[]>)[resource] ?? [])
  return json({ configs: found })
}

const serverInfo = ({ clock, mesh }: AdminParts, pod: Pod): Page =>
  json({
    version: `${mesh.proxyConfig?.version ?? ''}/Clean/RELEASE/BoringSSL`,
    state: 'LIVE',
    hot_restart_version: '11.104',
    uptime_current_epoch: `${Math.max(0, Math.floor((clock.now() - Date.parse(pod.metadata.creationTimestamp ?? '')) / 1000)) || 0}s`,
    node: mesh.proxyConfig?.node(pod) ?? {},
  })

const loggers = ['admin', 'config', 'connection', 'filter', 'http', 'jwt', 'main', 'rbac', 'router', 'upstream']
const logLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off']

/** A proxy's levels by logger. Nothing here writes by them. */
type Levels = Map<string, string>

/** `POST /logging` (envoy source/server/admin/logs_handler.cc). Not modelled: `paths`, and loggers that no lab asks for. */
const logging = (levels: Levels, query: URLSearchParams): Page => {
  const says = [...query].flatMap(([name, level]) => {
    if (name !== 'level' && !loggers.includes(name)) return 'unknown logger name'
    return logLevels.includes(level) ? [] : 'unknown logger level'
  })[0]
  if (says !== undefined)
    return plain(
      `error: ${says}\n\nusage: /logging?<name>=<level> (change single level)\nusage: /logging?level=<level> (change all levels)\nlevels: ${logLevels.join(' ')}\n`,
      400,
    )
  for (const [name, level] of query) for (const each of name === 'level' ? loggers : [name]) levels.set(each, level)
  const lines = loggers.map((name) => `  ${name}: ${levels.get(name) ?? 'warning'}\n`)
  return plain(`active loggers:\n${lines.join('')}\n`)
}

const listed = ['certs', 'clusters', 'config_dump', 'listeners', 'ready', 'server_info', 'stats', 'stats/prometheus']

/** Null: no expression. */
const patternOf = (filter: string): ((line: string) => boolean) | null => {
  try {
    return compilePattern(filter)
  } catch {
    return null
  }
}

const stats = (parts: AdminParts, pod: Pod, query: URLSearchParams): Page => {
  const text = parts.seriesOf(pod).text()
  if (query.get('format') === 'prometheus') return metricsPage(text)
  const filter = query.get('filter')
  const pattern = filter === null ? undefined : patternOf(filter)
  if (pattern === null) return plain('Invalid re2 regex\n', 400)
  const own = parts
    .seriesOf(pod)
    .stats()
    .map(([name, value]) => `${name}: ${value}`)
  const counted = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ (\S+)$/, ': $1'))
  const lines = [...own, ...counted].filter((line) => pattern?.(line) ?? true)
  return plain(lines.map((line) => `${line}\n`).join(''))
}

const admin = (parts: AdminParts, pod: Pod, path: string, query: URLSearchParams): Page => {
  switch (path) {
    case '/ready':
      return plain('LIVE\n')
    case '/certs':
      return certs(parts, pod)
    case '/config_dump':
      return configDump(parts, pod, query)
    case '/clusters':
      return query.get('format') === 'json'
        ? json(parts.mesh.proxyConfig?.clusterStatuses(parts.model(), pod) ?? {})
        : plain(parts.mesh.proxyConfig?.clusters(parts.model(), pod) ?? '')
    case '/listeners':
      return plain(parts.mesh.proxyConfig?.listeners(parts.model(), pod) ?? '')
    case '/server_info':
      return serverInfo(parts, pod)
    case '/stats':
      return stats(parts, pod, query)
    case '/stats/prometheus':
      return metricsPage(parts.seriesOf(pod).text())
    default:
      return plain(`invalid path. meshdojo's proxies answer: ${listed.map((name) => `/${name}`).join(', ')}\n`, 404)
  }
}

export const createPages = (parts: AdminParts): ProxyPages => {
  /** By the pod's uid; only of proxies that somebody asked. */
  const levels = new Map<string, Levels>()
  const levelsOf = ({ metadata: { uid = '' } }: Pod): Levels => {
    const known = levels.get(uid) ?? new Map<string, string>()
    levels.set(uid, known)
    return known
  }
  return (pod, port, method, target) => {
    const at = target.indexOf('?')
    const path = at < 0 ? target : target.slice(0, at)
    const query = new URLSearchParams(at < 0 ? '' : target.slice(at + 1))
    if (port === 15000) {
      // Envoy refuses a GET on what changes something, and the other way round.
      if (method === 'POST' && path === '/logging') return logging(levelsOf(pod), query)
      return method === 'GET' || method === 'HEAD' ? admin(parts, pod, path, query) : plain('Method Not Allowed', 405)
    }
    const { metricsPage: own } = parts.mesh
    if (own && port === own.port && target === own.path) return metricsPage(parts.seriesOf(pod).text())
    if ((port === 15020 || port === 15090) && path === '/stats/prometheus')
      return metricsPage(parts.seriesOf(pod).text())
    return undefined
  }
}
