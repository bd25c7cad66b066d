/**
 * What istiod makes of the AuthorizationPolicies of one workload: a table of named rules per action, in the order in
 * which Envoy asks them. Compiled once per workload, so that a decision depends on nothing but its own rules. Upstream:
 * pilot/pkg/security/authz/builder/{builder,extauthz}.go; envoy's RBAC engine keeps policies ordered by name.
 */
import type { AuthorizationPolicy, Rule } from './authorization-policy.ts'
import type { Asked, FieldTest } from './conditions.ts'
import { complaint, type ExtensionProvider } from './ext-authz/provider.ts'
import type { MeshConfig } from './mesh-config.ts'

/** The tests of a rule that are left on one kind of port. */
export interface Tests {
  from: FieldTest[][]
  to: FieldTest[][]
  when: FieldTest[]
}

/** A rule under the name by which Envoy knows it. A policy without rules has one entry that never matches. */
export interface Entry {
  policy: AuthorizationPolicy
  rule?: Rule
  id: string
  /** Undefined: dropped on such ports, so it never matches there. */
  http?: Tests
  tcp?: Tests
}

/** How the mesh treats a CUSTOM rule that matches: its provider is asked, cannot be used, or nobody knows. */
export type Custom = Entry & {
  provider: { kind: 'asks'; asked: ExtensionProvider } | { kind: 'broken'; says: string } | { kind: 'unread' }
}

export interface Tables {
  custom: Custom[]
  deny: Entry[]
  allow: Entry[]
  /** Whether an ALLOW policy selects the workload, even one that is dropped whole. */
  restricts: boolean
  /** Policies that select the workload and enforce nothing. */
  idle: AuthorizationPolicy[]
}

/** What a DENY rule keeps: values and fields that cannot be used are gone, and it gets wider. */
const kept = (tests: readonly FieldTest[], http: boolean): FieldTest[] =>
  tests.filter((test) => !test.empty && (http || !test.httpOnly))

/** The rule as Envoy gets it for HTTP or for TCP ports; undefined: it does not get it. */
const generate = (rule: Rule, allow: boolean, http: boolean): Tests | undefined => {
  if (rule.broken !== undefined) return undefined
  const every = [...rule.from, ...rule.to].flatMap((alternative) => alternative.tests).concat(rule.when)
  if (allow && every.some((test) => test.invalid !== undefined || (!http && test.httpOnly))) return undefined
  const left = (tests: FieldTest[]): FieldTest[] => (allow ? tests : kept(tests, http))
  return {
    from: rule.from.map((alternative) => left(alternative.tests)),
    to: rule.to.map((alternative) => left(alternative.tests)),
    when: left(rule.when),
  }
}

export const entriesOf = (policy: AuthorizationPolicy): Entry[] => {
  const { namespace = '', name } = policy.object.metadata
  const id = (index: number): string => `ns[${namespace}]-policy[${name}]-rule[${index}]`
  if (policy.rules.length === 0) return [{ policy, id: id(0) }]
  const allow = policy.action === 'ALLOW'
  return policy.rules.map((rule) => ({
    policy,
    rule,
    id: id(rule.index),
    http: generate(rule, allow, true),
    tcp: generate(rule, allow, false),
  }))
}

export const byId = (a: Entry, b: Entry): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** Whether a host of the registry is known; `namespace/host` or a host. */
export type Registry = (host: string) => boolean

const readCustom = (
  policies: readonly AuthorizationPolicy[],
  providers: MeshConfig['providers'],
  knows: Registry,
): Custom[] => {
  const names = [...new Set(policies.map((policy) => policy.provider ?? ''))].sort()
  return names.flatMap((name) => {
    const provider = providers === 'unread' ? undefined : providers.get(name)
    const isUnread = providers === 'unread' && names.length === 1
    const several = names.length > 1 ? `several providers (${names.join(', ')}) for one workload` : undefined
    const says = several ?? complaint(name, provider, knows)
    const prefix = `istio-ext-authz-${name === '' ? '' : `${name}-`}`
    return policies
      .filter((policy) => (policy.provider ?? '') === name)
      .flatMap(entriesOf)
      .map((entry): Custom => {
        const id = `${prefix}${entry.id}${says === undefined || isUnread ? '' : '-deny-due-to-bad-CUSTOM-action'}`
        if (isUnread) return { ...entry, id, provider: { kind: 'unread' } }
        if (says !== undefined || provider === undefined)
          return { ...entry, id, provider: { kind: 'broken', says: says ?? '' } }
        return { ...entry, id, provider: { kind: 'asks', asked: provider } }
      })
      .sort(byId)
  })
}

