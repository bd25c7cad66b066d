/**
 * A custom resource against its compiled schema. Order and texts follow kube-openapi's validator, of which this is a
 * reading; maps are walked in document order where Go's order is random.
 */
import type { FieldError } from '../kinds/kind.ts'
import { hasFormat } from './formats.ts'
import {
  composite,
  duplicate,
  jsonTypeOf,
  notInEnum,
  outOfBounds,
  overflow,
  required,
  tooLong,
  tooMany,
  wrongType,
} from './problems.ts'
import { compilePattern, type Matcher } from './regex.ts'
import { type Fields, fieldPath, isFields, type JsonSchema, type SchemaNode } from './schema.ts'

/** Problems, and how many checks passed: of failing alternatives the one that got furthest is reported. */
interface Result {
  errors: FieldError[]
  passed: number
}

// Not state: a pattern compiles to the same matcher for ever.
const patterns = new WeakMap<JsonSchema, Matcher>()
const matches = (schema: JsonSchema, pattern: string, text: string): boolean => {
  const matcher = patterns.get(schema) ?? compilePattern(pattern)
  patterns.set(schema, matcher)
  return matcher(text)
}

const hasType = (wanted: string, found: string): boolean =>
  wanted === found || (wanted === 'number' && found === 'integer')

const checkType = ({ schema }: SchemaNode, value: unknown, path: string): FieldError[] => {
  if (value === null && schema.nullable) return []
  const found = jsonTypeOf(value)
  if (schema['x-kubernetes-int-or-string']) {
    return found === 'integer' || found === 'string' ? [] : [wrongType(path, 'integer,string', found)]
  }
  if (!schema.type || hasType(schema.type, found)) return []
  return [wrongType(path, schema.type, found)]
}

const checkString = (schema: JsonSchema, value: string, path: string): FieldError[] => {
  const length = [...value].length
  if (schema.maxLength !== undefined && length > schema.maxLength) return [tooLong(path, schema.maxLength)]
  if (schema.minLength !== undefined && length < schema.minLength) {
    return [outOfBounds(path, value, `should be at least ${schema.minLength} chars long`)]
  }
  const { pattern } = schema
  if (pattern && !matches(schema, pattern, value)) return [outOfBounds(path, value, `should match '${pattern}'`)]
  return []
}

/** What Go's integers hold, by format; other formats are as good as none. */
const capacities: Record<string, readonly [least: number, most: number]> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, 2 ** 64 - 1],
}
const int64 = [-(2 ** 63), 2 ** 63 - 1] as const

const fits = ({ type, format = '' }: JsonSchema, value: number): boolean => {
  const [least, most] = capacities[format] ?? int64
  return type !== 'integer' || (value >= least && value <= most)
}

const checkNumber = (schema: JsonSchema, value: number, path: string): FieldError[] => {
  const errors: FieldError[] = fits(schema, value) ? [] : [overflow(path, schema.format)]
  const should = (what: string) => errors.push(outOfBounds(path, value, `should be ${what}`))
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = schema
  if (multipleOf && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9)
    should(`a multiple of ${multipleOf}`)
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    should(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    should(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
  }
  return errors
}

const checkList = (node: SchemaNode, list: unknown[], path: string): FieldError[] => {
  const { items, schema } = node
  const errors = items ? list.flatMap((item, index) => check(items, item, `${path}[${index}]`).errors) : []
  if (schema.minItems !== undefined && list.length < schema.minItems) {
    errors.push(outOfBounds(path, list.length, `should have at least ${schema.minItems} items`))
  }
  if (schema.maxItems !== undefined && list.length > schema.maxItems)
    errors.push(tooMany(path, list.length, schema.maxItems))
  return errors
}

const checkObject = (node: SchemaNode, object: Fields, path: string): Result => {
  const { schema, properties, additional } = node
  const count = Object.keys(object).length
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    return { errors: [outOfBounds(path, count, `should have at least ${schema.minProperties} properties`)], passed: 0 }
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    return { errors: [tooMany(path, count, schema.maxProperties)], passed: 0 }
  }
  const result: Result = { errors: [], passed: 0 }
  for (const [field, value] of Object.entries(object)) {
    const child = properties.get(field) ?? (additional === true ? undefined : additional)
    if (!child || value === undefined) continue
    const inner = check(child, value, fieldPath(path, field))
    result.errors.push(...inner.errors)
    result.passed += inner.passed
  }
  for (const field of schema.required ?? []) {
    if (object[field] === undefined) result.errors.push(required(fieldPath(path, field)))
  }
  return result
}

