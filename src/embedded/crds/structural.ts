/**
 * Whether a CRD's schema is structural, in the API server's words.
 * Not modelled: cost limits of CEL rules, and type errors in them that only show with the schema's types.
 */
import type { FieldError } from '../kinds/kind.ts'
import { forbidden, invalid, notSupported, required } from '../kinds/validation/errors.ts'
import { rulesOf } from './cel/rules.ts'
import { applyDefaults } from './defaults.ts'
import { prune } from './prune.ts'
import { regexProblem } from './regex.ts'
import { compileSchema, isFields, type JsonSchema, type ValidationRule } from './schema.ts'
import { validateSchema } from './validate.ts'

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** What holds for any schema, structural or not. */
const checkKeywords = (schema: JsonSchema & { $ref?: unknown; uniqueItems?: boolean }, at: string): FieldError[] => {
  const errors: FieldError[] = []
  if (schema.type !== undefined && schema.type !== '' && !types.includes(schema.type)) {
    errors.push(notSupported(`${at}.type`, schema.type, types))
  }
  if (schema.$ref !== undefined) errors.push(forbidden(`${at}.$ref`, '$ref is not supported'))
  if (schema.uniqueItems) {
    errors.push(
      forbidden(
        `${at}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  }
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== true && schema.properties) {
    errors.push(forbidden(`${at}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  }
  const problem = schema.pattern ? regexProblem(schema.pattern) : undefined
  if (problem !== undefined) {
    errors.push(invalid(`${at}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${problem}`))
  }
  if (schema['x-kubernetes-list-type'] === 'map' && !schema['x-kubernetes-list-map-keys']?.length) {
    errors.push(required(`${at}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'))
  }
  if (schema.type === 'array' && !schema.items) errors.push(required(`${at}.items`, 'must be specified'))
  return errors
}

const checkRules = (schema: JsonSchema, at: string): FieldError[] => {
  const rules: ValidationRule[] = schema['x-kubernetes-validations'] ?? []
  if (rules.length === 0) return []
  return rulesOf(compileSchema(schema)).flatMap(({ rule, program, message }, index) => {
    const path = `${at}.x-kubernetes-validations[${index}]`
    if (!rule.rule?.trim()) return [required(`${path}.rule`, 'rule is not specified')]
    const errors: FieldError[] = []
    const compilation = (field: string, problem: string) =>
      errors.push(invalid(`${path}.${field}`, rule, `compilation failed: ERROR: <input>:1:1: ${problem}`))
    if ('problem' in program && !program.unmodelled) compilation('rule', program.problem)
    if (message && 'problem' in message && !message.unmodelled) compilation('messageExpression', message.problem)
    return errors
  })
}

const checkDefault = (schema: JsonSchema, at: string): FieldError[] => {
  if (schema.default === undefined) return []
  const node = compileSchema(schema)
  const value = structuredClone(schema.default)
  const unknown = isFields(value) ? prune(node, value) : []
  if (unknown.length > 0) return [invalid(`${at}.default`, schema.default, `must not have unknown fields`)]
  applyDefaults(node, value)
  const [problem] = validateSchema(compileSchema({ type: 'object', properties: { default: schema } }), {
    default: value,
  })
  return problem ? [invalid(`${at}.default`, schema.default, problem.message.replace(/^Invalid value: .*?: /, ''))] : []
}

/** Inside allOf and the like a schema may only restrict, never describe. */
const checkJunctor = (schema: JsonSchema, at: string): FieldError[] => {
  const errors: FieldError[] = []
  const structuralOnly = ['type', 'default', 'nullable', 'description', 'additionalProperties'] as const
  for (const keyword of structuralOnly) {
    if (schema[keyword] !== undefined) errors.push(forbidden(`${at}.${keyword}`, 'must be empty to be structural'))
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    errors.push(...checkJunctor(child, `${at}.properties[${name}]`))
  }
  if (schema.items) errors.push(...checkJunctor(schema.items, `${at}.items`))
  return [...errors, ...junctors(schema, at)]
}

const isIntOrStringPattern = (schema: JsonSchema): boolean =>
  schema['x-kubernetes-int-or-string'] === true && schema.anyOf?.map(({ type }) => type).join() === 'integer,string'

const junctors = (schema: JsonSchema, at: string): FieldError[] =>
  (['allOf', 'anyOf', 'oneOf'] as const)
    .filter((keyword) => !(keyword === 'anyOf' && isIntOrStringPattern(schema)))
    .flatMap((keyword) =>
      (schema[keyword] ?? [])
        .map((child, index) => ({ child, path: `${at}.${keyword}[${index}]` }))
        .filter(
          ({ child }) =>
            !isIntOrStringPattern({ ...child, 'x-kubernetes-int-or-string': schema['x-kubernetes-int-or-string'] }),
        )
        .flatMap(({ child, path }) => checkJunctor(child, path)),
    )
    .concat(schema.not ? checkJunctor(schema.not, `${at}.not`) : [])

const needsNoType = (schema: JsonSchema): boolean =>
  schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true

const checkNode = (schema: JsonSchema, at: string, what: string): FieldError[] => {
  const errors = [
    ...checkKeywords(schema, at),
    ...checkRules(schema, at),
    ...checkDefault(schema, at),
    ...junctors(schema, at),
  ]
  if (!schema.type && !needsNoType(schema)) errors.push(required(`${at}.type`, `must not be empty ${what}`))
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    errors.push(...checkNode(child, `${at}.properties[${name}]`, 'for specified object fields'))
  }
  if (schema.items) errors.push(...checkNode(schema.items, `${at}.items`, 'for specified array items'))
  if (typeof schema.additionalProperties === 'object') {
    errors.push(...checkNode(schema.additionalProperties, `${at}.additionalProperties`, 'for specified object fields'))
  }
  return errors
}

/** @param at where the schema stands: `spec.validation.openAPIV3Schema`, as the server names it for a single version */
export const checkStructural = (schema: JsonSchema, at: string): FieldError[] => {
  const errors = checkNode(schema, at, 'at the root')
  if (schema.type && schema.type !== 'object')
    errors.push(invalid(`${at}.type`, schema.type, 'must be object at the root'))
  return errors
}
