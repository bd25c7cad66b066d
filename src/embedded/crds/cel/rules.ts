/** Asks the CEL rules of a schema (`x-kubernetes-validations`), from the outside in, as the API server does. */
import type { FieldError } from '../../kinds/kind.ts'
import { shown } from '../problems.ts'
import { childOf, type Fields, fieldPath, isFields, type SchemaNode, type ValidationRule } from '../schema.ts'
import { type Compiled, compile, optionalOf } from './engine.ts'
import { toCel } from './values.ts'

interface CompiledRule {
  rule: ValidationRule
  program: Compiled
  message?: Compiled
}

// Not state: a schema's rules compile to the same programs for ever.
const compiledRules = new WeakMap<SchemaNode, CompiledRule[]>()

/** The rules of one schema, compiled on the first question. */
export const rulesOf = (node: SchemaNode): CompiledRule[] => {
  const known = compiledRules.get(node)
  if (known) return known
  const compiled = (node.schema['x-kubernetes-validations'] ?? []).map((rule) => ({
    rule,
    program: compile(rule.rule),
    ...(rule.messageExpression ? { message: compile(rule.messageExpression) } : {}),
  }))
  compiledRules.set(node, compiled)
  return compiled
}

const refusalTexts: Record<string, string> = {
  FieldValueRequired: 'Required value',
  FieldValueForbidden: 'Forbidden',
  FieldValueInvalid: 'Invalid value',
}

const refused = (
  path: string,
  { reason = 'FieldValueInvalid', fieldPath: at }: ValidationRule,
  text: string,
  value: unknown,
): FieldError => {
  const field = `${path}${at ?? ''}`.replace(/^\./, '') || '<nil>'
  const head = refusalTexts[reason] ?? `Duplicate value: ${shown(value)}`
  return { field, reason, message: `${head}: ${text}` }
}

const messageOf = ({ rule, message }: CompiledRule, variables: { self: unknown; oldSelf?: unknown }): string => {
  if (message && 'evaluate' in message) {
    try {
      const text = message.evaluate(variables)
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text.trim()
    } catch {
      // The plain message stands in, as upstream does it.
    }
  }
  return rule.message?.trim() || `failed rule: ${rule.rule.trim()}`
}

const ask = (compiled: CompiledRule, node: SchemaNode, value: unknown, old: unknown, path: string): FieldError[] => {
  const { rule, program } = compiled
  if (!('evaluate' in program)) {
    const because = `this cluster cannot judge the rule ${shown(rule.rule.trim())}: ${program.problem}`
    return [{ field: path || '<nil>', reason: 'InternalError', message: `Internal error: ${because}` }]
  }
  if (program.usesOldSelf && old === undefined && !rule.optionalOldSelf) return []
  const before = old === undefined ? undefined : toCel(node, old)
  const variables = { self: toCel(node, value), oldSelf: rule.optionalOldSelf ? optionalOf(before) : before }
  try {
    return program.evaluate(variables) === true ? [] : [refused(path, rule, messageOf(compiled, variables), value)]
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const about = rule.message?.trim() || rule.rule.trim()
    const text = problem.startsWith('no such overload')
      ? `'${problem}': call arguments did not match a supported operator, function or macro signature for rule: ${about}`
      : `${problem} evaluating rule: ${about}`
    return [refused(path, { rule: rule.rule }, text, value)]
  }
}

/** The item of the old list that is the same as one of the new list: by key in map lists, else there is none. */
const counterpart = (node: SchemaNode, item: unknown, old: unknown): unknown => {
  const keys = node.schema['x-kubernetes-list-type'] === 'map' ? (node.schema['x-kubernetes-list-map-keys'] ?? []) : []
  if (keys.length === 0 || !Array.isArray(old) || !isFields(item)) return undefined
  return old.find((candidate) => isFields(candidate) && keys.every((key) => candidate[key] === item[key]))
}

const childrenOf = (node: SchemaNode, object: Fields, old: unknown, path: string): FieldError[] =>
  Object.entries(object).flatMap(([field, value]) => {
    const child = childOf(node, field)
    if (!child?.hasRules || value === undefined) return []
    const at = node.properties.has(field) ? fieldPath(path, field) : `${path}[${field}]`
    return evaluateRules(child, value, isFields(old) ? old[field] : undefined, at)
  })

/** @param old the value before the change, undefined on create and where it has no counterpart */
export const evaluateRules = (node: SchemaNode, value: unknown, old: unknown, path = ''): FieldError[] => {
  if (!node.hasRules || value === null) return []
  const errors = rulesOf(node).flatMap((compiled) => ask(compiled, node, value, old, path))
  if (Array.isArray(value)) {
    const { items } = node
    if (!items?.hasRules) return errors
    return [
      ...errors,
      ...value.flatMap((item, index) => evaluateRules(items, item, counterpart(node, item, old), `${path}[${index}]`)),
    ]
  }
  return isFields(value) ? [...errors, ...childrenOf(node, value, old, path)] : errors
}
