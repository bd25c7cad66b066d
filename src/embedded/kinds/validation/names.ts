/** The formats of names inside specs, each a function from a value to what is wrong with it (apimachinery's util/validation). */
import { isIP } from 'node:net'
import { nameProblems } from '../../apiserver/names.ts'

export {
  labelValueProblems as labelValueFormat,
  qualifiedNameProblems as qualifiedName,
} from '../../apiserver/names.ts'

type Check = (value: string) => string[]

/** Containers, volumes, namespaces. */
export const dnsLabel: Check = (value) => nameProblems(value, 'label')
/** Most objects. */
export const dnsSubdomain: Check = (value) => nameProblems(value, 'subdomain')
/** Services. */
export const dns1035Label: Check = (value) => nameProblems(value, 'dns1035')

const configKey = '[-._a-zA-Z0-9]+'

/** Keys of ConfigMaps and Secrets. */
export const configMapKey: Check = (value) => {
  if (value === '.' || value === '..') return [`must not be '${value}'`]
  if (value.length > 253) return ['must be no more than 253 characters']
  if (new RegExp(`^${configKey}$`).test(value)) return []
  const says = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
  return [`${says} (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${configKey}')`]
}

/** Names of container and service target ports. */
export const portName: Check = (value) => [
  ...(value.length > 15 ? ['must be no more than 15 characters'] : []),
  ...(/^[-a-z0-9]+$/.test(value) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(value) ? [] : ['must contain at least one letter (a-z)']),
  ...(value.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(/^-|-$/.test(value) ? ['must not begin or end with a hyphen'] : []),
]

/** Names of environment variables: since 1.30 any printable ASCII but `=`. */
export const envVarName: Check = (value) =>
  /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

/** Names of HTTP headers in probes and hooks. */
export const httpHeaderName: Check = (value) =>
  /^[-A-Za-z0-9]+$/.test(value)
    ? []
    : [
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      ]

const underscored = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*'

const wildcard = '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'

/** Hosts of an Ingress for a whole domain. */
export const wildcardSubdomain: Check = (value) =>
  new RegExp(`^${wildcard}$`).test(value)
    ? []
    : [
        `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '${wildcard}')`,
      ]

/** Search domains, which may hold underscores. */
export const searchDomain: Check = (value) => [
  ...(value.length > 253 ? ['must be no more than 253 characters'] : []),
  ...(new RegExp(`^${underscored}$`).test(value)
    ? []
    : [
        `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${underscored}')`,
      ]),
]

const cidrSays = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** Blocks of addresses: `10.0.0.0/8`. */
export const cidr: Check = (value) => {
  const [address = '', bits = ''] = value.split('/')
  const version = isIP(address)
  return version !== 0 && /^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128) ? [] : [cidrSays]
}

/** Addresses that something outside the host may have. */
export const reachableAddress: Check = (value) => {
  if (!isIP(value)) return ['must be a valid IP address']
  if (/^(0\.0\.0\.0|::)$/.test(value)) return ['may not be unspecified (0.0.0.0 or ::)']
  if (/^127\.|^::1$/.test(value)) return ['may not be in the loopback range (127.0.0.0/8, ::1/128)']
  if (/^169\.254\.|^fe80:/i.test(value)) {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)']
  }
  if (/^224\.0\.0\.|^ff02:/i.test(value)) {
    return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']
  }
  return []
}

export const ipAddress: Check = (value) =>
  isIP(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']

/** A path inside a folder: neither absolute nor out of it. */
export const descendingPath: Check = (value) => [
  ...(value.startsWith('/') ? ['must be a relative path'] : []),
  ...noBacksteps(value),
]

export const noBacksteps: Check = (value) => (value.split('/').includes('..') ? ["must not contain '..'"] : [])

/** User and group ids. */
export const idRange = (value: number): string[] =>
  value >= 0 && value <= 2147483647 ? [] : ['must be between 0 and 2147483647, inclusive']
