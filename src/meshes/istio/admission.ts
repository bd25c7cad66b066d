/**
 * The DENY and ALLOW rules of a receiver, by what is left of them to ask: callers that no rule tells apart share what
 * their connections leave; below that are the methods that were asked for, and below those the paths. Wordless:
 * authorize.ts says the same with its reasons, and must agree.
 */
import type { Verdict } from '../verdict.ts'
import type { Asked, FieldTest } from './conditions.ts'
import { matchTests, narrow, type Settling, type Tables, type Tests } from './rbac.ts'

export interface Rules {
  deny: readonly Tests[]
  allow: readonly Tests[]
  /** Whether an ALLOW policy selects the workload. */
  restricts: boolean
  /** The outcome, when nothing is left to ask. */
  always?: 'allow' | 'deny'
  /** Some rule looks at headers, which the proxies may have changed. */
  looksAtHeaders: boolean
  /** What is left once one more thing is known, by its value. */
  below: Map<string, Rules>
}

/** For the HTTP or the TCP ports of a receiver. */
export interface Admission {
  rules: Rules
  /** What rules ask of connections. */
  conditions: readonly FieldTest[]
}

const allTests = ({ from, to, when }: Tests): FieldTest[] => [...from.flat(), ...to.flat(), ...when]

const isFree = ({ from, to, when }: Tests): boolean => from.length + to.length + when.length === 0

const outcomeUnasked = (deny: readonly Tests[], allow: readonly Tests[], restricts: boolean): Rules['always'] => {
  if (deny.some(isFree)) return 'deny'
  if (deny.length > 0) return undefined
  if (!restricts || allow.some(isFree)) return 'allow'
  return allow.length === 0 ? 'deny' : undefined
}

const settled = (always: 'allow' | 'deny'): Rules => ({
  deny: [],
  allow: [],
  restricts: false,
  always,
  looksAtHeaders: false,
  below: new Map(),
})
/** Most rules end in one of these: shared, they are always at hand. */
const leaves = { allow: settled('allow'), deny: settled('deny') }

const rulesOf = (deny: readonly Tests[], allow: readonly Tests[], restricts: boolean): Rules => {
  const always = outcomeUnasked(deny, allow, restricts)
  if (always !== undefined) return leaves[always]
  const free = allow.find(isFree)
  // One that is free admits whatever DENY leaves: the others need not be asked.
  const asked = free === undefined ? allow : [free]
  const looksAtHeaders = [...deny, ...asked].some((tests) =>
    allTests(tests).some(({ attribute }) => attribute.startsWith('request.headers')),
  )
  return { deny, allow: asked, restricts, always: undefined, looksAtHeaders, below: new Map() }
}

export const admissionOf = (tables: Tables, http: boolean): Admission => {
  const of = (entries: Tables['deny']): Tests[] => entries.flatMap((entry) => (http ? entry.http : entry.tcp) ?? [])
  const rules = rulesOf(of(tables.deny), of(tables.allow), tables.restricts)
  const conditions = [...rules.deny, ...rules.allow].flatMap(allTests).filter((test) => test.of === 'connection')
  return { rules, conditions }
}

/** More values of a method or path than these are not remembered: somebody may be making them up. */
const mostBelow = 64

/** What is left of the rules when that much more is known of what `asked` is about. */
export const grow = (rules: Rules, by: Settling, value: string, asked: Asked): Rules => {
  const left = (tests: readonly Tests[]): Tests[] => tests.flatMap((each) => narrow(each, by, asked) ?? [])
  const narrowed = rulesOf(left(rules.deny), left(rules.allow), rules.restricts)
  if (rules.below.size < mostBelow) rules.below.set(value, narrowed)
  return narrowed
}

/** What is left to ask of a connection like the one that `asked` is about. */
export const leftOf = ({ rules, conditions }: Admission, asked: Asked): Rules => {
  if (rules.always !== undefined) return rules
  let answers = ''
  for (const test of conditions) answers += test.matches(asked) ? '1' : '0'
  return rules.below.get(answers) ?? grow(rules, 'connection', answers, asked)
}

/** What is left of that for a method or path that was asked for before; undefined: it has to be grown. */
export const below = (rules: Rules, value: string): Rules | undefined => rules.below.get(value)

/** The outcome of Envoy's RBAC filters (see authorize.ts). */
export const outcomeOf = (rules: Rules, asked: Asked): Verdict['outcome'] => {
  let isOpen = false
  for (const tests of rules.deny) {
    const answer = matchTests(tests, asked)
    if (answer === 'yes') return 'deny'
    if (answer === 'unknown') isOpen = true
  }
  let best: 'yes' | 'no' | 'unknown' = rules.restricts ? 'no' : 'yes'
  for (const tests of rules.allow) {
    if (best === 'yes') break
    const answer = matchTests(tests, asked)
    if (answer !== 'no') best = answer
  }
  if (best === 'no') return 'deny'
  return isOpen || best === 'unknown' ? 'unknown' : 'allow'
}
