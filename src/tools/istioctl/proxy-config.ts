/** `istioctl proxy-config cluster|listener|route|secret`. Upstream: istio/istio istioctl/pkg/writer/envoy/configdump. */
import { X509Certificate } from 'node:crypto'
import { findPod, type Subcommand, type ToolContext, ToolError, table } from './context.ts'
import {
  type Chain,
  chainsOf,
  type Dump,
  type Filter,
  managedBy,
  readDump,
  type Secret,
  type VirtualHost,
} from './dump.ts'

const tab = 5

const clusterKey = (name: string): [string, string, number, string] => {
  const [direction = '', port = '0', subset = '', host = ''] = name.split('|')
  return name.split('|').length > 3 ? [host, subset, Number(port), direction] : [name, '', 0, '']
}

const byKey = (a: (string | number)[], b: (string | number)[]): number => {
  const at = a.findIndex((part, index) => part !== b[index])
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1
}

const clusters = ({ flags }: ToolContext, dump: Dump): string => {
  const rows = dump.clusters
    .map((cluster) => ({ cluster, key: clusterKey(cluster.name) }))
    .filter(({ key: [host, subset, port, direction] }) => {
      if (flags.fqdn !== undefined && host !== flags.fqdn) return false
      if (flags.port !== undefined && port !== Number(flags.port)) return false
      if (flags.subset !== undefined && subset !== flags.subset) return false
      return flags.direction === undefined || direction === flags.direction
    })
    .sort((a, b) => byKey(a.key, b.key))
    .map(({ cluster, key: [host, subset, port, direction] }) =>
      cluster.name.includes('|')
        ? [host, String(port), subset || '-', direction, cluster.type ?? 'STATIC', managedBy(cluster.metadata)]
        : [cluster.name, '-', '-', '-', cluster.type ?? 'STATIC', managedBy(cluster.metadata)],
    )
  return table([['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'], ...rows], tab)
}

/** Lists that stand for a kind of traffic (istioctl/pkg/writer/envoy/configdump/listener.go, protDescrs). */
const applications: Record<string, string> = {
  'http/1.0,http/1.1,h2c,istio-http/1.0,istio-http/1.1,istio-h2': 'HTTP TLS',
  'istio,istio-http/1.0,istio-http/1.1,istio-h2': 'Istio HTTP Plain',
  'istio-peer-exchange,istio': 'TCP TLS',
  'http/1.0,http/1.1,h2c': 'HTTP',
}

const applicationOf = (protocols: readonly string[]): string => applications[protocols.join()] ?? protocols.join()

const matchOf = ({ filter_chain_match: match = {} }: Chain): string => {
  const parts = [
    ...(match.server_names?.length ? [`SNI: ${match.server_names.join(',')}`] : []),
    ...(match.transport_protocol ? [`Trans: ${match.transport_protocol}`] : []),
    ...(match.application_protocols?.length ? [`App: ${applicationOf(match.application_protocols)}`] : []),
    ...(match.destination_port === undefined ? [] : [`Addr: *:${match.destination_port}`]),
  ]
  return parts.join('; ') || 'ALL'
}

type Hosts = NonNullable<NonNullable<Filter['typed_config']>['route_config']>

const toCluster = (cluster: string): string => (cluster.includes('Cluster') ? cluster : `Cluster: ${cluster}`)

/** Routes that stand in the listener itself. */
const inlineOf = ({ virtual_hosts: hosts = [] }: Hosts): string => {
  const [only] = hosts[0]?.routes ?? []
  const isAll = hosts.length === 1 && hosts[0]?.routes?.length === 1 && only?.match?.prefix === '/'
  if (isAll && only.route?.cluster !== undefined) return toCluster(only.route.cluster)
  const described = hosts.map(({ domains, routes = [] }) => {
    const named = domains.length === 1 && domains[0] === '*' ? '' : `${domains.join('/')} `
    return `${named}${routes.map(pathOf).join(', ')}`
  })
  return `Inline Route: ${described.join('; ')}`
}

const destinationOf = (filters: readonly Filter[] = []): string => {
  for (const { name, typed_config: config } of filters) {
    if (name === 'envoy.filters.network.http_connection_manager') {
      if (config?.route_config) return inlineOf(config.route_config)
      return config?.rds?.route_config_name ? `Route: ${config.rds.route_config_name}` : 'HTTP'
    }
    // Nothing is said of bytes that end in BlackHoleCluster.
    if (name === 'envoy.filters.network.tcp_proxy' && !config?.cluster?.includes('BlackHoleCluster'))
      return toCluster(config?.cluster ?? '')
  }
  return 'Non-HTTP/Non-TCP'
}

