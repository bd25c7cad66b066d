/**
 * AuthorizationPolicy, from its spec to rules that can be asked. Upstream: pilot/pkg/security/authz/model (model.go,
 * generator.go). Not modelled: `experimental.envoy.filters.*` conditions.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Problem } from '../verdict.ts'
import { conditionTests, type FieldTest, operationTests, type Surroundings, sourceTests } from './conditions.ts'
import { fields, isFields, labelMap, list, refOf, text } from './read.ts'

export type Action = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'

/** One entry of `from` or `to`: all of its tests must hold. */
export interface Alternative {
  /** `from[0]` */
  path: string
  tests: FieldTest[]
}

export interface Rule {
  index: number
  /** One of these must hold; empty: anything. */
  from: Alternative[]
  to: Alternative[]
  /** All of these must hold. */
  when: FieldTest[]
  /** Why istiod drops this rule, whatever the call. */
  broken?: { field: string; says: string }
}

export interface AuthorizationPolicy {
  object: KubeObject
  action: Action
  labels: Record<string, string>
  /** Has `targetRefs`: meant for gateways and waypoints; sidecars ignore it. */
  targeted: boolean
  dryRun: boolean
  provider?: string
  rules: Rule[]
}

const actions = new Set<string>(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'])

const readRule = (value: unknown, index: number, around: Surroundings): Rule => {
  const rule = fields(value)
  const alternatives = (key: 'from' | 'to', read: (entry: unknown, path: string) => FieldTest[]): Alternative[] =>
    list(rule[key]).map((entry, i) => ({ path: `${key}[${i}]`, tests: read(entry, `${key}[${i}]`) }))
  const when = list(rule.when).map((entry, i) => conditionTests(entry, `when[${i}]`, around))
  const unknownKey = when.find((condition) => condition.unknownAttribute)
  return {
    index,
    from: alternatives('from', (entry, path) => sourceTests(fields(entry).source, `${path}.source`, around)),
    to: alternatives('to', (entry, path) => operationTests(fields(entry).operation, `${path}.operation`)),
    when: when.flatMap((condition) => condition.tests),
    ...(unknownKey?.unknownAttribute === undefined
      ? {}
      : { broken: { field: `${unknownKey.path}.key`, says: `unknown attribute ${unknownKey.unknownAttribute}` } }),
  }
}

/** strconv.ParseBool */
const isTrue = (value: string | undefined): boolean => /^(1|t|T|TRUE|true|True)$/.test(value ?? '')

export const readAuthorizationPolicy = (
  object: KubeObject,
  trustDomains: readonly string[],
): { policy?: AuthorizationPolicy; problems: Problem[] } => {
  const spec = fields(object.spec)
  const action = text(spec.action) ?? 'ALLOW'
  if (!actions.has(action)) {
    const says = `action ${action} does not exist`
    return { problems: [{ object: refOf(object), field: 'spec.action', says, kind: 'invalid' }] }
  }
  const home = object.metadata.namespace ?? ''
  const rules = list(spec.rules).map((rule, index) => readRule(rule, index, { home, trustDomains }))
  const policy: AuthorizationPolicy = {
    object,
    action: action as Action,
    labels: labelMap(fields(spec.selector).matchLabels),
    targeted: isFields(spec.targetRef) || list(spec.targetRefs).length > 0,
    dryRun: isTrue(object.metadata.annotations?.['istio.io/dry-run']),
    provider: text(fields(spec.provider).name),
    rules,
  }
  const problems = rules.flatMap((rule): Problem[] => {
    const at = (field: string): string => `spec.rules[${rule.index}].${field}`
    if (rule.broken !== undefined)
      return [{ object: refOf(object), field: at(rule.broken.field), says: rule.broken.says, kind: 'invalid' }]
    const tests = [...rule.from, ...rule.to].flatMap((alternative) => alternative.tests).concat(rule.when)
    return tests.flatMap((test): Problem[] => {
      if (test.invalid !== undefined)
        return [{ object: refOf(object), field: at(test.path), says: test.invalid, kind: 'invalid' }]
      if (!test.unmodelled) return []
      return [
        { object: refOf(object), field: at(test.path), says: `${test.attribute} is not modelled`, kind: 'unmodelled' },
      ]
    })
  })
  return { policy, problems }
}
