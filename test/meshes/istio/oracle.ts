/**
 * A slow, literal reading of Istio's documents, as the judge of the compiled tables. It shares no code with the engine
 * and knows neither tables nor caches: each question goes through all policies again. Read from
 * istio.io/latest/docs/reference/config/security/{authorization-policy,conditions,peer_authentication} and
 * docs/tasks/security/authorization/authz-tcp; where they are silent, from the upstream sources named beside.
 */
import type { KubeObject } from '../../../src/kube/api.ts'

/** What is known of a request, in the documents' own words. */
export interface Question {
  source: { namespace: string; serviceAccount: string; ip: string; sidecar: boolean }
  destination: { namespace: string; labels: Record<string, string>; ip: string; port: number }
  http?: { method: string; path: string; host: string; headers: [string, string][] }
  /** Claims of an accepted token. */
  claims?: Record<string, unknown>
}

export type Answer = 'allowed' | 'denied' | 'refused'

type Values = Record<string, string[] | undefined>
interface Rule {
  from?: { source: Values }[]
  to?: { operation: Values }[]
  when?: { key: string; values?: string[]; notValues?: string[] }[]
}
interface Spec {
  action?: string
  selector?: { matchLabels?: Record<string, string> }
  rules?: Rule[]
}

const root = 'istio-system'

/** "Exact match: abc; prefix match: abc*; suffix match: *abc; presence match: * matches when value is not empty." */
const match = (pattern: string, value: string): boolean => {
  if (pattern === '*') return value !== ''
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1))
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1))
  return value === pattern
}

const bits = (ip: string): string =>
  ip
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')

/** "Single IP (e.g. 1.2.3.4) and CIDR (e.g. 1.2.3.0/24) are supported." */
const inBlock = (block: string, ip: string): boolean => {
  const [base = '', length = '32'] = block.split('/')
  return bits(base).slice(0, Number(length)) === bits(ip).slice(0, Number(length))
}

/** "{*} matches a single glob, {**} zero or more globs and must be the last operator." Characters as in RFC 3986. */
const matchTemplate = (template: string, path: string): boolean => {
  const here = template.split('/')
  const there = path.split('/')
  for (const [index, segment] of here.entries()) {
    if (segment === '{**}') {
      const tail = here.slice(index + 1)
      const rest = there.slice(index)
      return tail.length === 0 || matchTail(tail, rest)
    }
    if (there[index] === undefined) return false
    if (segment === '{*}' ? there[index] === '' : segment !== there[index]) return false
  }
  return here.length === there.length
}
const matchTail = (tail: string[], rest: string[]): boolean =>
  rest.length > tail.length && rest.slice(-tail.length).join('/') === tail.join('/')

const principalOf = ({ source }: Question): string => `cluster.local/ns/${source.namespace}/sa/${source.serviceAccount}`

/** HTTP only: "requestPrincipals, hosts, methods, paths, request.headers, request.auth.*" */
const isHttpOnly = (key: string): boolean =>
  ['requestPrincipals', 'hosts', 'methods', 'paths'].includes(key) || key.startsWith('request.')

const claim = (question: Question, names: string[]): unknown =>
  names.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], question.claims)

/** Whether one value of a field or condition holds. Identities need mTLS: `mtls` says whether there is any. */
const holds = (key: string, value: string, question: Question, mtls: boolean, home: string): boolean => {
  const { source, destination, http, claims } = question
  switch (key) {
    case 'principals':
    case 'source.principal':
      return mtls && match(value, principalOf(question))
    case 'namespaces':
    case 'source.namespace':
      // pilot/pkg/security/authz/model/generator.go: a star stands for anything, anywhere.
      return mtls && new RegExp(`^${value.replaceAll('*', '.*')}$`).test(source.namespace)
    case 'serviceAccounts':
    case 'source.serviceAccount': {
      const [first = '', second] = value.split('/')
      const [namespace, account] = second === undefined ? [home, first] : [first, second]
      return mtls && source.namespace === namespace && source.serviceAccount === account
    }
    case 'ipBlocks':
    case 'source.ip':
      return inBlock(value, source.ip)
    case 'remoteIpBlocks':
    case 'remote.ip': {
      const forwarded = http?.headers.findLast(([name]) => name === 'x-forwarded-for')?.[1]
      return inBlock(value, forwarded?.split(',').at(-1)?.trim() ?? source.ip)
    }
    case 'requestPrincipals':
    case 'request.auth.principal': {
      const { iss, sub } = claims ?? {}
      if (typeof iss !== 'string' || typeof sub !== 'string' || iss === '' || sub === '') return false
      return match(value, `${iss}/${sub}`)
    }
    case 'hosts':
      return match(value.toLowerCase(), http?.host.toLowerCase() ?? '')
    case 'methods':
      return match(value, http?.method ?? '')
    case 'paths': {
      const path = http?.path.split('?')[0] ?? ''
      return value.includes('{') ? matchTemplate(value, path) : match(value, path)
    }
    case 'ports':
    case 'destination.port':
      return destination.port === Number(value)
    case 'destination.ip':
      return inBlock(value, destination.ip)
    default: {
      const header = /^request\.headers\[(.*)\]$/.exec(key)?.[1]
      if (header !== undefined) {
        const lines = (http?.headers ?? []).filter(([name]) => name === header)
        return lines.some(([, each]) => value === '*' || match(value, each))
      }
      const names = [...key.matchAll(/\[([^\]]*)\]/g)].map((each) => each[1] ?? '')
      const found = claim(question, names)
      return [found].flat().some((each) => typeof each === 'string' && match(value, each))
    }
  }
}