/** `policies` are those that select the workload, in any order. */
export const tablesOf = (
  policies: readonly AuthorizationPolicy[],
  providers: MeshConfig['providers'],
  knows: Registry,
): Tables => {
  const isIdle = (policy: AuthorizationPolicy): boolean => policy.targeted || policy.dryRun || policy.action === 'AUDIT'
  const enforced = policies.filter((policy) => !isIdle(policy))
  const of = (action: AuthorizationPolicy['action']): AuthorizationPolicy[] =>
    enforced.filter((policy) => policy.action === action)
  return {
    custom: readCustom(of('CUSTOM'), providers, knows),
    deny: of('DENY').flatMap(entriesOf).sort(byId),
    allow: of('ALLOW').flatMap(entriesOf).sort(byId),
    restricts: of('ALLOW').length > 0,
    idle: policies.filter(isIdle),
  }
}

export type Match = 'yes' | 'no' | 'unknown'

/** All must hold; one that cannot be decided leaves the whole undecided unless another fails. */
const all = (tests: readonly FieldTest[], asked: Asked): Match => {
  let match: Match = 'yes'
  for (const test of tests) {
    if (test.unmodelled) match = 'unknown'
    else if (test.matches(asked) === test.negated) return 'no'
  }
  return match
}

/** One must hold; none at all is anything. */
const any = (alternatives: readonly FieldTest[][], asked: Asked): Match => {
  if (alternatives.length === 0) return 'yes'
  let match: Match = 'no'
  for (const tests of alternatives) {
    const each = all(tests, asked)
    if (each === 'yes') return 'yes'
    if (each === 'unknown') match = 'unknown'
  }
  return match
}

/** Whether an entry matches the call. No words: this is what every decision costs. */
export const matchEntry = (entry: Entry, asked: Asked): Match => {
  const tests = asked.http === undefined ? entry.tcp : entry.http
  return tests === undefined ? 'no' : matchTests(tests, asked)
}

export const matchTests = (tests: Tests, asked: Asked): Match => {
  const from = any(tests.from, asked)
  if (from === 'no') return 'no'
  const to = any(tests.to, asked)
  if (to === 'no') return 'no'
  const when = all(tests.when, asked)
  if (when === 'no') return 'no'
  return from === 'yes' && to === 'yes' && when === 'yes' ? 'yes' : 'unknown'
}

/** What settles the tests that depend on it alone. */
export type Settling = NonNullable<FieldTest['of']>

/** Without the tests that are settled; undefined: one of them fails. */
const settle = (tests: readonly FieldTest[], by: Settling, asked: Asked): FieldTest[] | undefined => {
  const left: FieldTest[] = []
  for (const test of tests) {
    if (test.of !== by) left.push(test)
    else if (test.matches(asked) === test.negated) return undefined
  }
  return left
}

const settleAny = (alternatives: readonly FieldTest[][], by: Settling, asked: Asked): FieldTest[][] | undefined => {
  if (alternatives.length === 0) return []
  const left: FieldTest[][] = []
  for (const tests of alternatives) {
    const rest = settle(tests, by, asked)
    if (rest?.length === 0) return []
    if (rest !== undefined) left.push(rest)
  }
  return left.length === 0 ? undefined : left
}

/** What is left of a rule to ask once that much is known; undefined: it matches no more. */
export const narrow = (tests: Tests, by: Settling, asked: Asked): Tests | undefined => {
  const from = settleAny(tests.from, by, asked)
  const to = from && settleAny(tests.to, by, asked)
  const when = to && settle(tests.when, by, asked)
  return from && to && when ? { from, to, when } : undefined
}
