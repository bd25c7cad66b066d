/** A parsed document against a schema: zod's issues as problems that have a place and say what was expected. */
import { z } from 'zod'
import type { Path, PlacedDocument } from './document.ts'
import { didYouMean } from './nearest.ts'
import { byPlace, type Problem } from './problem.ts'

type Issue = z.core.$ZodIssue

const spell = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')

const nameOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'string') return value.length > 30 ? 'a text' : `the text "${value}"`
  return `the ${typeof value === 'number' ? 'number' : 'value'} ${String(value)}`
}

const expectations: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined,
    root,
  )

/** Field names that the schema knows at a path; unions give the fields of every variant. */
const knownKeys = (schema: unknown, path: Path): string[] => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return knownKeys(schema.unwrap(), path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => knownKeys(option, path))
  const [first, ...rest] = path
  if (schema instanceof z.ZodArray) return first === undefined ? [] : knownKeys(schema.element, rest)
  if (!(schema instanceof z.ZodObject)) return []
  return first === undefined ? Object.keys(schema.shape) : knownKeys(schema.shape[String(first)], rest)
}

/** Of a union's variants, the issues of the one that was probably meant: it got furthest. */
const bestVariant = (variants: Issue[][]): Issue[] | undefined => {
  const depth = (issues: Issue[]): number =>
    Math.max(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)))
  const deepest = variants.filter((issues) => issues.length > 0).sort((a, b) => depth(b) - depth(a))[0]
  return deepest !== undefined && depth(deepest) > 0 ? deepest : undefined
}

/** Turns a zod issue (and, for unions, those inside it) into problems. */
const toProblems = (issue: Issue, schema: unknown, document: PlacedDocument, file: string, base: Path): Problem[] => {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  const value = valueAt(document.value, path)
  const at = (message: string, place = document.at(path)): Problem[] => [{ file, ...place, message }]
  const field = path.length === 0 ? 'the document' : spell(path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.flatMap((key) =>
      at(
        `unknown field "${spell([...path, key])}"${didYouMean(key, knownKeys(schema, path))}`,
        document.atKey([...path, key]),
      ),
    )
  if (value === undefined && path.length > 0)
    return at(`missing field "${field}"`, path.length > 1 ? document.atKey(path.slice(0, -1)) : document.at([]))
  if (issue.code === 'invalid_union') {
    const best = bestVariant(issue.errors)
    if (best !== undefined) return best.flatMap((each) => toProblems(each, schema, document, file, path))
    const wanted = issue.errors.flatMap((errors) => errors.map((each) => expected(each)))
    return at(`${field} must be ${[...new Set(wanted)].join(', or ')}; it is ${nameOf(value)}`)
  }
  if (issue.code === 'invalid_type') return at(`${field} must be ${expected(issue)}; it is ${nameOf(value)}`)
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String)
    const hint = typeof value === 'string' ? didYouMean(value, known) : ''
    return at(`${field} must be ${expected(issue)}; it is ${nameOf(value)}${hint}`)
  }
  if (issue.code === 'too_small') return at(`${field} must not be empty`)
  return at(`${field}: ${issue.message}`)
}

const expected = (issue: Issue): string => {
  if (issue.code === 'invalid_type') return expectations[issue.expected] ?? issue.expected
  if (issue.code === 'invalid_value')
    return issue.values.length === 1 ? `"${String(issue.values[0])}"` : `one of ${issue.values.map(String).join(', ')}`
  return issue.message
}

/** The document as the schema types it, or the problems, in the file's order. */
export const validate = <T>(
  schema: z.ZodType<T>,
  document: PlacedDocument,
  file: string,
  value: unknown = document.value,
): { value?: T; problems: Problem[] } => {
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data, problems: [] }
  const problems = result.error.issues.flatMap((issue) => toProblems(issue, schema, document, file, []))
  return { problems: problems.sort(byPlace) }
}
