/**
 * The functions that Kubernetes adds to CEL, as far as CRDs use them: URLs, IP checks, regular expressions and lists.
 * Not modelled: quantity, format, cidr, ip values, authorizer, two-variable comprehensions.
 */
import { isIP } from 'node:net'
import type { Environment } from '@marcbachmann/cel-js'
import { compilePattern } from '../regex.ts'

/** A parsed absolute URL or absolute path, with Go's notion of its parts. */
class CelUrl {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string
  constructor(text: string) {
    const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?)?([^?#]*)(?:\?([^#]*))?/.exec(text)
    this.scheme = (match?.[1] ?? '').toLowerCase()
    this.host = (match?.[2] ?? '').replace(/^.*@/, '')
    this.path = match?.[3] ?? ''
    this.query = match?.[4] ?? ''
  }
}

/** Go's ParseRequestURI: an absolute URL, or a path from the root. */
const isUrl = (text: string): boolean =>
  text.startsWith('/') ? !/[\s]/.test(text) : /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && URL.canParse(text)

const parseUrl = (text: string): CelUrl => {
  if (!isUrl(text))
    throw new Error(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  return new CelUrl(text)
}

const hostnameOf = ({ host }: CelUrl): string => host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
const queryOf = ({ query }: CelUrl): Map<string, string[]> => {
  const values = new Map<string, string[]>()
  for (const [key, value] of new URLSearchParams(query)) values.set(key, [...(values.get(key) ?? []), value])
  return values
}

const compare = (a: unknown, b: unknown): number =>
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0

const extreme = (list: unknown[], sign: 1 | -1): unknown => {
  if (list.length === 0) throw new Error(`${sign < 0 ? 'min' : 'max'} called on empty list`)
  return list.reduce((found, item) => (compare(item, found) * sign > 0 ? item : found))
}

const findAll = (text: string, pattern: string, most = -1): string[] => {
  compilePattern(pattern)
  const found = [...text.matchAll(new RegExp(pattern, 'gu'))].map(([match]) => match)
  return most < 0 ? found : found.slice(0, most)
}

const deepEqual = (a: unknown, b: unknown): boolean =>
  typeof a === typeof b && (a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b)))

/** Names whose rules cannot be judged here. */
export const unmodelled =
  /\b(?:format\.|quantity\(|isQuantity\(|cidr\(|isCIDR\(|ip\(|authorizer\b|semver\(|isSemver\(|sets\.|math\.)/

/** Adds the functions to an environment of the CEL engine. */
export const registerLibrary = (environment: Environment): void => {
  environment
    .registerType('kubernetes.URL', { ctor: CelUrl, fields: {} })
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction('url(string): kubernetes.URL', parseUrl)
    .registerFunction('kubernetes.URL.getScheme(): string', (url: CelUrl) => url.scheme)
    .registerFunction('kubernetes.URL.getHost(): string', (url: CelUrl) => url.host)
    .registerFunction('kubernetes.URL.getHostname(): string', hostnameOf)
    .registerFunction('kubernetes.URL.getPort(): string', (url: CelUrl) => /:(\d+)$/.exec(url.host)?.[1] ?? '')
    .registerFunction('kubernetes.URL.getEscapedPath(): string', (url: CelUrl) => url.path)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', queryOf)
    .registerFunction('matches(string, string): bool', (text: string, pattern: string) => compilePattern(pattern)(text))
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0 && !text.includes('%'))
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern))
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, most: bigint) =>
      findAll(text, pattern, Number(most)),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.split(from).join(to),
    )
    .registerFunction('list.isSorted(): bool', (list: unknown[]) =>
      list.every((item, index) => index === 0 || compare(list[index - 1], item) <= 0),
    )
    .registerFunction('list.sum(): dyn', (list: (bigint | number)[]) =>
      list.reduce<bigint | number>(
        (sum, item) => (typeof item === 'bigint' ? BigInt(sum) + item : Number(sum) + item),
        0n,
      ),
    )
    .registerFunction('list.min(): dyn', (list: unknown[]) => extreme(list, -1))
    .registerFunction('list.max(): dyn', (list: unknown[]) => extreme(list, 1))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], item: unknown) =>
      BigInt(list.findIndex((candidate) => deepEqual(candidate, item))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], item: unknown) =>
      BigInt(list.findLastIndex((candidate) => deepEqual(candidate, item))),
    )
}
