/**
 * Names as istiod checks them, in its words: domains, labels, ports, protocols, exportTo. Upstream:
 * pkg/config/validation/agent/validation.go, pkg/config/labels/instance.go, pkg/config/visibility/visibility.go.
 * Each gives the complaint, or undefined.
 */
import { isAddress, prefixProblem } from './addresses.ts'
import { quoted } from './go-text.ts'

const label = '[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?'
const dnsLabel = new RegExp(`^${label}$`)
const wildcardLabel = new RegExp(`^(?:\\*|(?:\\*|\\*-)?${label})$`)

export const isDnsLabel = (text: string): boolean => text.length <= 63 && dnsLabel.test(text)

const dnsLabels = (domain: string): string | undefined => {
  const parts = domain.split('.')
  const top = parts.at(-1) ?? ''
  if (/^[+-]?\d+$/.test(top))
    return `domain name ${quoted(domain)} invalid (top level domain ${quoted(top)} cannot be all-numeric)`
  for (const [index, part] of parts.entries()) {
    if (part === '' && index === parts.length - 1) return undefined
    if (!isDnsLabel(part)) return `domain name ${quoted(domain)} invalid (label ${quoted(part)} invalid)`
  }
  return undefined
}

const preconditions = (domain: string): string | undefined => {
  if (domain.length > 255) return `domain name ${quoted(domain)} too long (max 255)`
  return domain === '' ? 'empty domain name not allowed' : undefined
}

export const fqdn = (domain: string): string | undefined => preconditions(domain) ?? dnsLabels(domain)

/** A star is fine as the first label, or in front of it. */
export const wildcardDomain = (domain: string): string | undefined => {
  const wrong = preconditions(domain)
  if (wrong !== undefined) return wrong
  const dot = domain.indexOf('.')
  const first = dot < 0 ? domain : domain.slice(0, dot)
  if (first.length > 63 || !wildcardLabel.test(first))
    return `domain name ${quoted(domain)} invalid (label ${quoted(first)} invalid)`
  return dot < 0 ? undefined : dnsLabels(domain.slice(dot + 1))
}

/** With SNI also the names that istiod makes up for AUTO_PASSTHROUGH: `outbound_.80_._.a.shop.lab`. */
export const gatewayDomain = (domain: string, sni: boolean): string | undefined => {
  if (!sni || !domain.startsWith('outbound_') || domain.length > 255) return wildcardDomain(domain)
  const parts = domain.split('_')
  const form = 'outbound_.<PORT>_._.<HOSTNAME>'
  if (parts.length < 4) return `domain name ${domain} invalid, should follow '${form}' format`
  const trim = (part: string | undefined): string => (part ?? '').replace(/^\.+|\.+$/g, '')
  const wrong = (part: string): string => `domain name ${quoted(domain)} invalid (label ${quoted(part)} invalid)`
  const [port, host] = [trim(parts[1]), trim(parts[3])]
  if (!/[0-9]/.test(port)) return `${wrong(port)}. should follow ${form} format`
  return /[a-zA-Z]/.test(host) ? undefined : `${wrong(host)}. should follow ${form} format`
}

export const partialWildcard = (host: string): string | undefined =>
  host.includes('*') && host.length !== 1 && !host.startsWith('*.')
    ? `partial wildcard ${quoted(host)} not allowed`
    : undefined

/** `namespace/dnsName` of Sidecars and Gateways; Gateways also take a name alone. */
export const namespacedHost = (host: string, where: 'sidecar' | 'gateway'): string[] => {
  const part = (name: string): string[] => {
    const found: string[] = []
    if (name !== '*' && !name.includes('.')) found.push('short names (non FQDN) are not allowed')
    const wrong = wildcardDomain(name)
    if (wrong !== undefined) {
      if (where === 'sidecar') found.push(wrong)
      if (!isAddress(name)) found.push(wrong)
    }
    const partial = partialWildcard(name)
    return partial === undefined ? found : [...found, partial]
  }
  const slash = host.indexOf('/')
  if (slash < 0) return where === 'gateway' ? part(host) : ['host must be of form namespace/dnsName']
  const [given, name] = [host.slice(0, slash), host.slice(slash + 1)]
  const found = given === '' || name === '' ? ['config namespace and dnsName in host entry cannot be empty'] : []
  const namespace = where === 'sidecar' ? given.replace(/^~/, '') : given
  const isFine =
    namespace === '*' || namespace === '.' || isDnsLabel(namespace) || (where === 'sidecar' && namespace === '')
  if (!isFine) found.push(`invalid namespace value ${quoted(given)} in ${where}`)
  return [...found, ...part(name)]
}

