/** ValidatingAdmissionPolicies and their bindings (kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go). */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import type { MatchResources } from '../admission/match.ts'
import { compileExpression } from '../admission/policies/engine.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { invalid, notSupported, required } from './validation/errors.ts'

interface Named {
  name?: string
  expression?: string
}

export interface Validation {
  expression?: string
  message?: string
  messageExpression?: string
  reason?: string
}

export interface ValidatingPolicy extends KubeObject {
  spec?: {
    paramKind?: { apiVersion?: string; kind?: string }
    matchConstraints?: MatchResources & { matchPolicy?: string }
    validations?: Validation[]
    auditAnnotations?: unknown[]
    matchConditions?: Named[]
    variables?: Named[]
    failurePolicy?: string
  }
}

export interface PolicyBinding extends KubeObject {
  spec?: {
    policyName?: string
    paramRef?: { name?: string; namespace?: string; selector?: LabelSelector; parameterNotFoundAction?: string }
    matchResources?: MatchResources & { matchPolicy?: string }
    validationActions?: string[]
  }
}

const defaultMatch = (match: (MatchResources & { matchPolicy?: string }) | undefined): void => {
  if (!match) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

const ruleErrors = (match: MatchResources, at: string): FieldError[] =>
  (match.resourceRules ?? []).flatMap((rule, index) =>
    (['apiGroups', 'apiVersions', 'operations', 'resources'] as const).flatMap((name) =>
      rule[name]?.length ? [] : [required(`${at}.resourceRules[${index}].${name}`)],
    ),
  )

const expressionErrors = (source: string | undefined, at: string): FieldError[] => {
  if (!source?.trim()) return [required(at, at.endsWith('.expression') ? 'expression is not specified' : undefined)]
  const compiled = compileExpression(source)
  return 'problem' in compiled ? [invalid(at, source, `compilation failed: ${compiled.problem}`)] : []
}

const reasons = ['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge']

const policyErrors = ({ spec }: ValidatingPolicy): FieldError[] => {
  const { matchConstraints, validations = [], auditAnnotations = [], failurePolicy } = spec ?? {}
  const errors: FieldError[] = []
  if (failurePolicy !== undefined && !['Fail', 'Ignore'].includes(failurePolicy))
    errors.push(notSupported('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']))
  if (spec?.paramKind) {
    if (!spec.paramKind.apiVersion) errors.push(required('spec.paramKind.apiVersion'))
    if (!spec.paramKind.kind) errors.push(required('spec.paramKind.kind'))
  }
  if (!matchConstraints) errors.push(required('spec.matchConstraints'))
  else {
    errors.push(...ruleErrors(matchConstraints, 'spec.matchConstraints'))
    if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'))
  }
  spec?.matchConditions?.forEach(({ name, expression }, index) => {
    if (!name) errors.push(required(`spec.matchConditions[${index}].name`))
    errors.push(...expressionErrors(expression, `spec.matchConditions[${index}].expression`))
  })
  spec?.variables?.forEach(({ name, expression }, index) => {
    if (!name) errors.push(required(`spec.variables[${index}].name`, 'name is not specified'))
    errors.push(...expressionErrors(expression, `spec.variables[${index}].expression`))
  })
  if (validations.length + auditAnnotations.length === 0) {
    const says = 'validations or auditAnnotations must contain at least one item'
    errors.push(required('spec.validations', says), required('spec.auditAnnotations', says))
  }
  validations.forEach(({ expression, messageExpression, reason }, index) => {
    const at = `spec.validations[${index}]`
    errors.push(...expressionErrors(expression, `${at}.expression`))
    if (messageExpression) errors.push(...expressionErrors(messageExpression, `${at}.messageExpression`))
    if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, reasons))
  })
  return errors
}

const actions = ['Audit', 'Deny', 'Warn']

const bindingErrors = ({ spec }: PolicyBinding): FieldError[] => {
  const { policyName, paramRef, matchResources, validationActions = [] } = spec ?? {}
  const errors: FieldError[] = policyName ? [] : [required('spec.policyName')]
  if (paramRef) {
    if (!paramRef.name === !paramRef.selector)
      errors.push(
        paramRef.name
          ? invalid('spec.paramRef.name', paramRef.name, 'name and selector are mutually exclusive')
          : required('spec.paramRef', 'one of name or selector must be specified'),
      )
    const action = paramRef.parameterNotFoundAction
    if (!action) errors.push(required('spec.paramRef.parameterNotFoundAction'))
    else if (!['Allow', 'Deny'].includes(action))
      errors.push(notSupported('spec.paramRef.parameterNotFoundAction', action, ['Allow', 'Deny']))
  }
  if (matchResources) errors.push(...ruleErrors(matchResources, 'spec.matchResources'))
  if (validationActions.length === 0)
    errors.push(required('spec.validationActions', 'at least one validation action is required'))
  validationActions.forEach((action, index) => {
    if (!actions.includes(action)) errors.push(notSupported(`spec.validationActions[${index}]`, action, actions))
  })
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    errors.push(
      invalid(
        'spec.validationActions',
        validationActions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    )
  return errors
}

const kind = (name: string, resource: string, rest: Partial<Kind>): Kind => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: name,
  resource,
  singular: name.toLowerCase(),
  namespaced: false,
  goType: `admissionregistration/v1.${name}`,
  generation: true,
  columns: [],
  ...rest,
})

export const admissionPolicyKinds: Kind[] = [
  kind('ValidatingAdmissionPolicy', 'validatingadmissionpolicies', {
    status: true,
    setDefaults: (object) => {
      const policy = object as ValidatingPolicy
      if (policy.spec) policy.spec.failurePolicy ??= 'Fail'
      defaultMatch(policy.spec?.matchConstraints)
      policy.status ??= {}
    },
    validate: (object) => policyErrors(object as ValidatingPolicy),
    columns: [
      nameColumn,
      integer<ValidatingPolicy>('Validations', ({ spec }) => spec?.validations?.length ?? 0),
      text<ValidatingPolicy>('ParamKind', ({ spec }) =>
        spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>',
      ),
      ageColumn,
    ],
  }),
  kind('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', {
    setDefaults: (object) => defaultMatch((object as PolicyBinding).spec?.matchResources),
    validate: (object) => bindingErrors(object as PolicyBinding),
    columns: [
      nameColumn,
      text<PolicyBinding>('PolicyName', ({ spec }) => spec?.policyName ?? ''),
      text<PolicyBinding>('ParamRef', ({ spec }) => {
        const { name, namespace } = spec?.paramRef ?? {}
        if (!spec?.paramRef) return '<unset>'
        return namespace ? `${namespace}/${name ?? '*'}` : (name ?? '*')
      }),
      ageColumn,
    ],
  }),
]
