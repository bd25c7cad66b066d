/** Fortio's command line: Go flags, with one dash or two, `-n 20` or `-n=20`. */

export interface FortioOptions {
  /** `load`, `curl`, `version` … */
  command: string
  url?: string
  connections: number
  /** 0: as fast as possible. */
  qps: number
  /** Exactly so many calls; 0: for `seconds`. */
  calls: number
  seconds: number
  headers: [string, string][]
  payload?: string
  /** Milliseconds per request. */
  timeout: number
  keepAlive: boolean
  insecure: boolean
  quiet: boolean
  allowInitialErrors: boolean
  logLevel: string
}

/** `300ms`, `5s`, `1m30s` in milliseconds; undefined when it is none. */
const duration = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const unit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, name]) => sum + Number(amount) * (unit[name ?? ''] ?? 0),
    0,
  )
}

const booleans = new Set(
  'quiet k insecure stdclient http1.0 uniform jitter nocatchup allow-initial-errors h2 logger-force-color curl'.split(
    ' ',
  ),
)
/** Accepted without effect: they change how fortio reports or paces, not what it asks. */
const ignored = new Set(
  'p r offset data-dir labels a json log-errors connection-reuse httpbufferkb httpccch max-echo-delay profile runid warmup sequential-warmup'.split(
    ' ',
  ),
)

/** An error text as Go's flag package says it, without the program's name. */
export const parseFortio = (words: readonly string[]): FortioOptions | { says: string } => {
  const options: FortioOptions = {
    command: words[0] ?? '',
    connections: 4,
    qps: 8,
    calls: 0,
    seconds: 5,
    headers: [],
    timeout: 3000,
    keepAlive: true,
    insecure: false,
    quiet: false,
    allowInitialErrors: false,
    logLevel: 'Info',
  }
  const rest = words.slice(1)
  while (rest[0]?.startsWith('-')) {
    const [, name = '', attached] = /^--?([^=]+)(?:=(.*))?$/s.exec(rest.shift() ?? '') ?? []
    if (booleans.has(name)) {
      const isOn = attached === undefined || attached === 'true'
      if (name === 'quiet') options.quiet = isOn
      else if (name === 'k' || name === 'insecure') options.insecure = isOn
      else if (name === 'allow-initial-errors') options.allowInitialErrors = isOn
      else if (name === 'curl' && isOn) options.command = 'curl'
      continue
    }
    if (name === 'keepalive') {
      options.keepAlive = attached !== 'false'
      continue
    }
    const value = attached ?? rest.shift()
    if (value === undefined) return { says: `flag needs an argument: -${name}` }
    const number = Number(value)
    const invalid = { says: `invalid value "${value}" for flag -${name}: parse error` }
    if (name === 'c' || name === 'n' || name === 'qps') {
      if (name === 'qps' && value === 'max') options.qps = 0
      else if (!Number.isFinite(number) || number < 0) return invalid
      else if (name === 'c') options.connections = Math.max(1, number)
      else if (name === 'n') options.calls = number
      else options.qps = number
    } else if (name === 't' || name === 'timeout') {
      const time = duration(value)
      if (time === undefined) return invalid
      if (name === 't') options.seconds = time / 1000
      else options.timeout = time
    } else if (name === 'H') {
      const colon = value.indexOf(':')
      if (colon <= 0)
        return { says: `invalid value "${value}" for flag -H: invalid extra header '${value}', expecting Key: Value` }
      options.headers.push([value.slice(0, colon).trim().toLowerCase(), value.slice(colon + 1).trim()])
    } else if (name === 'payload') options.payload = value
    else if (name === 'user') options.headers.push(['authorization', `Basic ${Buffer.from(value).toString('base64')}`])
    else if (name === 'loglevel') options.logLevel = value
    else if (!ignored.has(name)) return { says: `flag provided but not defined: -${name}` }
  }
  return { ...options, ...(rest[0] === undefined ? {} : { url: rest[0] }) }
}
