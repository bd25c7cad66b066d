/** One URL fetched, redirects and retries included, with everything curl says about it on the way. */
import { toldUnmodelled } from '../../../../meshes/verdict.ts'
import type { Failure, HttpExchange } from '../../../dataplane/dataplane.ts'
import { reasonOf } from '../../../dataplane/http1.ts'
import { readFile } from '../../process/open.ts'
import { type Process, pause } from '../../process/process.ts'
import type { Options } from './options.ts'
import type { Transfer } from './report.ts'
import { prepare } from './request.ts'
import { follow, parseUrl, type Target } from './url.ts'

/** What comes out of one transfer, besides `Transfer`'s numbers. */
export interface Outcome {
  transfer: Transfer
  /** Goes to the output: headers with `-i`/`-I`, then the body. */
  output: Uint8Array
  /** Header lines for `-D`. */
  dumped: string
  /** Whether a response came at all: then `-o` makes a file. */
  hasResponse: boolean
}

const blank = (url: string, urlNumber: number): Transfer => ({
  url,
  urlNumber,
  method: 'GET',
  exitCode: 0,
  errorMessage: '',
  status: 0,
  headers: [],
  remoteIp: '',
  remotePort: 0,
  localIp: '',
  localPort: 0,
  sizeDownload: 0,
  sizeUpload: 0,
  sizeHeader: 0,
  sizeRequest: 0,
  connects: 0,
  redirects: 0,
  redirectUrl: '',
  retries: 0,
  filename: '',
  timeNameLookup: 0,
  timeConnect: 0,
  timeAppConnect: 0,
  timePreTransfer: 0,
  timeStartTransfer: 0,
  timeRedirect: 0,
  timeTotal: 0,
})

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

/** `--resolve` and `--connect-to`: where to dial instead. */
const redirected = (options: Options, target: Target): { host: string; port: number } => {
  for (const rule of options.connectTo) {
    const [host, port, toHost, toPort] = rule.split(':')
    if ((host === '' || host?.toLowerCase() === target.host) && (port === '' || Number(port) === target.port))
      return { host: toHost || target.host, port: Number(toPort) || target.port }
  }
  for (const rule of options.resolve) {
    const [host, port, ...address] = rule.replace(/^\+/, '').split(':')
    if ((host === '*' || host?.toLowerCase() === target.host) && Number(port) === target.port)
      return { host: address.join(':').split(',')[0] ?? target.host, port: target.port }
  }
  return { host: target.host, port: target.port }
}

/** Exit code and error text of a connection that failed. Times in whole milliseconds. */
const describe = (
  failure: Failure,
  target: Target,
  elapsed: number,
  connected: boolean,
  limits: { connect: number },
): { exitCode: number; says: string } => {
  switch (failure.kind) {
    case 'nxdomain':
      return { exitCode: 6, says: `Could not resolve host: ${target.host}` }
    case 'refused':
      return {
        exitCode: 7,
        says: `Failed to connect to ${target.host} port ${target.port} after ${elapsed} ms: Could not connect to server`,
      }
    case 'reset':
      return target.scheme === 'https'
        ? { exitCode: 35, says: 'Recv failure: Connection reset by peer' }
        : { exitCode: 56, says: 'Recv failure: Connection reset by peer' }
    case 'empty':
      return target.scheme === 'https'
        ? { exitCode: 35, says: 'TLS connect error: error:00000000:lib(0)::reason(0)' }
        : { exitCode: 52, says: 'Empty reply from server' }
    case 'timeout':
      if (failure.resolving) return { exitCode: 28, says: `Resolving timed out after ${elapsed} milliseconds` }
      if (connected)
        return { exitCode: 28, says: `Operation timed out after ${elapsed} milliseconds with 0 bytes received` }
      return limits.connect > 0
        ? {
            exitCode: 28,
            says: `Failed to connect to ${target.host} port ${target.port} after ${elapsed} ms: Timeout was reached`,
          }
        : { exitCode: 28, says: `Connection timed out after ${elapsed} milliseconds` }
    case 'not-http':
      return { exitCode: 1, says: 'Received HTTP/0.9 when not allowed' }
    case 'tls':
      if (failure.wrongName)
        return {
          exitCode: 60,
          says: `SSL: no alternative certificate subject name matches target ${/^[\d.]+$/.test(failure.says) ? 'ip address' : 'host name'} '${failure.says}'`,
        }
      return failure.certificate
        ? {
            exitCode: 60,
            says: `SSL certificate problem: ${failure.says}\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the web page mentioned above.`,
          }
        : { exitCode: 35, says: `OpenSSL/3.3.1: error:0A00010B:SSL routines::${failure.says}` }
  }
}

const textOf = async (process: Process, path: string): Promise<string | undefined> => {
  const content = await readFile(process, path)
  return content && new TextDecoder().decode(content)
}

const moved = new Set([301, 302, 303, 307, 308])