export const portNumber = (port: unknown): string | undefined => {
  const number = typeof port === 'number' ? port : 0
  return number >= 1 && number <= 65535 ? undefined : `port number ${number} must be in the range 1..65535`
}

export const portName = (name: string): string | undefined =>
  isDnsLabel(name) ? undefined : `invalid port name: ${name}`

const protocols = new Set('tcp udp grpc grpc-web http http_proxy http2 https tls mongo redis mysql'.split(' '))

export const isProtocol = (text: string): boolean => protocols.has(text.toLowerCase())

export const protocol = (text: string): string | undefined =>
  text === '' || isProtocol(text) ? undefined : `unsupported protocol: ${text}`

export const isHttp = (text: string): boolean => /^(http|http2|http_proxy|grpc|grpc-web)$/i.test(text)
export const isTls = (text: string): boolean => /^(https|tls)$/i.test(text)

export const address = (text: string): string | undefined => (isAddress(text) ? undefined : `${text} is not a valid IP`)

/** An address or a CIDR block. */
export const subnet = (text: string): string | undefined => {
  if (text.split('/').length !== 2) return address(text)
  return prefixProblem(text) === undefined ? undefined : `${text} is not a valid CIDR block`
}

/** The path of a socket, without `unix://`. */
export const socket = (path: string): string | undefined => {
  if (path === '') return 'unix address must not be empty'
  if (path.startsWith('@') || (path.startsWith('/') && !path.endsWith('/'))) return undefined
  return `${path} is not an absolute path to a file`
}

/** Complaints about `exportTo` of an object in a namespace. */
export const exportTo = (
  namespace: string,
  entries: readonly string[],
  about: { serviceEntry?: boolean; selecting?: boolean } = {},
): string[] => {
  const found: string[] = []
  const seen = new Set<string>()
  for (const entry of entries) {
    const key = entry === '.' ? namespace : entry
    if (seen.has(key)) {
      found.push(
        key === entry
          ? `duplicate entries in exportTo for entry ${entry}`
          : `duplicate entries in exportTo: . and current namespace ${namespace}`,
      )
      continue
    }
    if (key === '~' && !about.serviceEntry)
      found.push('exportTo ~ (none) is not allowed for Istio configuration objects')
    else if (key !== '*' && key !== '~' && !isDnsLabel(key))
      found.push('only .,*, or a valid DNS 1123 label is allowed as exportTo entry')
    else seen.add(key)
  }
  if (about.selecting && seen.size > 0) {
    if (!seen.has(namespace))
      found.push('destination rule with workload selector cannot have exportTo beyond current namespace')
    else if (seen.size > 1)
      found.push('destination rule with workload selector cannot have multiple entries in exportTo')
  }
  if (seen.has('*') && entries.length > 1)
    found.push('cannot have both public (*) and non-public exportTo values for a resource')
  if (seen.has('~') && entries.length > 1) found.push('cannot export service entry to no one (~) and someone')
  return found
}

const qualified = '(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelKey = new RegExp(`^(${label}(?:\\.${label})*/)?(${qualified})$`)
const labelValue = new RegExp(`^(${qualified})?$`)

const labelName = (key: string): string | undefined => {
  const parts = labelKey.exec(key)
  if (parts === null) return `invalid tag key: ${quoted(key)}`
  if ((parts[1] ?? '').length > 254) return `invalid tag key: ${quoted(key)} (DNS prefix is too long)`
  return (parts[2] ?? '').length > 63 ? `invalid tag key: ${quoted(key)} (name is too long)` : undefined
}

/** Labels of subsets, sources and endpoints; collected, so always a list. */
export const labelProblems = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([key, value]) => {
    const wrong = labelName(key)
    return [
      ...(wrong === undefined ? [] : [wrong]),
      ...(labelValue.test(value) ? [] : [`invalid tag value: ${quoted(value)}`]),
    ]
  })
