/** The name formats of the API, each a function from a value to what is wrong with it. Follows apimachinery's util/validation. */

const explain = (says: string, regex: string, ...examples: string[]): string => {
  const shown = examples.length === 0 ? '' : `e.g. ${examples.map((example) => `'${example}'`).join(',  or ')}, `
  return `${says} (${shown}regex used for validation is '${regex}')`
}

const matches = (regex: string, value: string): boolean => new RegExp(`^(?:${regex})$`).test(value)
const tooLong = (most: number): string => `must be no more than ${most} bytes`

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const dns1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValue = `(${qualifiedPart})?`
const configKey = '[-._a-zA-Z0-9]+'

type Check = (value: string) => string[]

const check =
  (regex: string, most: number, says: string, ...examples: string[]): Check =>
  (value) => [
    ...(value.length > most ? [tooLong(most)] : []),
    ...(matches(regex, value) ? [] : [explain(says, regex, ...examples)]),
  ]

/** DNS label: namespaces, containers, volumes. */
export const dnsLabel: Check = check(
  label,
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  'my-name',
  '123-abc',
)

/** DNS subdomain: most objects. */
export const dnsSubdomain: Check = check(
  subdomain,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  'example.com',
)

/** RFC 1035 label: Services. */
export const dns1035Label: Check = check(
  dns1035,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
)

/** RBAC names: anything that fits in a URL path segment. */
export const pathSegment: Check = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}

export const labelValueFormat: Check = check(
  labelValue,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  'MyValue',
  'my_value',
  '12345',
)

const qualifiedSays =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const qualifiedExamples = ['MyName', 'my.name', '123-abc']

/** Keys of labels and annotations, finalizers: `name` or `prefix.example.com/name`. */
export const qualifiedName: Check = (value) => {
  const parts = value.split('/')
  if (parts.length > 2) {
    const says = explain(`a qualified name ${qualifiedSays}`, qualifiedPart, ...qualifiedExamples)
    return [`${says} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const name = parts.at(-1) ?? ''
  const problems: string[] = []
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (prefix === '') problems.push('prefix part must be non-empty')
    else problems.push(...dnsSubdomain(prefix).map((says) => `prefix part ${says}`))
  }
  if (name === '') problems.push('name part must be non-empty')
  else if (name.length > 63) problems.push(`name part ${tooLong(63)}`)
  if (!matches(qualifiedPart, name)) {
    problems.push(`name part ${explain(qualifiedSays, qualifiedPart, ...qualifiedExamples)}`)
  }
  return problems
}

/** Keys of ConfigMaps and Secrets. */
export const configMapKey: Check = (value) => {
  if (value === '.' || value === '..') return [`must not be '${value}'`]
  return check(
    configKey,
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    'key.name',
    'KEY_NAME',
    'key-name',
  )(value)
}

/** Names of container and service target ports. */
export const portName: Check = (value) => {
  const problems: string[] = []
  if (value.length > 15) problems.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]*$/.test(value))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)')
  if (value.includes('--')) problems.push('must not contain consecutive hyphens')
  if (/^-|-$/.test(value)) problems.push('must not begin or end with a hyphen')
  return problems
}

/** Names of environment variables: since 1.30 any printable ASCII but `=`. */
export const envVarName: Check = (value) =>
  /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
