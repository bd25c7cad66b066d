/**
 * Why a rule of an AuthorizationPolicy did or did not match, in the mesh's own terms: the field that failed, and among
 * several misses the nearest. Asked only when somebody wants to read it.
 */
import type { Evidence, Step } from '../verdict.ts'
import type { AuthorizationPolicy, Rule } from './authorization-policy.ts'
import type { Asked, FieldTest } from './conditions.ts'
import type { Entry } from './rbac.ts'
import { nameOf, refOf } from './read.ts'

type Answer =
  | { match: 'yes' }
  | { match: 'no'; field?: string; says: string; held: number }
  | { match: 'unknown'; field: string; says: string }

const listed = (values: readonly string[]): string => (values.length === 1 ? `${values[0]}` : `[${values.join(', ')}]`)

/** What attributes say where the request has nothing of the kind. */
const absences = new Set(['no client certificate', 'no validated token', 'no such claim', 'no server name'])

const mismatch = (test: FieldTest, asked: Asked): string => {
  const seen = test.seen(asked)
  const wanted = `${test.attribute} ${listed(test.values)}`
  if (absences.has(seen)) return `${wanted} is asked for, and there is ${seen}`
  return `${wanted} ${test.negated ? 'excludes' : 'does not include'} ${seen}`
}

/** All tests must hold; `held` counts how far it got, to find the nearest miss. */
const askAll = (tests: readonly FieldTest[], asked: Asked): Answer => {
  let held = 0
  let open: Answer | undefined
  for (const test of tests) {
    if (test.unmodelled) {
      open = { match: 'unknown', field: test.path, says: `${test.attribute} is not modelled` }
      continue
    }
    if (test.matches(asked) === test.negated)
      return { match: 'no', field: test.path, says: mismatch(test, asked), held }
    held++
  }
  return open ?? { match: 'yes' }
}

const best = (answers: Answer[]): Answer => {
  const yes = answers.find((answer) => answer.match === 'yes')
  const open = answers.find((answer) => answer.match === 'unknown')
  if (yes !== undefined || open !== undefined) return yes ?? (open as Answer)
  const misses = answers.filter((answer) => answer.match === 'no')
  return misses.reduce((nearest, miss) => (miss.held > nearest.held ? miss : nearest))
}

/** On a port without HTTP a DENY loses the tests it cannot make, and any action loses values it cannot read. */
const usable = (tests: readonly FieldTest[], allow: boolean, http: boolean): FieldTest[] =>
  allow ? [...tests] : tests.filter((test) => !test.empty && (http || !test.httpOnly))

const askRule = (rule: Rule, action: AuthorizationPolicy['action'], asked: Asked): Answer => {
  if (rule.broken !== undefined) return { match: 'no', field: rule.broken.field, says: rule.broken.says, held: 0 }
  const allow = action === 'ALLOW'
  const http = asked.http !== undefined
  if (allow) {
    const every = [...rule.from, ...rule.to].flatMap((alternative) => alternative.tests).concat(rule.when)
    const lost = every.find((test) => test.invalid !== undefined || (!http && test.httpOnly))
    if (lost !== undefined) {
      const why = lost.invalid ?? `${lost.attribute} needs HTTP, and this port is plain TCP`
      return { match: 'no', field: lost.path, says: `${why}, so the whole rule is dropped`, held: 0 }
    }
  }
  const side = (alternatives: Rule['from']): Answer =>
    alternatives.length === 0
      ? { match: 'yes' }
      : best(alternatives.map((alternative) => askAll(usable(alternative.tests, allow, http), asked)))
  const answers = [side(rule.from), side(rule.to), askAll(usable(rule.when, allow, http), asked)]
  const held = answers.filter((answer) => answer.match === 'yes').length
  for (const answer of answers) if (answer.match === 'no') return { ...answer, held: answer.held + held * 100 }
  return answers.find((answer) => answer.match === 'unknown') ?? { match: 'yes' }
}

/** One rule, and how it answered. Without a rule: a policy that has none. */
export interface Asking {
  policy: AuthorizationPolicy
  rule?: Rule
  answer: Answer
}

export const askEntry = ({ policy, rule }: Entry, asked: Asked): Asking =>
  rule === undefined
    ? { policy, answer: { match: 'no', says: 'it has no rules', held: -1 } }
    : { policy, rule, answer: askRule(rule, policy.action, asked) }

export const evidenceOf = ({ policy, rule, answer }: Asking): Evidence => {
  const object = refOf(policy.object)
  if (rule === undefined) return { object, field: 'spec' }
  const field = `spec.rules[${rule.index}]${'field' in answer && answer.field ? `.${answer.field}` : ''}`
  return { object, field, rule: rule.index }
}

export const describe = (asking: Asking): string => {
  const { policy, rule, answer } = asking
  const name = nameOf(refOf(policy.object))
  if (rule === undefined) return `${name} (${policy.action}) has no rules: it matches nothing`
  const which = `${name} (${policy.action}) rule ${rule.index}`
  return answer.match === 'yes' ? `${which} matches` : `${which} does not match: ${answer.says}`
}

export const info = (asking: Asking): Step => ({
  at: 'server',
  outcome: 'info',
  says: describe(asking),
  evidence: evidenceOf(asking),
})

export const unsure = (asking: Asking): Step => ({
  at: 'server',
  outcome: 'unknown',
  says: `${nameOf(refOf(asking.policy.object))} rule ${asking.rule?.index ?? 0} cannot be decided: ${
    asking.answer.match === 'yes'
      ? 'extensionProviders of the mesh config could not be read'
      : asking.answer.match === 'unknown'
        ? asking.answer.says
        : ''
  }`,
  evidence: evidenceOf(asking),
})

export const unionMiss = (askings: readonly Asking[], where: string): Step => {
  const policies = [...new Set(askings.map((asking) => nameOf(refOf(asking.policy.object))))]
  const misses = askings.filter((asking) => asking.rule !== undefined && asking.answer.match === 'no')
  const heldBy = ({ answer }: Asking): number => (answer.match === 'no' ? answer.held : 0)
  const nearest = misses.length === 0 ? undefined : misses.reduce((a, b) => (heldBy(b) > heldBy(a) ? b : a))
  if (nearest === undefined) {
    const only = askings[0] as Asking
    return {
      at: 'server',
      outcome: 'deny',
      says: `AuthorizationPolicy ${policies.map((name) => name.replace(/^\S+ /, '')).join(', ')} selects ${where} and allows nothing: denied`,
      evidence: evidenceOf(only),
    }
  }
  const nearestName = nameOf(refOf(nearest.policy.object))
  const others = policies.length === 1 ? '' : `; the ${policies.length} ALLOW policies for ${where} are one union`
  return {
    at: 'server',
    outcome: 'deny',
    says: `No ALLOW rule matches, so it is denied: ${nearestName} rule ${nearest.rule?.index} does not match because ${
      nearest.answer.match === 'no' ? nearest.answer.says : ''
    }${others}`,
    evidence: evidenceOf(nearest),
  }
}

/** A policy that selects the workload and enforces nothing. */
export const idleStep = (policy: AuthorizationPolicy): Step => {
  const reason = policy.targeted
    ? 'has targetRefs, which sidecars ignore'
    : policy.dryRun
      ? 'is a dry run and enforces nothing'
      : 'only audits'
  const object = refOf(policy.object)
  return { at: 'server', outcome: 'info', says: `${nameOf(object)} ${reason}`, evidence: { object } }
}