/** The alternative that failed last: the one with most checks passed, the first of equals. */
const best = (failures: Result[]): FieldError[] =>
  failures.reduce<Result | undefined>((found, next) => (found && found.passed >= next.passed ? found : next), undefined)
    ?.errors ?? []

const checkComposites = (node: SchemaNode, value: unknown, path: string): FieldError[] => {
  const errors: FieldError[] = []
  const outcomes = (nodes: readonly SchemaNode[]) => nodes.map((child) => check(child, value, path))
  const failed = ({ errors: found }: Result) => found.length > 0
  if (node.anyOf.length > 0) {
    const results = outcomes(node.anyOf)
    if (results.every(failed)) errors.push(composite(path, 'validate at least one schema (anyOf)'), ...best(results))
  }
  if (node.oneOf.length > 0) {
    const results = outcomes(node.oneOf)
    const valid = results.filter((result) => !failed(result)).length
    const text = 'validate one and only one schema (oneOf).'
    if (valid === 0) errors.push(composite(path, `${text} Found none valid`), ...best(results))
    else if (valid > 1) errors.push(composite(path, `${text} Found ${valid} valid alternatives`))
  }
  if (node.allOf.length > 0) {
    const results = outcomes(node.allOf)
    errors.push(...results.flatMap((result) => result.errors))
    if (results.some(failed)) {
      errors.push(composite(path, `validate all the schemas (allOf)${results.every(failed) ? '. None validated' : ''}`))
    }
  }
  if (node.not && check(node.not, value, path).errors.length === 0) {
    errors.push(composite(path, 'not validate the schema (not)'))
  }
  return errors
}

const checkEnum = ({ schema }: SchemaNode, value: unknown, path: string): FieldError[] => {
  if (!schema.enum || schema.enum.length === 0) return []
  const text = JSON.stringify(value)
  return schema.enum.some((allowed) => JSON.stringify(allowed) === text) ? [] : [notInEnum(path, value, schema.enum)]
}

const check = (node: SchemaNode, value: unknown, path: string): Result => {
  const { schema } = node
  const typeErrors = checkType(node, value, path)
  if (value === null) return { errors: [...typeErrors, ...checkEnum(node, value, path)], passed: 1 }
  const parts: Result[] = [{ errors: typeErrors, passed: 1 }]
  const add = (errors: FieldError[]) => parts.push({ errors, passed: 1 })
  add(checkComposites(node, value, path))
  if (typeof value === 'string') {
    add(checkString(schema, value, path))
    if (schema.format && schema.type === 'string' && !hasFormat(schema.format, value)) {
      add([wrongType(path, schema.format, value)])
    }
  } else if (typeof value === 'number') add(checkNumber(schema, value, path))
  else if (Array.isArray(value)) add(checkList(node, value, path))
  add(checkEnum(node, value, path))
  if (isFields(value)) parts.push(checkObject(node, value, path))
  return {
    errors: parts.flatMap(({ errors }) => errors),
    passed: parts.reduce((sum, { passed, errors }) => sum + passed + (errors.length === 0 ? 1 : 0), 0),
  }
}

/** Everything but list types and rules. */
export const validateSchema = (root: SchemaNode, object: Fields): FieldError[] => check(root, object, '').errors

const keysOf = (schema: JsonSchema, item: unknown): Fields => {
  const fields = isFields(item) ? item : {}
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return Object.fromEntries(keys.map((key) => [key, fields[key] ?? schema.items?.properties?.[key]?.default ?? null]))
}

/** Duplicates in lists that are sets or maps. */
export const validateListTypes = (node: SchemaNode, value: unknown, path = ''): FieldError[] => {
  if (!node.hasListTypes) return []
  if (Array.isArray(value)) {
    const { schema, items } = node
    const listType = schema['x-kubernetes-list-type']
    const errors: FieldError[] = []
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const at = `${path}[${index}]`
      if (listType === 'set' || listType === 'map') {
        const identity = listType === 'map' ? keysOf(schema, item) : item
        const text = JSON.stringify(identity)
        if (seen.has(text)) errors.push(duplicate(at, identity))
        seen.add(text)
      }
      if (items) errors.push(...validateListTypes(items, item, at))
    }
    return errors
  }
  if (!isFields(value)) return []
  return Object.entries(value).flatMap(([field, item]) => {
    const child = node.properties.get(field) ?? (node.additional === true ? undefined : node.additional)
    return child ? validateListTypes(child, item, fieldPath(path, field)) : []
  })
}
