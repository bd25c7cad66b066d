/**
 * curl's command line, as of 8.15.0 (src/tool_getparam.c): long options with unambiguous prefixes, `--no-`, short options
 * in one word, values attached or apart. An option of curl that has no meaning here is refused by name rather than
 * ignored; those that change nothing on this network are accepted.
 */
import { harmless, harmlessWithValue, unmodelled, unmodelledFlags } from './option-names.ts'

export interface Options {
  urls: string[]
  /** One per URL, `-o` and `-O` in order. */
  outputs: (string | { remoteName: true })[]
  silent: boolean
  showError: boolean
  fail: boolean
  failWithBody: boolean
  failEarly: boolean
  include: boolean
  head: boolean
  verbose: boolean
  insecure: boolean
  location: boolean
  locationTrusted: boolean
  get: boolean
  noProgress: boolean
  pathAsIs: boolean
  createDirs: boolean
  remoteNameAll: boolean
  globOff: boolean
  retryAllErrors: boolean
  retryConnRefused: boolean
  post301: boolean
  post302: boolean
  post303: boolean
  http10: boolean
  compressed: boolean
  /** Seconds; 0 is no limit. */
  maxTime: number
  connectTimeout: number
  maxRedirs: number
  retry: number
  /** Seconds; absent: doubling from one. */
  retryDelay?: number
  retryMaxTime: number
  method?: string
  headers: string[]
  /** `-d` and its kin, in order. */
  data: { kind: 'data' | 'raw' | 'binary' | 'urlencode' | 'json'; value: string }[]
  upload?: string
  userAgent?: string
  referer?: string
  user?: string
  bearer?: string
  cookies: string[]
  range?: string
  writeOut?: string
  dumpHeader?: string
  resolve: string[]
  connectTo: string[]
  requestTarget?: string
  urlQuery: string[]
  outputDir?: string
  /** File of the certificates to trust. */
  caCert?: string
  help?: boolean
  version?: boolean
}

/** What is wrong with a command line: the text after `curl: `, and the exit code. */
export interface UsageError {
  says: string
  exitCode: number
  /** Whether the line about `--help` follows. */
  tryHelp: boolean
}

type Flag = { [K in keyof Options]: Options[K] extends boolean ? K : never }[keyof Options]

interface Option {
  long: string
  short?: string
  /** Boolean options may be negated. */
  flag?: Flag
  take?: (options: Options, value: string) => UsageError | undefined | void
  /** Without value and without `--no-`. */
  set?: (options: Options) => unknown
}

const bad = (option: string, says: string): UsageError => ({
  says: `option ${option}: ${says}`,
  exitCode: 2,
  tryHelp: true,
})

const number =
  (name: string, assign: (options: Options, n: number) => unknown, decimal = false) =>
  (options: Options, value: string): UsageError | undefined => {
    if (!(decimal ? /^\d+(\.\d*)?$/ : /^\d+$/).test(value))
      return bad(
        name,
        /^-\d/.test(value) ? 'expected a positive numerical parameter' : 'expected a proper numerical parameter',
      )
    assign(options, Number(value))
    return undefined
  }

const text =
  (
    key:
      | 'method'
      | 'upload'
      | 'userAgent'
      | 'referer'
      | 'user'
      | 'bearer'
      | 'range'
      | 'writeOut'
      | 'dumpHeader'
      | 'requestTarget'
      | 'outputDir'
      | 'caCert',
  ) =>
  (options: Options, value: string): void => {
    options[key] = value
  }

const list =
  (key: 'urls' | 'headers' | 'cookies' | 'resolve' | 'connectTo' | 'urlQuery') =>
  (options: Options, value: string): void => {
    options[key].push(value)
  }

const data =
  (kind: Options['data'][number]['kind']) =>
  (options: Options, value: string): void =>
    void options.data.push({ kind, value })

const flag = (long: string, name: Flag, short?: string): Option => ({ long, flag: name, short })
const value = (long: string, take: NonNullable<Option['take']>, short?: string): Option => ({ long, take, short })