export const transfer = async (
  process: Process,
  options: Options,
  url: string,
  urlNumber: number,
): Promise<Outcome> => {
  const { container } = process
  const { network } = container
  const result = blank(url, urlNumber)
  const began = performance.now()
  const chunks: Uint8Array[] = []
  let dumped = ''
  let hasResponse = false
  const say = (line: string): void => {
    if (options.verbose) process.err(`* ${line}\n`)
  }
  const seconds = (): number => Math.max((performance.now() - began) / 1000, 0.000_05)
  const finish = (exitCode: number, says = ''): Outcome => {
    result.exitCode = exitCode
    result.errorMessage = says
    result.timeTotal = seconds()
    return { transfer: result, output: new Uint8Array(Buffer.concat(chunks)), dumped, hasResponse }
  }

  const first = parseUrl(url, options)
  if ('exitCode' in first) return finish(first.exitCode, first.says)
  let target: Target = first
  let method: string | undefined
  let dropBody = false
  const open = new Set<string>()
  for (;;) {
    result.target = target
    if (target.scheme === 'telnet') return finish(1, 'Protocol "telnet" not supported')
    const redone = method === undefined ? options : { ...options, method, data: dropBody ? [] : options.data }
    const made = await prepare(process, redone, target)
    if ('exitCode' in made) return finish(made.exitCode, made.says)
    const { prepared } = made
    const path = options.requestTarget ?? made.path
    result.method = prepared.method
    const place = redirected(options, target)
    const isAddress = /^[\d.]+$|:/.test(target.host)
    const trusted = options.caCert === undefined ? undefined : await textOf(process, options.caCert)
    if (target.scheme === 'https' && options.caCert !== undefined && trusted === undefined)
      return finish(77, `error adding trust anchors from file: ${options.caCert}`)
    const limit = options.maxTime > 0 ? Math.max(1, options.maxTime * 1000 - (performance.now() - began)) : undefined
    const connectLimit = options.connectTimeout > 0 ? options.connectTimeout * 1000 : undefined
    const host = prepared.headers.find(([name]) => name === 'Host')?.[1] ?? ''
    const sent: HttpExchange['request'] = {
      method: prepared.method,
      path,
      authority: host,
      headers: prepared.headers
        .filter(([name]) => name !== 'Host')
        .map(([name, value]) => [name.toLowerCase(), value] as const),
      body: prepared.body,
    }
    const connectStart = performance.now()
    const answer = await network.http(
      {
        from: container.pod,
        host: place.host,
        port: place.port,
        timeout: limit === undefined ? undefined : limit,
        connectTimeout: connectLimit,
        signal: process.signal,
        ...(target.scheme === 'https'
          ? { tls: { serverName: isAddress ? '' : target.host, verify: !options.insecure, ca: trusted } }
          : {}),
      },
      sent,
    )
    const elapsed = Math.max(0, Math.round(performance.now() - connectStart))
    const remote = answer.remoteAddress ?? ''
    const isUnresolved =
      !answer.ok &&
      (answer.failure.kind === 'nxdomain' || (answer.failure.kind === 'timeout' && answer.failure.resolving === true))
    if (!isUnresolved && !/^[\d.]+$/.test(place.host)) {
      say(`Host ${place.host}:${place.port} was resolved.`)
      say('IPv6: (none)')
      say(`IPv4: ${remote}`)
    }
    const isConnected =
      answer.ok ||
      !(
        answer.failure.kind === 'nxdomain' ||
        answer.failure.kind === 'refused' ||
        (answer.failure.kind === 'timeout' && !answer.failure.connected)
      )
    const key = `${place.host}:${place.port}`
    const reused = open.has(key)
    if (!isUnresolved && !reused) say(`  Trying ${remote}:${place.port}...`)
    if (!isConnected && !answer.ok) {
      const { exitCode, says } = describe(answer.failure, target, elapsed, false, { connect: connectLimit ?? 0 })
      if (answer.failure.kind === 'refused')
        say(
          `connect to ${remote} port ${place.port} from ${container.pod.status?.podIP ?? ''} port ${40_000 + (elapsed % 20_000)} failed: Connection refused`,
        )
      say(says)
      say('closing connection #0')
      if (answer.failure.kind !== 'nxdomain') result.timeNameLookup = 0.000_4
      return finish(exitCode, says)
    }
    result.timeNameLookup ||= seconds() * 0.2
    result.timeConnect ||= seconds() * 0.4
    result.timePreTransfer = seconds() * 0.5
    if (target.scheme === 'https') result.timeAppConnect = result.timePreTransfer
    result.remoteIp = remote
    result.remotePort = place.port
    result.localIp = remote.startsWith('127.') ? '127.0.0.1' : (container.pod.status?.podIP ?? '')
    result.localPort = 32_768 + (Math.floor(began * 7) % 28_000)
    if (!reused) {
      result.connects++
      say(`Connected to ${target.host} (${remote}) port ${place.port}`)
    }
    if (!answer.ok && answer.failure.kind === 'tls') {
      const { exitCode, says } = describe(answer.failure, target, elapsed, true, { connect: 0 })
      say(says.split('\n')[0] ?? '')
      say('closing connection #0')
      return finish(exitCode, says)
    }
    if (target.scheme === 'https' && answer.ok && !reused) {
      say('SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / x25519 / RSASSA-PSS')
      say(' SSL certificate verify result: self-signed certificate (18), continuing anyway.')
    }
    const head = `${prepared.method} ${path} HTTP/1.${options.http10 ? 0 : 1}\r\n${prepared.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    const failedEarly = !answer.ok && target.scheme === 'https'
    if (!failedEarly) {
      result.sizeRequest += head.length
      result.sizeUpload = prepared.body.length
      if (options.verbose)
        process.err(
          head
            .split('\r\n')
            .slice(0, -1)
            .map((line) => `> ${line}\r\n`)
            .join(''),
        )
      if (options.verbose && prepared.body.length === 0) say('Request completely sent off')
      else if (options.verbose) {
        process.err(`} [${prepared.body.length} bytes data]\n`)
        say(`upload completely sent off: ${prepared.body.length} bytes`)
      }
    }
    if (!answer.ok) {
      const told = describe(answer.failure, target, Math.round(performance.now() - began), true, { connect: 0 })
      const says = toldUnmodelled(answer.verdict) ?? told.says
      say(says)
      say('closing connection #0')
      return finish(told.exitCode, says)
    }
    const { response } = answer.exchange
    hasResponse = true
    result.timeStartTransfer = seconds() * 0.9
    result.status = response.status
    result.headers = response.headers
    result.contentType = response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
    const reason = reasonOf(response.status)
    const responseHead = `HTTP/1.1 ${response.status} ${reason}\r\n${response.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    result.sizeHeader += responseHead.length
    dumped += responseHead
    const failing = options.fail && response.status >= 400
    if (options.verbose)
      process.err(
        responseHead
          .split('\r\n')
          .slice(0, -1)
          .map((line) => `< ${line}\r\n`)
          .join(''),
      )
    if ((options.include || options.head) && !failing) chunks.push(bytesOf(responseHead))
    const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
    const next = location !== undefined && moved.has(response.status) ? follow(target, location) : undefined
    if (next !== undefined && !options.location) result.redirectUrl = next
    const noBody = prepared.method === 'HEAD' || options.head || response.status === 204 || response.status === 304
    const body = noBody ? new Uint8Array() : response.body
    open.add(key)
    if (next !== undefined && options.location) {
      if (body.length > 0) say('Ignoring the response-body')
      if (options.maxRedirs >= 0 && result.redirects >= options.maxRedirs) {
        const says = `Maximum (${options.maxRedirs}) redirects followed`
        say(says)
        return finish(47, says)
      }
      say(`Connection #0 to host ${target.host} left intact`)
      say(`Issue another request to this URL: '${next}'`)
      const parsed = parseUrl(next, options)
      if ('exitCode' in parsed) return finish(parsed.exitCode, parsed.says)
      const keeps =
        (response.status === 301 && options.post301) ||
        (response.status === 302 && options.post302) ||
        (response.status === 303 && options.post303)
      if ([301, 302, 303].includes(response.status) && prepared.method === 'POST' && !keeps && !options.method) {
        method = 'GET'
        dropBody = true
        say(`Switch to GET because of ${response.status} response`)
      }
      result.redirects++
      result.timeRedirect = seconds()
      target = parsed
      continue
    }
    if (failing) {
      say(`The requested URL returned error: ${response.status}`)
      say('closing connection #0')
      return finish(22, `The requested URL returned error: ${response.status}`)
    }
    result.sizeDownload = body.length
    if (options.verbose && !process.tty && body.length > 0) process.err(`{ [${body.length} bytes data]\n`)
    chunks.push(body)
    say(`Connection #0 to host ${target.host} left intact`)
    if (options.failWithBody && response.status >= 400)
      return finish(22, `The requested URL returned error: ${response.status}`)
    return finish(0)
  }
}

/** Whether `--retry` tries again after that outcome. */
export const isTransient = (outcome: Outcome, options: Options): boolean => {
  const { exitCode, status } = outcome.transfer
  if (options.retryAllErrors && (exitCode !== 0 || status >= 400)) return true
  if (exitCode === 28 || exitCode === 6) return true
  if (exitCode === 7) return options.retryConnRefused
  return [408, 429, 500, 502, 503, 504].includes(status)
}

export const waitBeforeRetry = async (process: Process, options: Options, attempt: number): Promise<number> => {
  const seconds = options.retryDelay || Math.min(2 ** attempt, 600)
  await pause(process.container.clock, seconds * 1000, process.signal)
  return seconds
}
