/** What curl prints about a transfer: `-w` variables, the progress meter, error lines. As of curl 8.15.0. */
import { parseUrl, type Target } from './url.ts'

/** Everything `-w` may ask for. Times in seconds. */
export interface Transfer {
  url: string
  urlNumber: number
  target?: Target
  method: string
  exitCode: number
  errorMessage: string
  status: number
  headers: [string, string][]
  contentType?: string
  remoteIp: string
  remotePort: number
  localIp: string
  localPort: number
  sizeDownload: number
  sizeUpload: number
  sizeHeader: number
  sizeRequest: number
  connects: number
  redirects: number
  redirectUrl: string
  retries: number
  filename: string
  timeNameLookup: number
  timeConnect: number
  timeAppConnect: number
  timePreTransfer: number
  timeStartTransfer: number
  timeRedirect: number
  timeTotal: number
}

const seconds = (time: number): string => time.toFixed(6)
const speed = (bytes: number, time: number): number => (time > 0 ? Math.floor(bytes / time) : 0)

const urlPart = (url: string, part: string): string => {
  const parsed = parseUrl(url)
  if ('exitCode' in parsed) return ''
  const query = parsed.path.indexOf('?')
  const parts: Record<string, string | undefined> = {
    scheme: parsed.scheme,
    host: parsed.host,
    port: String(parsed.port),
    path: query < 0 ? parsed.path : parsed.path.slice(0, query),
    query: query < 0 ? '' : parsed.path.slice(query + 1),
    user: parsed.credentials?.split(':')[0],
    password: parsed.credentials?.split(':')[1],
    fragment: parsed.fragment,
  }
  return parts[part] ?? ''
}

const variables: Readonly<Record<string, (transfer: Transfer) => string | number>> = {
  certs: () => '',
  conn_id: (t) => (t.remoteIp ? 0 : -1),
  content_type: (t) => t.contentType ?? '',
  errormsg: (t) => t.errorMessage,
  exitcode: (t) => t.exitCode,
  filename_effective: (t) => t.filename,
  ftp_entry_path: () => '',
  header_json: (t) => headerJson(t.headers),
  http_code: (t) => String(t.status).padStart(3, '0'),
  http_connect: () => '000',
  http_version: (t) => (t.status > 0 ? '1.1' : '0'),
  local_ip: (t) => t.localIp,
  local_port: (t) => t.localPort,
  method: (t) => t.method,
  num_certs: () => 0,
  num_connects: (t) => t.connects,
  num_headers: (t) => t.headers.length,
  num_redirects: (t) => t.redirects,
  num_retries: (t) => t.retries,
  proxy_ssl_verify_result: () => 0,
  proxy_used: () => 0,
  redirect_url: (t) => t.redirectUrl,
  referer: () => '',
  remote_ip: (t) => t.remoteIp,
  remote_port: (t) => t.remotePort,
  response_code: (t) => String(t.status).padStart(3, '0'),
  scheme: (t) => t.target?.scheme ?? '',
  size_download: (t) => t.sizeDownload,
  size_header: (t) => t.sizeHeader,
  size_request: (t) => t.sizeRequest,
  size_upload: (t) => t.sizeUpload,
  speed_download: (t) => speed(t.sizeDownload, t.timeTotal),
  speed_upload: (t) => speed(t.sizeUpload, t.timeTotal),
  ssl_verify_result: (t) => (t.exitCode === 60 ? 18 : 0),
  time_appconnect: (t) => seconds(t.timeAppConnect),
  time_connect: (t) => seconds(t.timeConnect),
  time_namelookup: (t) => seconds(t.timeNameLookup),
  time_pretransfer: (t) => seconds(t.timePreTransfer),
  time_redirect: (t) => seconds(t.timeRedirect),
  time_starttransfer: (t) => seconds(t.timeStartTransfer),
  time_total: (t) => seconds(t.timeTotal),
  url: (t) => t.url,
  url_effective: (t) => t.target?.url ?? t.url,
  urlnum: (t) => t.urlNumber,
  xfer_id: (t) => t.urlNumber,
}

