/** The request that a set of options makes: method, headers in curl's order, body. */
import { readFile } from '../../process/open.ts'
import { type Process, readAll } from '../../process/process.ts'
import type { Options } from './options.ts'
import { curlVersion } from './report.ts'
import type { Target } from './url.ts'

export interface Prepared {
  method: string
  /** In the order in which curl sends them; `Host` first. */
  headers: [string, string][]
  body: Uint8Array
}

/** A file that an option names and that cannot be read. */
export interface Unreadable {
  exitCode: 26
  says: string
}

const read = async (process: Process, name: string): Promise<Uint8Array | undefined> =>
  name === '-' ? readAll(process.stdin) : readFile(process, name)

const urlencode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** The text of all `-d` options, joined as curl joins them. `--json` pieces follow each other directly. */
const bodyOf = async (process: Process, options: Options): Promise<string | undefined | Unreadable> => {
  if (options.data.length === 0) return undefined
  let body = ''
  for (const [at, { kind, value }] of options.data.entries()) {
    let part = value
    if (kind === 'urlencode') {
      const [, name = '', sign, content = ''] = /^([^=@]*)([=@])?([\s\S]*)$/.exec(value) ?? []
      const file = sign === '@' ? await read(process, content) : undefined
      const text = sign === '@' ? new TextDecoder().decode(file ?? new Uint8Array()) : sign === '=' ? content : name
      part = (sign && name ? `${name}=` : '') + urlencode(text)
    } else if (kind !== 'raw' && value.startsWith('@')) {
      const file = await read(process, value.slice(1))
      if (!file) return { exitCode: 26, says: `Failed to open ${value.slice(1)}` }
      const text = Buffer.from(file).toString('latin1')
      part = Buffer.from(kind === 'data' ? text.replace(/[\r\n\0]/g, '') : text, 'latin1').toString('utf8')
    }
    body += at > 0 && kind !== 'json' ? `&${part}` : part
  }
  return body
}

const isUnreadable = (value: unknown): value is Unreadable =>
  typeof value === 'object' && value !== null && 'exitCode' in value

/** With `-G` the data moves into the URL's query: `path` is what to ask for then. */
export const prepare = async (
  process: Process,
  options: Options,
  target: Target,
): Promise<{ prepared: Prepared; path: string } | Unreadable> => {
  const data = await bodyOf(process, options)
  if (isUnreadable(data)) return data
  const uploaded = options.upload === undefined ? undefined : await read(process, options.upload)
  if (options.upload !== undefined && !uploaded) return { exitCode: 26, says: `Can't open '${options.upload}'!` }
  const inQuery = [
    ...(options.get && data !== undefined ? [data] : []),
    ...options.urlQuery.map((each) => each.replace(/^\+/, '')),
  ].join('&')
  const path = inQuery === '' ? target.path : `${target.path}${target.path.includes('?') ? '&' : '?'}${inQuery}`
  const body = options.get ? undefined : data
  const implied = options.head ? 'HEAD' : uploaded ? 'PUT' : body !== undefined ? 'POST' : 'GET'
  const isJson = options.data.some(({ kind }) => kind === 'json')
  const custom = new Map<string, string | undefined>()
  const extra: [string, string][] = []
  for (const line of options.headers) {
    const empty = /^([^:;]+);\s*$/.exec(line)
    const parts = /^([^:]+):\s*([\s\S]*?)\s*$/.exec(line)
    if (empty?.[1]) extra.push([empty[1], ''])
    else if (parts?.[1]) {
      const [, name, value] = parts
      custom.set(name.toLowerCase(), value || undefined)
      if (value) extra.push([name, value])
    }
  }
  const headers: [string, string][] = []
  const own = (name: string, value: string | undefined): void => {
    if (value && !custom.has(name.toLowerCase())) headers.push([name, value])
  }
  headers.push(['Host', custom.has('host') ? (custom.get('host') ?? '') : target.shownHost])
  if (headers[0]?.[1] === '') headers.shift()
  const credentials = options.user ?? target.credentials
  own(
    'Authorization',
    options.bearer
      ? `Bearer ${options.bearer}`
      : credentials === undefined
        ? undefined
        : `Basic ${Buffer.from(credentials.includes(':') ? credentials : `${credentials}:`).toString('base64')}`,
  )
  own('Range', options.range && `bytes=${options.range}`)
  own('User-Agent', options.userAgent ?? `curl/${curlVersion}`)
  own('Accept', isJson ? 'application/json' : '*/*')
  own('Accept-Encoding', options.compressed ? 'deflate, gzip, br, zstd' : undefined)
  own('Referer', options.referer)
  own('Cookie', options.cookies.filter((cookie) => cookie.includes('=')).join('; ') || undefined)
  headers.push(...extra.filter(([name]) => name.toLowerCase() !== 'host'))
  const bytes = body === undefined ? (uploaded ?? new Uint8Array()) : new TextEncoder().encode(body)
  if (body !== undefined || uploaded) own('Content-Length', String(bytes.length))
  if (body !== undefined) own('Content-Type', isJson ? 'application/json' : 'application/x-www-form-urlencoded')
  if (bytes.length > 1024 * 1024) own('Expect', '100-continue')
  return { prepared: { method: options.method ?? implied, headers, body: bytes }, path }
}