const modelled: readonly Option[] = [
  flag('silent', 'silent', 's'),
  flag('show-error', 'showError', 'S'),
  flag('fail', 'fail', 'f'),
  flag('fail-with-body', 'failWithBody'),
  flag('fail-early', 'failEarly'),
  flag('include', 'include', 'i'),
  flag('show-headers', 'include'),
  flag('head', 'head', 'I'),
  flag('verbose', 'verbose', 'v'),
  flag('insecure', 'insecure', 'k'),
  flag('location', 'location', 'L'),
  { long: 'location-trusted', set: (options) => Object.assign(options, { location: true, locationTrusted: true }) },
  flag('get', 'get', 'G'),
  { long: 'progress-meter', set: (options) => Object.assign(options, { noProgress: false }) },
  flag('path-as-is', 'pathAsIs'),
  flag('create-dirs', 'createDirs'),
  flag('remote-name-all', 'remoteNameAll'),
  flag('globoff', 'globOff', 'g'),
  flag('retry-all-errors', 'retryAllErrors'),
  flag('retry-connrefused', 'retryConnRefused'),
  flag('post301', 'post301'),
  flag('post302', 'post302'),
  flag('post303', 'post303'),
  flag('compressed', 'compressed'),
  { long: 'http1.0', short: '0', set: (options) => Object.assign(options, { http10: true }) },
  { long: 'remote-name', short: 'O', set: (options) => void options.outputs.push({ remoteName: true }) },
  value('output', (options, name) => void options.outputs.push(name), 'o'),
  value(
    'max-time',
    number('-m', (options, n) => Object.assign(options, { maxTime: n }), true),
    'm',
  ),
  value(
    'connect-timeout',
    number('--connect-timeout', (options, n) => Object.assign(options, { connectTimeout: n }), true),
  ),
  value('max-redirs', (options, n) =>
    n === '-1'
      ? void Object.assign(options, { maxRedirs: -1 })
      : number('--max-redirs', (o, m) => Object.assign(o, { maxRedirs: m }))(options, n),
  ),
  value(
    'retry',
    number('--retry', (options, n) => Object.assign(options, { retry: n })),
  ),
  value(
    'retry-delay',
    number('--retry-delay', (options, n) => Object.assign(options, { retryDelay: n })),
  ),
  value(
    'retry-max-time',
    number('--retry-max-time', (options, n) => Object.assign(options, { retryMaxTime: n })),
  ),
  value('request', text('method'), 'X'),
  value('header', list('headers'), 'H'),
  value('data', data('data'), 'd'),
  value('data-ascii', data('data')),
  value('data-raw', data('raw')),
  value('data-binary', data('binary')),
  value('data-urlencode', data('urlencode')),
  value('json', data('json')),
  value('upload-file', text('upload'), 'T'),
  value('user-agent', text('userAgent'), 'A'),
  value('referer', text('referer'), 'e'),
  value('user', text('user'), 'u'),
  value('oauth2-bearer', text('bearer')),
  value('cookie', list('cookies'), 'b'),
  value('range', text('range'), 'r'),
  value('write-out', text('writeOut'), 'w'),
  value('dump-header', text('dumpHeader'), 'D'),
  value('resolve', list('resolve')),
  value('connect-to', list('connectTo')),
  value('request-target', text('requestTarget')),
  value('url', list('urls')),
  value('url-query', list('urlQuery')),
  value('output-dir', text('outputDir')),
  value('cacert', text('caCert')),
  { long: 'version', short: 'V', set: (options) => Object.assign(options, { version: true }) },
  { long: 'help', short: 'h', set: (options) => Object.assign(options, { help: true }) },
]

const refuse = (long: string): UsageError => ({
  says: `option --${long}: not modelled by this simulated curl`,
  exitCode: 2,
  tryHelp: false,
})

