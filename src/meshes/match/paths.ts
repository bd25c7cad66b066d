/**
 * Request paths as Envoy compares them: normalization first, query and fragment off, then a pattern or a template.
 * Upstream: pilot/pkg/networking/core/listener_builder.go (the four normalizations), Envoy's path_utility.cc and
 * uri_template_internal.cc.
 */
import { quote, type StringTest, stringPattern } from './strings.ts'

export type Normalization = 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES'

const unreserved = /^[A-Za-z0-9._~-]$/

const decodeUnreserved = (path: string): string =>
  path.replace(/%([0-9a-f]{2})/gi, (encoded, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16))
    return unreserved.test(char) ? char : encoded
  })

const resolveDots = (path: string): string => {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (last) kept.push('')
  })
  return `/${kept.join('/')}`
}

/** The part before `?` and `#`. */
export const withoutQuery = (path: string): string => {
  const end = path.search(/[?#]/)
  return end < 0 ? path : path.slice(0, end)
}

const plain = /^(?:\/[\w-][\w.~-]*)*\/?$/

/** Whether it has no query and nothing that any normalization could change; most paths are so. */
export const isPlainPath = (path: string): boolean => plain.test(path)

/** The path as the sidecar forwards it: `/a/../b%2e?x` becomes `/b.?x`. The query is left alone. */
export const normalizePath = (path: string, how: Normalization = 'BASE'): string => {
  if (isPlainPath(path)) return path
  if (how === 'NONE' || !path.startsWith('/')) return path
  const bare = withoutQuery(path)
  let changed = how === 'DECODE_AND_MERGE_SLASHES' ? bare.replace(/%2f/gi, '/').replace(/%5c/gi, '\\') : bare
  changed = resolveDots(decodeUnreserved(changed.replaceAll('\\', '/')))
  if (how !== 'BASE') changed = changed.replace(/\/{2,}/g, '/')
  return changed + path.slice(bare.length)
}

/** Whether the pattern is a template: it has `{*}` (one segment) or `{**}` (any rest). */
export const isTemplate = (pattern: string): boolean => pattern.includes('{*}') || pattern.includes('{**}')

const pathCharacters = "a-zA-Z0-9\\-._~%!$&'()+,;:@="

const templatePattern = (template: string): StringTest => {
  const pieces = template.split(/(\{\*\*\}|\{\*\}|\*\*|\*)/)
  const source = pieces.map((piece) => {
    if (piece === '{*}' || piece === '*') return `[${pathCharacters}]+`
    if (piece === '{**}' || piece === '**') return `[${pathCharacters}/]*`
    return quote(piece)
  })
  const expression = new RegExp(`^${source.join('')}$`)
  return (path) => expression.test(path)
}

/** A test for one value of `paths`, applied to a normalized path without its query. */
export const pathPattern = (pattern: string): StringTest =>
  isTemplate(pattern) ? templatePattern(pattern) : stringPattern(pattern)
