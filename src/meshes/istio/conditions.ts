/**
 * The single questions that rules are made of: one field with its values, or its `not` twin. Compiled once into a
 * function of what the receiver's sidecar knows of a call (`Asked`).
 */
import { addressRange } from '../match/cidr.ts'
import { pathPattern } from '../match/paths.ts'
import { namespacePattern, principalPattern, serviceAccountPattern, trustDomainPattern } from '../match/spiffe.ts'
import { stringPattern } from '../match/strings.ts'
import { fields, list, text, texts } from './read.ts'

/** What the receiver's sidecar knows when it asks the rules. */
export interface Asked {
  /** SPIFFE URI of the client certificate; absent over plaintext. */
  identity?: string
  peerAddress: string
  /** The last X-Forwarded-For entry, which the caller controls, else the peer address. */
  remoteAddress: string
  destinationAddress: string
  /** Container port. */
  port: number
  /** Server name of the TLS hello; empty over plaintext. */
  sni: string
  http?: {
    method: string
    /** Normalized, without query. */
    path: string
    authority: string
    /** Values of a header, one per line, after the proxies' own changes. */
    header: (name: string) => readonly string[]
  }
}

type Test = (asked: Asked) => boolean

export interface FieldTest {
  /** Below the rule: `from[0].source.principals`. */
  path: string
  /** For sentences: `principals`, `request.headers[x-token]`. */
  attribute: string
  values: string[]
  negated: boolean
  /** Meaningless on a port without HTTP. */
  httpOnly: boolean
  /** Whether one of the values matches (before negation). */
  matches: Test
  /** What the call has, for sentences. */
  seen: (asked: Asked) => string
  /** A value istiod cannot use: an ALLOW rule with it is dropped, a DENY rule loses only the value. */
  invalid?: string
  unmodelled?: boolean
  /** Every value was unusable: in a DENY rule the test is as good as absent. */
  empty: boolean
}

interface Attribute {
  httpOnly: boolean
  /** Undefined: the value cannot be used. */
  compile: (value: string, home: string, trustDomain: string) => Test | undefined
  seen: (asked: Asked) => string
  unmodelled?: boolean
}

const identityTest =
  (pattern: (identity: string) => boolean): Test =>
  ({ identity }) =>
    identity !== undefined && pattern(identity)

const seenIdentity = ({ identity }: Asked): string => identity?.replace('spiffe://', '') ?? 'no client certificate'

/** `cluster.local` in a principal means the mesh's own trust domain, whatever its name. */
const localPrincipal = (value: string, trustDomain: string): string =>
  value.startsWith('cluster.local/') ? `${trustDomain}${value.slice('cluster.local'.length)}` : value

const address = (pick: (asked: Asked) => string): Attribute => ({
  httpOnly: false,
  compile: (value) => {
    const inRange = addressRange(value)
    return inRange && ((asked) => inRange(pick(asked)))
  },
  seen: pick,
})

const claims: Attribute = {
  // Without a token that a RequestAuthentication accepted there are no claims, and a call with one is not decided at all.
  httpOnly: true,
  compile: () => () => false,
  seen: () => 'no validated token',
}

const attributes = {
  principals: {
    httpOnly: false,
    compile: (value, _home, trustDomain) => identityTest(principalPattern(localPrincipal(value, trustDomain))),
    seen: seenIdentity,
  },
  namespaces: { httpOnly: false, compile: (value) => identityTest(namespacePattern(value)), seen: seenIdentity },
  serviceAccounts: {
    httpOnly: false,
    compile: (value, home) => identityTest(serviceAccountPattern(value, home)),
    seen: seenIdentity,
  },
  trustDomains: { httpOnly: false, compile: (value) => identityTest(trustDomainPattern(value)), seen: seenIdentity },
  ipBlocks: address((asked) => asked.peerAddress),
  remoteIpBlocks: address((asked) => asked.remoteAddress),
  requestPrincipals: claims,
  hosts: {
    httpOnly: true,
    compile: (value) => {
      const matches = stringPattern(value, true)
      return ({ http }) => http !== undefined && matches(http.authority)
    },
    seen: ({ http }) => http?.authority ?? '',
  },
  methods: {
    httpOnly: true,
    compile: (value) => {
      const matches = stringPattern(value)
      return ({ http }) => http !== undefined && matches(http.method)
    },
    seen: ({ http }) => http?.method ?? '',
  },
  paths: {
    httpOnly: true,
    compile: (value) => {
      const matches = pathPattern(value)
      return ({ http }) => http !== undefined && matches(http.path)
    },
    seen: ({ http }) => http?.path ?? '',
  },
  ports: {
    httpOnly: false,
    compile: (value) => {
      const wanted = /^\d+$/.test(value) ? Number(value) : Number.NaN
      return wanted <= 65535 ? ({ port }) => port === wanted : undefined
    },
    seen: ({ port }) => String(port),
  },
  destinationIp: address((asked) => asked.destinationAddress),
  sni: {
    httpOnly: false,
    compile: (value) => {
      const matches = stringPattern(value)
      return ({ sni }) => matches(sni)
    },
    seen: ({ sni }) => sni || 'no server name',
  },
} satisfies Record<string, Attribute>

