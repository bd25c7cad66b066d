/**
 * The receiver's RBAC filters: CUSTOM, then DENY, then ALLOW. AUDIT never changes a result. Each rule that is asked
 * becomes a step. Upstream: pilot/pkg/security/authz/builder/builder.go, model/model.go; Envoy's rbac_filter.cc.
 */
import type { Evidence, Step } from '../verdict.ts'
import type { AuthorizationPolicy, Rule } from './authorization-policy.ts'
import type { Asked, FieldTest } from './conditions.ts'
import { nameOf, refOf } from './read.ts'

export interface Decision {
  outcome: 'allow' | 'deny' | 'unknown'
  /** The deciding step is also the last of `steps`. */
  decided: Step
  steps: Step[]
  /** The RBAC policy that denied, as access logs name it; absent when no ALLOW policy matched. */
  policyId?: string
}

type Answer =
  | { match: 'yes' }
  | { match: 'no'; field?: string; says: string; held: number }
  | { match: 'unknown'; field: string; says: string }

const listed = (values: readonly string[]): string => (values.length === 1 ? `${values[0]}` : `[${values.join(', ')}]`)

const mismatch = (test: FieldTest, asked: Asked): string => {
  const seen = test.seen(asked)
  return test.negated
    ? `${test.attribute} ${listed(test.values)} excludes ${seen}`
    : `${test.attribute} ${listed(test.values)} does not include ${seen}`
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

interface Asking {
  policy: AuthorizationPolicy
  rule?: Rule
  answer: Answer
}

const evidenceOf = ({ policy, rule, answer }: Asking): Evidence => {
  const object = refOf(policy.object)
  if (rule === undefined) return { object, field: 'spec' }
  const field = `spec.rules[${rule.index}]${'field' in answer && answer.field ? `.${answer.field}` : ''}`
  return { object, field, rule: rule.index }
}

const askPolicies = (policies: readonly AuthorizationPolicy[], asked: Asked): Asking[] =>
  policies.flatMap((policy): Asking[] => {
    if (policy.rules.length === 0) return [{ policy, answer: { match: 'no', says: 'it has no rules', held: -1 } }]
    return policy.rules.map((rule) => ({ policy, rule, answer: askRule(rule, policy.action, asked) }))
  })

const describe = (asking: Asking): string => {
  const { policy, rule, answer } = asking
  const name = nameOf(refOf(policy.object))
  if (rule === undefined) return `${name} (${policy.action}) has no rules: it matches nothing`
  const which = `${name} (${policy.action}) rule ${rule.index}`
  return answer.match === 'yes' ? `${which} matches` : `${which} does not match: ${answer.says}`
}

const info = (asking: Asking): Step => ({
  at: 'server',
  outcome: 'info',
  says: describe(asking),
  evidence: evidenceOf(asking),
})

const unsure = (asking: Asking): Step => ({
  at: 'server',
  outcome: 'unknown',
  says: `${nameOf(refOf(asking.policy.object))} rule ${asking.rule?.index ?? 0} cannot be decided: ${
    asking.answer.match === 'yes'
      ? 'the external authorizer decides'
      : asking.answer.match === 'unknown'
        ? asking.answer.says
        : ''
  }`,
  evidence: evidenceOf(asking),
})

/** What istiod calls a rule in Envoy (builder.go, policyName). */
const policyId = ({ policy, rule }: Asking): string => {
  const { namespace = '', name } = policy.object.metadata
  return `ns[${namespace}]-policy[${name}]-rule[${rule?.index ?? 0}]`
}

/** The same for a CUSTOM rule whose provider cannot be used (builder.go, getBadCustomDenyRules). */
const badCustomId = (asking: Asking): string => {
  const { provider = '' } = asking.policy
  return `istio-ext-authz-${provider === '' ? '' : `${provider}-`}${policyId(asking)}-deny-due-to-bad-CUSTOM-action`
}

const unionMiss = (askings: readonly Asking[], where: string): Step => {
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

/**
 * Asks the policies that select a workload. `policies` in order of age; `where` names the workload for sentences;
 * `providers` are the mesh's external authorizers: CUSTOM without its provider denies what it matches.
 */
export const authorize = (
  policies: readonly AuthorizationPolicy[],
  asked: Asked,
  where: string,
  providers: ReadonlySet<string>,
): Decision => {
  const steps: Step[] = []
  const enforced = policies.filter((policy) => {
    if (policy.targeted || policy.dryRun || policy.action === 'AUDIT') {
      const reason = policy.targeted
        ? 'has targetRefs, which sidecars ignore'
        : policy.dryRun
          ? 'is a dry run and enforces nothing'
          : 'only audits'
      steps.push({
        at: 'server',
        outcome: 'info',
        says: `${nameOf(refOf(policy.object))} ${reason}`,
        evidence: { object: refOf(policy.object) },
      })
    }
    return !policy.targeted && !policy.dryRun && policy.action !== 'AUDIT'
  })
  const finish = (outcome: Decision['outcome'], decided: Step): Decision => {
    steps.push(decided)
    return { outcome, decided, steps }
  }
  const deniedBy = (asking: Asking, why: string, policyId: string): Decision => ({
    ...finish('deny', {
      at: 'server',
      outcome: 'deny',
      says: `${describe(asking)}${why}`,
      evidence: evidenceOf(asking),
    }),
    policyId,
  })

  const open: Asking[] = []
  for (const asking of askPolicies(
    enforced.filter((policy) => policy.action === 'CUSTOM'),
    asked,
  )) {
    if (asking.answer.match === 'no') steps.push(info(asking))
    else if (!providers.has(asking.policy.provider ?? '') && asking.answer.match === 'yes')
      return deniedBy(
        asking,
        `, and the mesh has no provider ${asking.policy.provider ?? ''}: denied`,
        badCustomId(asking),
      )
    else return finish('unknown', unsure(asking))
  }
  const denies = askPolicies(
    enforced.filter((policy) => policy.action === 'DENY'),
    asked,
  )
  for (const asking of denies) {
    if (asking.answer.match === 'yes') return deniedBy(asking, ': denied', policyId(asking))
    if (asking.answer.match === 'unknown') open.push(asking)
    else steps.push(info(asking))
  }
  const allowing = enforced.filter((policy) => policy.action === 'ALLOW')
  const allows = askPolicies(allowing, asked)
  const hit = allows.find((asking) => asking.answer.match === 'yes')
  if (hit === undefined && allows.length > 0) {
    const maybe = allows.find((asking) => asking.answer.match === 'unknown')
    if (maybe !== undefined) return finish('unknown', unsure(maybe))
    steps.push(...allows.map(info))
    return finish('deny', unionMiss(allows, where))
  }
  if (open[0] !== undefined) return finish('unknown', unsure(open[0]))
  if (hit !== undefined) {
    steps.push(...allows.slice(0, allows.indexOf(hit)).map(info))
    const says = `${describe(hit)}: allowed`
    return finish('allow', { at: 'server', outcome: 'pass', says, evidence: evidenceOf(hit) })
  }
  const says =
    denies.length > 0
      ? `No DENY rule matches and no ALLOW policy selects ${where}: allowed`
      : `No AuthorizationPolicy selects ${where}: every request that reaches it is allowed`
  return finish('allow', { at: 'server', outcome: 'pass', says })
}
