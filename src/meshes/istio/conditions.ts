/**
 * The single questions that rules are made of: one field with its values, or its `not` twin. Compiled once into a
 * function of what the receiver's sidecar knows of a call (`Asked`).
 */
import { addressRange } from '../match/cidr.ts'
import { pathPattern } from '../match/paths.ts'
import { namespacePattern, principalPattern, serviceAccountPattern, trustDomainPattern } from '../match/spiffe.ts'
import { stringPattern } from '../match/strings.ts'
import type { Asked, Attribute, Surroundings, Test } from './attribute.ts'
import { claimAttribute, claimPath, principalOfToken } from './claims.ts'
import { fields, list, text, texts } from './read.ts'
import { aliasPrincipals, aliasTrustDomains } from './trust-domains.ts'

export type { Asked, Surroundings } from './attribute.ts'

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
  /** What alone it depends on; see Attribute. */
  of?: Attribute['of']
  /** Every value was unusable: in a DENY rule the test is as good as absent. */
  empty: boolean
}

const identityTest =
  (pattern: (identity: string) => boolean): Test =>
  ({ identity }) =>
    identity !== undefined && pattern(identity)

const seenIdentity = ({ identity }: Asked): string => identity?.replace('spiffe://', '') ?? 'no client certificate'

const address = (pick: (asked: Asked) => string): Attribute => ({
  httpOnly: false,
  compile: (value) => {
    const inRange = addressRange(value)
    return inRange && ((asked) => inRange(pick(asked)))
  },
  seen: pick,
})

const attributes = {
  principals: {
    httpOnly: false,
    of: 'connection',
    compile: (value, { trustDomains }) => {
      const patterns = aliasPrincipals(value, trustDomains).map(principalPattern)
      return identityTest((identity) => patterns.some((matches) => matches(identity)))
    },
    seen: seenIdentity,
  },
  namespaces: {
    httpOnly: false,
    of: 'connection',
    compile: (value) => identityTest(namespacePattern(value)),
    seen: seenIdentity,
  },
  serviceAccounts: {
    httpOnly: false,
    of: 'connection',
    compile: (value, { home }) => identityTest(serviceAccountPattern(value, home)),
    seen: seenIdentity,
  },
  trustDomains: {
    httpOnly: false,
    of: 'connection',
    compile: (value, { trustDomains }) => {
      const patterns = aliasTrustDomains(value, trustDomains).map(trustDomainPattern)
      return identityTest((identity) => patterns.some((matches) => matches(identity)))
    },
    seen: seenIdentity,
  },
  ipBlocks: { ...address((asked) => asked.peerAddress), of: 'connection' },
  remoteIpBlocks: address((asked) => asked.remoteAddress),
  requestPrincipals: principalOfToken,
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
    of: 'method',
    compile: (value) => {
      const matches = stringPattern(value)
      return ({ http }) => http !== undefined && matches(http.method)
    },
    seen: ({ http }) => http?.method ?? '',
  },
  paths: {
    httpOnly: true,
    of: 'path',
    compile: (value) => {
      const matches = pathPattern(value)
      return ({ http }) => http !== undefined && matches(http.path)
    },
    seen: ({ http }) => http?.path ?? '',
  },
  ports: {
    httpOnly: false,
    of: 'connection',
    compile: (value) => {
      const wanted = /^\d+$/.test(value) ? Number(value) : Number.NaN
      return wanted <= 65535 ? ({ port }) => port === wanted : undefined
    },
    seen: ({ port }) => String(port),
  },
  destinationIp: { ...address((asked) => asked.destinationAddress), of: 'connection' },
  sni: {
    httpOnly: false,
    of: 'connection',
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
  about: Surroundings & { path: string; name: string; negated: boolean },
  values: string[],
): FieldTest => {
  const usable: Test[] = []
  let invalid: string | undefined
  for (const value of values) {
    const test = attribute.compile(value, about)
    if (test === undefined) invalid = `${JSON.stringify(value)} is not a valid value of ${about.name}`
    else usable.push(test)
  }
  return {
    path: about.path,
    attribute: about.name,
    values,
    negated: about.negated,
    httpOnly: attribute.httpOnly,
    matches: (usable.length === 1 && usable[0]) || ((asked) => usable.some((test) => test(asked))),
    seen: attribute.seen,
    empty: usable.length === 0,
    ...(invalid === undefined ? {} : { invalid }),
    ...(attribute.of ? { of: attribute.of } : {}),
    ...(attribute.unmodelled ? { unmodelled: true } : {}),
  }
}

/** The order is Istio's own: it does not change the outcome, only which mismatch is told first. */
const fieldTests = (
  value: unknown,
  path: string,
  names: readonly (keyof typeof attributes)[],
  around: Surroundings,
): FieldTest[] => {
  const given = fields(value)
  return names.flatMap((name) => {
    const twin = `not${name[0]?.toUpperCase()}${name.slice(1)}`
    return [name, twin].flatMap((field) => {
      const values = texts(given[field])
      const about = { ...around, path: `${path}.${field}`, name: field, negated: field === twin }
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

export const sourceTests = (source: unknown, path: string, around: Surroundings): FieldTest[] =>
  fieldTests(source, path, sourceFields, around)

export const operationTests = (operation: unknown, path: string): FieldTest[] =>
  fieldTests(operation, path, ['hosts', 'methods', 'paths', 'ports'], { home: '', trustDomains: [] })

const conditions: Record<string, Attribute> = {
  'source.ip': attributes.ipBlocks,
  'remote.ip': attributes.remoteIpBlocks,
  'source.namespace': attributes.namespaces,
  'source.serviceAccount': attributes.serviceAccounts,
  'source.trustDomain': attributes.trustDomains,
  'source.principal': attributes.principals,
  'request.auth.principal': principalOfToken,
  'request.auth.audiences': claimAttribute(['aud']),
  'request.auth.presenter': claimAttribute(['azp']),
  'destination.ip': attributes.destinationIp,
  'destination.port': attributes.ports,
  'connection.sni': attributes.sni,
}

/** An attribute whose name has the wrong form: no value of it can be used. */
const malformed: Attribute = { httpOnly: true, compile: () => undefined, seen: () => '?' }

const conditionAttribute = (key: string): Attribute | undefined => {
  if (Object.hasOwn(conditions, key)) return conditions[key]
  if (key.startsWith('request.headers')) {
    const header = /^request\.headers\[(.*)\]$/s.exec(key)?.[1]
    return header === undefined ? malformed : headerAttribute(header.toLowerCase())
  }
  if (key.startsWith('request.auth.claims')) {
    const path = claimPath(key.slice('request.auth.claims'.length))
    return path === undefined ? malformed : claimAttribute(path)
  }
  return key.startsWith('experimental.envoy.filters.') ? unmodelled : undefined
}

/** One entry of `when`: its `values` and its `notValues`, both of which must agree. */
export const conditionTests = (
  value: unknown,
  path: string,
  around: Surroundings,
): { path: string; tests: FieldTest[]; unknownAttribute?: string } => {
  const condition = fields(value)
  const key = text(condition.key) ?? ''
  const attribute = conditionAttribute(key)
  if (attribute === undefined) return { path, tests: [], unknownAttribute: key }
  const tests = (['values', 'notValues'] as const).flatMap((field) => {
    const values = texts(list(condition[field]))
    const about = { ...around, path: `${path}.${field}`, name: key, negated: field === 'notValues' }
    return values.length === 0 ? [] : [makeTest(attribute, about, values)]
  })
  return { path, tests }
}