const headerAttribute = (name: string): Attribute => ({
  httpOnly: true,
  compile: (value) => {
    // Presence is enough for `*`, even of an empty value.
    const matches = value === '*' ? () => true : stringPattern(value)
    return ({ http }) => (http?.header(name) ?? []).some(matches)
  },
  seen: ({ http }) => http?.header(name).join(', ') || 'absent',
})

const unmodelled: Attribute = { httpOnly: false, compile: () => () => false, seen: () => '?', unmodelled: true }

const makeTest = (
  attribute: Attribute,
  about: { path: string; name: string; negated: boolean; home: string; trustDomain: string },
  values: string[],
): FieldTest => {
  const usable: Test[] = []
  let invalid: string | undefined
  for (const value of values) {
    const test = attribute.compile(value, about.home, about.trustDomain)
    if (test === undefined) invalid = `${JSON.stringify(value)} is not a valid value of ${about.name}`
    else usable.push(test)
  }
  return {
    path: about.path,
    attribute: about.name,
    values,
    negated: about.negated,
    httpOnly: attribute.httpOnly,
    matches: (asked) => usable.some((test) => test(asked)),
    seen: attribute.seen,
    empty: usable.length === 0,
    ...(invalid === undefined ? {} : { invalid }),
    ...(attribute.unmodelled ? { unmodelled: true } : {}),
  }
}

/** The order is Istio's own: it does not change the outcome, only which mismatch is told first. */
const fieldTests = (
  value: unknown,
  path: string,
  names: readonly (keyof typeof attributes)[],
  home: string,
  trustDomain: string,
): FieldTest[] => {
  const given = fields(value)
  return names.flatMap((name) => {
    const twin = `not${name[0]?.toUpperCase()}${name.slice(1)}`
    return [name, twin].flatMap((field) => {
      const values = texts(given[field])
      const about = { path: `${path}.${field}`, name: field, negated: field === twin, home, trustDomain }
      return values.length === 0 ? [] : [makeTest(attributes[name], about, values)]
    })
  })
}

const sourceFields = [
  'principals',
  'requestPrincipals',
  'serviceAccounts',
  'trustDomains',
  'namespaces',
  'remoteIpBlocks',
  'ipBlocks',
] as const

export const sourceTests = (source: unknown, path: string, home: string, trustDomain: string): FieldTest[] =>
  fieldTests(source, path, sourceFields, home, trustDomain)

export const operationTests = (operation: unknown, path: string): FieldTest[] =>
  fieldTests(operation, path, ['hosts', 'methods', 'paths', 'ports'], '', '')

const conditions: Record<string, Attribute> = {
  'source.ip': attributes.ipBlocks,
  'remote.ip': attributes.remoteIpBlocks,
  'source.namespace': attributes.namespaces,
  'source.serviceAccount': attributes.serviceAccounts,
  'source.trustDomain': attributes.trustDomains,
  'source.principal': attributes.principals,
  'request.auth.principal': claims,
  'request.auth.audiences': claims,
  'request.auth.presenter': claims,
  'destination.ip': attributes.destinationIp,
  'destination.port': attributes.ports,
  'connection.sni': attributes.sni,
}

const conditionAttribute = (key: string): Attribute | undefined => {
  if (Object.hasOwn(conditions, key)) return conditions[key]
  const header = /^request\.headers\[(.*)\]$/s.exec(key)?.[1]
  if (header !== undefined) return headerAttribute(header.toLowerCase())
  if (key.startsWith('request.auth.claims[')) return claims
  return key.startsWith('experimental.envoy.filters.') ? unmodelled : undefined
}

/** One entry of `when`: its `values` and its `notValues`, both of which must agree. */
export const conditionTests = (
  value: unknown,
  path: string,
  home: string,
  trustDomain: string,
): { path: string; tests: FieldTest[]; unknownAttribute?: string } => {
  const condition = fields(value)
  const key = text(condition.key) ?? ''
  const attribute = conditionAttribute(key)
  if (attribute === undefined) return { path, tests: [], unknownAttribute: key }
  const tests = (['values', 'notValues'] as const).flatMap((field) => {
    const values = texts(list(condition[field]))
    const about = { path: `${path}.${field}`, name: key, negated: field === 'notValues', home, trustDomain }
    return values.length === 0 ? [] : [makeTest(attribute, about, values)]
  })
  return { path, tests }
}