const listeners = ({ flags }: ToolContext, dump: Dump): string => {
  const rows = dump.listeners
    .map((listener) => {
      const { address = '', port_value: port = 0 } = listener.address?.socket_address ?? {}
      return { listener, address, port }
    })
    .filter(
      ({ port, address }) =>
        (flags.port === undefined || port === Number(flags.port)) &&
        (flags.address === undefined || address === flags.address),
    )
    .sort((a, b) => byKey([a.port, a.address], [b.port, b.address]))
    .flatMap(({ listener, address, port }) =>
      chainsOf(listener)
        .map((chain) => [address, String(port), matchOf(chain), destinationOf(chain.filters)])
        .sort((a, b) => (a[3]! > b[3]! ? -1 : 1)),
    )
  return table([['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'], ...rows], 1)
}

const pathOf = ({ match }: NonNullable<VirtualHost['routes']>[number]): string => {
  if (match?.safe_regex) return `regex ${match.safe_regex.regex}`
  return match?.path ?? `${match?.prefix ?? '/'}*`
}

/** The first two names, without those that have a shorter form, and how many more there are. */
const domainsOf = (domains: readonly string[]): string => {
  if (domains.length === 1) return domains[0] ?? ''
  const known = new Set(domains)
  const isLong = (name: string): boolean =>
    ['.svc.cluster.local', '.svc'].some((end) => name.endsWith(end) && known.has(name.slice(0, -end.length)))
  const shown = domains.filter((domain) => !domain.includes(':') && !isLong(domain))
  return shown.length > 2 ? `${shown.slice(0, 2).join(', ')} + ${shown.length - 2} more...` : shown.join(', ')
}

const byNumber = (a: string, b: string): number => (/^\d+$/.test(a) && /^\d+$/.test(b) ? Number(a) - Number(b) : 0)

const routes = ({ flags }: ToolContext, dump: Dump): string => {
  const rows = dump.routes
    .filter(({ name }) => flags.name === undefined || name === flags.name)
    .sort((a, b) => byNumber(a.name ?? '', b.name ?? ''))
    .flatMap(({ name = '', virtual_hosts: hosts = [] }) =>
      hosts.flatMap((host) =>
        (host.routes ?? [])
          .filter(({ route }) => route?.cluster !== 'PassthroughCluster')
          .map((route) => [name, host.name, domainsOf(host.domains), pathOf(route), managedBy(route.metadata)]),
      ),
    )
  return table([['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'], ...rows], tab)
}

const iso = (date: string): string => new Date(date).toISOString().replace('.000Z', 'Z')

const secretRow = ({ name, tls_certificate: own, validation_context: root }: Secret, now: number): string[] => {
  const bytes = own?.certificate_chain?.inline_bytes ?? root?.trusted_ca?.inline_bytes ?? ''
  const certificate = new X509Certificate(Buffer.from(bytes, 'base64'))
  const isValid = Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo)
  return [
    name,
    own ? 'Cert Chain' : 'CA',
    'ACTIVE',
    String(isValid),
    certificate.serialNumber.toLowerCase(),
    iso(certificate.validTo),
    iso(certificate.validFrom),
  ]
}

const secrets = (_context: ToolContext, dump: Dump): string => {
  if (dump.secrets.length === 0) return 'No secret items to show.\n'
  const now = Date.now()
  const head = ['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE']
  return table([head, ...dump.secrets.map((secret) => secretRow(secret, now))], tab)
}

const kinds: Record<
  string,
  { names: string[]; show: (context: ToolContext, dump: Dump) => string; raw: (dump: Dump) => unknown }
> = {
  cluster: { names: ['cluster', 'clusters', 'c'], show: clusters, raw: (dump) => dump.clusters },
  listener: { names: ['listener', 'listeners', 'l'], show: listeners, raw: (dump) => dump.listeners },
  route: { names: ['route', 'routes', 'r'], show: routes, raw: (dump) => dump.routes },
  secret: { names: ['secret', 'secrets', 's'], show: secrets, raw: (dump) => dump.secrets },
}

export const proxyConfig: Subcommand = async (context, [wanted = '', named]) => {
  const kind = Object.values(kinds).find(({ names }) => names.includes(wanted))
  if (!kind) throw new ToolError(`of proxy-config there are here: ${Object.keys(kinds).join(', ')}; not "${wanted}"`)
  const dump = await readDump(context, await findPod(context, named))
  context.out(context.output === 'json' ? `${JSON.stringify(kind.raw(dump), null, 4)}\n` : kind.show(context, dump))
  return 0
}
