/** What names, labels and annotations may look like, with the texts of k8s.io/apimachinery/pkg/util/validation. */
import { randomInt } from 'node:crypto'
import type { Kind } from '../kinds/kind.ts'

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const dns1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValue = `(${qualified})?`

const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text)
/** Names count characters, labels bytes: two helpers upstream. */
const tooLongName = (limit: number): string => `must be no more than ${limit} characters`
const tooLong = (limit: number): string => `must be no more than ${limit} bytes`

const formats = {
  subdomain: {
    pattern: subdomain,
    limit: 253,
    says: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
  label: {
    pattern: label,
    limit: 63,
    says: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  dns1035: {
    pattern: dns1035,
    limit: 63,
    says: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${dns1035}')`,
  },
}

/** Everything that is wrong with a name; `prefix` for a generateName, which may end in a dash. */
export function nameProblems(name: string, format: NonNullable<Kind['nameFormat']>, prefix = false): string[] {
  if (format === 'path') {
    if (name === '.') return ["may not be '.'"]
    if (name === '..') return ["may not be '..'"]
    return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
  }
  const { pattern, limit, says } = formats[format]
  // A generated name continues after the prefix: what the prefix ends in does not matter.
  const text = prefix ? name.replace(/-$/, 'a') : name
  const dotted = () => format === 'label' && matches(subdomain, text)
  return [
    ...(text.length > limit ? [tooLongName(limit)] : []),
    ...(matches(pattern, text) ? [] : [dotted() ? 'must not contain dots' : says]),
  ]
}

/** Everything that is wrong with a label or annotation key (`example.com/name`). */
export function qualifiedNameProblems(key: string): string[] {
  const says = (what: string): string =>
    `${what} must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}')`
  const parts = key.split('/')
  const problems: string[] = []
  if (parts.length > 2)
    return [`${says('a valid label key')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  const name = parts.at(-1)!
  if (parts.length === 2) {
    const prefix = parts[0]!
    if (!prefix) problems.push('prefix part must be non-empty')
    else problems.push(...nameProblems(prefix, 'subdomain').map((problem) => `prefix part ${problem}`))
  }
  if (!name) problems.push('name part must be non-empty')
  else if (name.length > 63) problems.push(`name part ${tooLong(63)}`)
  if (!matches(qualified, name)) problems.push(says('name part'))
  return problems
}

export const labelValueProblems = (value: string): string[] => [
  ...(value.length > 63 ? [tooLong(63)] : []),
  ...(matches(labelValue, value)
    ? []
    : [
        `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`,
      ]),
]

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** The prefix (cut to 58 characters) and five characters of the alphabet that Kubernetes uses: no vowels, no words. */
export const generatedName = (prefix: string): string =>
  prefix.slice(0, 58) + Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('')