/** Variables that `%{json}` prints as numbers or strings; times as numbers. */
const json = (transfer: Transfer): string => {
  const entries = Object.entries(variables)
    .filter(([name]) => name !== 'header_json' && name !== 'certs')
    .map(([name, read]) => {
      const value = read(transfer)
      if (/^(http_code|response_code|http_connect)$/.test(name)) return [name, Number(value)]
      return [name, name.startsWith('time_') ? Number(value) : value === '' ? null : value]
    })
  return JSON.stringify({ ...Object.fromEntries(entries), curl_version: `libcurl/${curlVersion}` })
}

const headerJson = (headers: [string, string][]): string => {
  const grouped: Record<string, string[]> = {}
  for (const [name, value] of headers) grouped[name.toLowerCase()] = [...(grouped[name.toLowerCase()] ?? []), value]
  return `{${Object.entries(grouped)
    .map(([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(values)}`)
    .join(',\n')}\n}`
}

export const curlVersion = '8.15.0'

/** Text of `-w` split by where it goes. `%{onerror}` ends it for transfers that went well. */
export const writeOut = (format: string, transfer: Transfer): { stdout: string; stderr: string } => {
  const out = { stdout: '', stderr: '' }
  let stream: 'stdout' | 'stderr' = 'stdout'
  for (const [whole, name, output, header, escaped] of format.matchAll(
    /%\{([\w.]+)\}|%(output)\{[^}]*\}|%header\{([^}]*)\}|\\([nrt\\])|%%|[\s\S]/g,
  )) {
    if (name !== undefined) {
      if (name === 'onerror') {
        if (transfer.exitCode === 0) break
      } else if (name === 'stdout' || name === 'stderr') stream = name
      else if (name === 'json') out[stream] += json(transfer)
      else if (/^urle?\./.test(name))
        out[stream] += urlPart(
          name.startsWith('urle') ? (transfer.target?.url ?? '') : transfer.url,
          name.split('.')[1] ?? '',
        )
      else if (Object.hasOwn(variables, name)) out[stream] += variables[name]?.(transfer) ?? ''
      else out.stderr += `curl: unknown --write-out variable: '${name}'\n`
    } else if (header !== undefined)
      out[stream] += transfer.headers.find(([each]) => each.toLowerCase() === header.toLowerCase())?.[1] ?? ''
    else if (escaped !== undefined) out[stream] += { n: '\n', r: '\r', t: '\t', '\\': '\\\\' }[escaped] ?? ''
    else if (output === undefined) out[stream] += whole === '%%' ? '%' : whole
  }
  return out
}

/** Five characters for a number of bytes: `  123`, `9999k`, ` 1.2M`. */
const five = (bytes: number): string => {
  if (bytes < 100_000) return String(bytes).padStart(5)
  if (bytes < 10_000 * 1024) return `${String(Math.floor(bytes / 1024)).padStart(4)}k`
  if (bytes < 100 * 1024 ** 2)
    return `${String(Math.floor(bytes / 1024 ** 2)).padStart(2)}.${Math.floor((bytes % 1024 ** 2) / (1024 ** 2 / 10))}M`
  return `${String(Math.floor(bytes / 1024 ** 2)).padStart(4)}M`
}

const clock = (time: number): string => {
  const whole = Math.floor(time)
  if (whole <= 0) return '--:--:--'
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(Math.floor(whole / 3600)).padStart(2)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
}

export const meterHead =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n'

/** One line of the meter. `expected` is the length the server named, or what came. */
export const meterLine = (down: number, up: number, expected: number, time: number): string => {
  const total = expected + up
  const percent = (part: number, whole: number): string =>
    String(whole > 0 ? Math.floor((part * 100) / whole) : 0).padStart(3)
  const rate = speed(down, time)
  const left = rate > 0 ? Math.floor(expected / rate) : 0
  return `\r${percent(down + up, total)} ${five(total)}  ${percent(down, expected)} ${five(down)}  ${percent(up, up)} ${five(up)}  ${five(rate)}  ${five(speed(up, time))} ${clock(left)} ${clock(time)} ${clock(Math.max(0, left - Math.floor(time)))} ${five(rate)}`
}