const fromNames = (
  names: Readonly<Record<string, string | undefined>>,
  make: (long: string) => Omit<Option, 'long' | 'short'>,
): Option[] => Object.entries(names).map(([long, short]) => ({ long, short, ...make(long) }))

const all: readonly Option[] = [
  ...modelled,
  ...fromNames(harmless, () => ({ set: () => {} })),
  ...fromNames(harmlessWithValue, () => ({ take: () => {} })),
  ...fromNames(unmodelled, (long) => ({ take: () => refuse(long) })),
  ...fromNames(unmodelledFlags, () => ({ set: () => {} })),
]
const refusedFlags = new Set(Object.keys(unmodelledFlags))
/** HTTP/2 is asked for, not needed: curl falls back to 1.1 itself when a server does not speak it. */
const fallsBack = new Set(['http2', 'http3'])

export const defaults = (): Options => ({
  urls: [],
  outputs: [],
  silent: false,
  showError: false,
  fail: false,
  failWithBody: false,
  failEarly: false,
  include: false,
  head: false,
  verbose: false,
  insecure: false,
  location: false,
  locationTrusted: false,
  get: false,
  noProgress: false,
  pathAsIs: false,
  createDirs: false,
  remoteNameAll: false,
  globOff: false,
  retryAllErrors: false,
  retryConnRefused: false,
  post301: false,
  post302: false,
  post303: false,
  http10: false,
  compressed: false,
  maxTime: 0,
  connectTimeout: 0,
  maxRedirs: 50,
  retry: 0,
  retryMaxTime: 0,
  headers: [],
  data: [],
  cookies: [],
  resolve: [],
  connectTo: [],
  urlQuery: [],
})

/** A long option by its name or an unambiguous beginning of it. */
const findLong = (name: string): Option | 'unknown' | 'ambiguous' => {
  const exact = all.find((option) => option.long === name)
  if (exact) return exact
  const matches = all.filter((option) => option.long.startsWith(name))
  return matches.length === 1 && matches[0] ? matches[0] : matches.length > 1 ? 'ambiguous' : 'unknown'
}

/** Reads the arguments after the program's name. */
export const parseOptions = (argv: readonly string[]): Options | UsageError => {
  const options = defaults()
  const words = [...argv]
  const apply = (option: Option, shown: string, attached: string | undefined, on: boolean): UsageError | undefined => {
    if (refusedFlags.has(option.long) && !fallsBack.has(option.long) && on) return refuse(option.long)
    if (option.flag) options[option.flag] = on
    else if (!option.take) option.set?.(options)
    else {
      const given = attached ?? words.shift()
      if (given === undefined) return bad(shown, 'requires parameter')
      return option.take(options, given) ?? undefined
    }
    return undefined
  }
  let isOver = false
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (isOver || !word.startsWith('-') || word === '-') {
      if (word === '') return bad("''", 'blank argument where content is expected')
      options.urls.push(word)
    } else if (word === '--') isOver = true
    else if (word.startsWith('--')) {
      const negated = word.startsWith('--no-')
      const name = negated ? word.slice(5) : word.slice(2)
      if (negated && name === 'progress-meter') {
        options.noProgress = true
        continue
      }
      const option = negated && name === 'proxy' ? 'unknown' : findLong(word === '--noproxy' ? 'noproxy' : name)
      if (option === 'unknown') return bad(word, 'is unknown')
      if (option === 'ambiguous') return bad(word, 'is ambiguous')
      if (negated && option.take) return bad(word, "used '--no-' for option that is not a boolean")
      const problem = apply(option, word, undefined, !negated)
      if (problem) return problem
    } else {
      for (let at = 1; at < word.length; at++) {
        const letter = word[at] ?? ''
        const option = all.find((each) => each.short === letter)
        if (!option) return bad(word, 'is unknown')
        const rest = word.slice(at + 1)
        const problem = apply(option, word, option.take && rest ? rest : undefined, true)
        if (problem) return problem
        if (option.take) break
      }
    }
  }
  return options
}
