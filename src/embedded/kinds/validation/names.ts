/** The formats of names inside specs, each a function from a value to what is wrong with it (apimachinery's util/validation). */
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
  if (value.length > 253) return ['must be no more than 253 bytes']
  if (new RegExp(`^${configKey}$`).test(value)) return []
  const says = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
  return [`${says} (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${configKey}')`]
}

/** Names of container and service target ports. */
export const portName: Check = (value) => [
  ...(value.length > 15 ? ['must be no more than 15 bytes'] : []),
  ...(/^[-a-z0-9]*$/.test(value) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(value) ? [] : ['must contain at least one letter (a-z)']),
  ...(value.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(/^-|-$/.test(value) ? ['must not begin or end with a hyphen'] : []),
]

/** Names of environment variables: since 1.30 any printable ASCII but `=`. */
export const envVarName: Check = (value) =>
  /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