interface Line {
  key: string
  negative: boolean
  values: string[]
}

const linesOf = (given: Values): Line[] =>
  Object.entries(given).flatMap(([field, values]): Line[] => {
    if (values === undefined || values.length === 0) return []
    const negative = /^not[A-Z]/.test(field)
    const key = negative ? `${field[3]?.toLowerCase()}${field.slice(4)}` : field
    return [{ key, negative, values }]
  })

const whenLines = (rule: Rule): Line[] =>
  (rule.when ?? []).flatMap(({ key, values, notValues }) => [
    ...(values === undefined || values.length === 0 ? [] : [{ key, negative: false, values }]),
    ...(notValues === undefined || notValues.length === 0 ? [] : [{ key, negative: true, values: notValues }]),
  ])

/** "A match occurs when at least one source, one operation and all conditions match the request." */
const ruleMatches = (rule: Rule, action: string, question: Question, mtls: boolean, home: string): boolean => {
  const sources = (rule.from ?? []).map(({ source }) => linesOf(source))
  const operations = (rule.to ?? []).map(({ operation }) => linesOf(operation))
  const conditions = whenLines(rule)
  const tcp = question.http === undefined
  // authz-tcp: an ALLOW rule with HTTP-only fields is ignored on TCP, a DENY rule only loses those fields.
  if (tcp && action === 'ALLOW' && [...sources, ...operations, conditions].flat().some(({ key }) => isHttpOnly(key)))
    return false
  const all = (lines: Line[]): boolean =>
    lines
      .filter(({ key }) => !tcp || !isHttpOnly(key))
      .every(
        ({ key, negative, values }) => values.some((value) => holds(key, value, question, mtls, home)) !== negative,
      )
  return (
    (sources.length === 0 || sources.some(all)) && (operations.length === 0 || operations.some(all)) && all(conditions)
  )
}

const selects = (spec: Spec, labels: Record<string, string>): boolean =>
  Object.entries(spec.selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value)

const specOf = (object: KubeObject): Spec => (object.spec ?? {}) as Spec

/** "If there are any DENY policies that match the request, deny. If there are no ALLOW policies for the workload, allow.
 * If any of the ALLOW policies match, allow. Deny the request." */
const authorized = (objects: readonly KubeObject[], question: Question, mtls: boolean): boolean => {
  const policies = objects.filter(
    ({ kind, metadata, ...object }) =>
      kind === 'AuthorizationPolicy' &&
      [root, question.destination.namespace].includes(metadata.namespace ?? '') &&
      selects(object.spec as Spec, question.destination.labels) &&
      metadata.annotations?.['istio.io/dry-run'] !== 'true',
  )
  const matches = (policy: KubeObject, action: string): boolean =>
    (specOf(policy).rules ?? []).some((rule) =>
      ruleMatches(rule, action, question, mtls, policy.metadata.namespace ?? ''),
    )
  const of = (action: string): KubeObject[] => policies.filter((each) => (specOf(each).action ?? 'ALLOW') === action)
  if (of('DENY').some((policy) => matches(policy, 'DENY'))) return false
  if (of('ALLOW').length === 0) return true
  return of('ALLOW').some((policy) => matches(policy, 'ALLOW'))
}

/** The oldest of a level, by time and then name. */
const oldest = (policies: KubeObject[]): KubeObject | undefined => {
  const key = ({ metadata }: KubeObject): string => `${metadata.creationTimestamp} ${metadata.name}`
  return policies.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))[0]
}

const set = (mode: string | undefined): string | undefined => (mode === 'UNSET' ? undefined : mode)

/** "Mesh, namespace, workload: the more specific wins; UNSET inherits from the parent; port-level by workload port." */
const modes = (
  objects: readonly KubeObject[],
  namespace: string,
  labels: Record<string, string>,
  port: number,
): { wide: string; own: string } => {
  interface Peer {
    selector?: { matchLabels?: Record<string, string> }
    mtls?: { mode?: string }
    portLevelMtls?: Record<string, { mode?: string }>
  }
  const peers = objects.filter(({ kind }) => kind === 'PeerAuthentication')
  const spec = (object: KubeObject | undefined): Peer => (object?.spec ?? {}) as Peer
  const isWide = (object: KubeObject): boolean => Object.keys(spec(object).selector?.matchLabels ?? {}).length === 0
  const level = (where: string, wide: boolean): Peer =>
    spec(
      oldest(
        peers.filter(
          (each) => each.metadata.namespace === where && isWide(each) === wide && selects(spec(each) as Spec, labels),
        ),
      ),
    )
  const mesh = set(level(root, true).mtls?.mode) ?? 'PERMISSIVE'
  const wide = namespace === root ? mesh : (set(level(namespace, true).mtls?.mode) ?? mesh)
  if (namespace === root) return { wide, own: wide }
  const workload = level(namespace, false)
  const mode = set(workload.mtls?.mode) ?? wide
  return { wide, own: set(workload.portLevelMtls?.[port]?.mode) ?? mode }
}

/** What happens to a call to a workload that has a sidecar. */
export const judge = (objects: readonly KubeObject[], question: Question): Answer => {
  const { namespace, labels, port } = question.destination
  const { wide, own } = modes(objects, namespace, labels, port)
  // Automatic mTLS: a sidecar uses it unless the namespace, or the workload, has it disabled.
  const mtls = question.source.sidecar && wide !== 'DISABLE' && own !== 'DISABLE'
  if (!mtls && own === 'STRICT') return 'refused'
  return authorized(objects, question, mtls) ? 'allowed' : 'denied'
}
