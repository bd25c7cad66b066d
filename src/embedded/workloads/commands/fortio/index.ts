/**
 * `fortio load` and `fortio curl`: the load generator of Istio's circuit-breaking task. Connections really ask side by
 * side. Upstream: fortio/fortio fhttp/httprunner.go, periodic/periodic.go.
 * Not modelled: gRPC, TCP and UDP loads, JSON results, warm-up calls beyond the first, HTTP/2.
 */
import type { HttpResult } from '../../../dataplane/dataplane.ts'
import { serializeHead } from '../../../dataplane/http1.ts'
import { type Command, type Process, pause } from '../../process/process.ts'
import { parseUrl, type Target } from '../curl/url.ts'
import { counterLine, general, histogramText } from './histogram.ts'
import { type FortioOptions, parseFortio } from './options.ts'

export const fortioVersion = '1.69.5'
/** What Go's runtime would say of the machine. */
const processors = 8

interface Sample {
  /** HTTP status, -1 without an answer. */
  code: number
  seconds: number
  headerSize: number
  bodySize: number
}

const levels = ['debug', 'verbose', 'info', 'warning', 'error', 'critical', 'fatal']

const fetchOnce = async (process: Process, options: FortioOptions, target: Target): Promise<HttpResult> => {
  const { container } = process
  const body = new TextEncoder().encode(options.payload ?? '')
  const host = options.headers.find(([name]) => name === 'host')?.[1]
  const own: [string, string][] = [['user-agent', `fortio.org/fortio-${fortioVersion}`]]
  if (options.payload !== undefined)
    own.push(['content-type', 'application/octet-stream'], ['content-length', String(body.length)])
  return container.network.http(
    {
      from: container.pod,
      host: target.host,
      port: target.port,
      timeout: options.timeout,
      signal: process.signal,
      ...(target.scheme === 'https' ? { tls: { serverName: target.host, verify: !options.insecure } } : {}),
    },
    {
      method: options.payload === undefined ? 'GET' : 'POST',
      path: target.path,
      authority: host ?? target.shownHost,
      headers: [...own, ...options.headers.filter(([name]) => name !== 'host')],
      body,
    },
  )
}

/** One call as the report counts it; says on standard error what was not 200, unless that is too much detail. */
const measure = async (process: Process, options: FortioOptions, target: Target, thread: number): Promise<Sample> => {
  const began = performance.now()
  const result = await fetchOnce(process, options, target)
  const seconds = Math.max((performance.now() - began) / 1000, 0.000_001)
  const isLoud = !options.quiet && levels.indexOf(options.logLevel.toLowerCase()) <= levels.indexOf('warning')
  const log = (line: number, fields: Record<string, unknown>): void => {
    const ts = process.container.clock.now() / 1000
    if (isLoud)
      process.err(`${JSON.stringify({ ts, level: 'warn', r: thread + 1, file: 'http_client.go', line, ...fields })}\n`)
  }
  if (!result.ok) {
    log(863, { msg: 'Unable to connect', dest: target.shownHost, err: result.failure.kind, thread, run: 0 })
    return { code: -1, seconds, headerSize: 0, bodySize: 0 }
  }
  const { response } = result.exchange
  const code = response.status
  if (code < 200 || code >= 300)
    log(1151, { msg: 'Non ok http code', code, status: `HTTP/1.1 ${code}`, thread, run: 0 })
  const headerSize = serializeHead(response).length
  return { code, seconds, headerSize: code === 200 ? headerSize : 0, bodySize: headerSize + response.body.length }
}

/** Calls of one connection, one after the other, at its share of the rate. */
const thread = async (
  process: Process,
  options: FortioOptions,
  target: Target,
  number: number,
  share: { calls: number; until: number },
): Promise<Sample[]> => {
  const { clock } = process.container
  const samples: Sample[] = []
  const began = clock.now()
  const gap = options.qps > 0 ? (1000 * options.connections) / options.qps : 0
  for (let done = 0; share.calls > 0 ? done < share.calls : clock.now() < share.until; done++) {
    if (process.signal?.aborted) break
    samples.push(await measure(process, options, target, number))
    const wait = began + gap * (done + 1) - clock.now()
    // A turn for the others in any case: connections take turns as goroutines do.
    if (wait > 0) await pause(clock, wait, process.signal)
    else await new Promise((resolve) => setImmediate(resolve))
  }
  return samples
}

const plan = ({ qps, connections, calls, seconds, url }: FortioOptions): string => {
  const rate = `${general(qps, 6)} queries per second, ${processors}->${processors} procs`
  const amount = calls > 0 ? `for ${calls} calls` : `for ${seconds}s`
  const pace = qps === 0 ? 'at max qps' : `at ${general(qps, 6)} qps`
  const threads = `with ${connections} thread(s) [gomax ${processors}]`
  const share = Math.floor(calls / connections)
  const exactly =
    calls > 0
      ? `for exactly ${calls} calls (${share} per thread + ${calls - share * connections})`
      : `for ${seconds}s${qps > 0 ? ` : ${Math.floor((qps * seconds) / connections)} calls each (total ${Math.floor((qps * seconds) / connections) * connections})` : ''}`
  return `Fortio ${fortioVersion} running at ${rate}, ${amount}: ${url}\nStarting ${pace} ${threads} ${exactly}\n`
}

const load = async (process: Process, options: FortioOptions, target: Target): Promise<number> => {
  const { clock } = process.container
  if (options.logLevel.toLowerCase() !== 'info')
    process.err(
      `${JSON.stringify({ ts: clock.now() / 1000, level: 'info', r: 1, file: 'logger.go', line: 298, msg: `Log level is now ${levels.indexOf(options.logLevel.toLowerCase())} ${options.logLevel} (was 2 Info)` })}\n`,
    )
  process.out(plan(options))
  if (options.calls === 0 && !options.allowInitialErrors) {
    const { code } = await measure(process, options, target, 0)
    if (code < 200 || code >= 300) {
      process.out(`Aborting because of error ${code} for ${options.url}\n`)
      return 1
    }
  }
  const began = performance.now()
  const until = clock.now() + options.seconds * 1000
  const share = Math.floor(options.calls / options.connections)
  const extra = options.calls - share * options.connections
  const threads = Array.from({ length: options.connections }, (_, number) =>
    options.calls > 0 && share === 0 && number >= extra
      ? Promise.resolve([])
      : thread(process, options, target, number, {
          calls: options.calls > 0 ? share + (number < extra ? 1 : 0) : 0,
          until,
        }),
  )
  const perThread = await Promise.all(threads)
  const samples = perThread.flat()
  const elapsed = (performance.now() - began) / 1000
  const times = samples.map(({ seconds }) => seconds)
  const failed = samples.filter(({ code }) => code < 200 || code >= 300)
  // Fortio closes a connection that answered anything but success, and opens another for the next call.
  const sockets = perThread.reduce((sum, list) => {
    const broken = list.slice(0, -1).filter(({ code }) => code < 200 || code >= 300).length
    return sum + (list.length === 0 ? 0 : options.keepAlive ? 1 + broken : list.length)
  }, 0)
  const qps = samples.length / elapsed
  const ended = elapsed < 1 ? `${general(elapsed * 1000, 7)}ms` : `${general(elapsed, 7)}s`
  process.out(`Ended after ${ended} : ${samples.length} calls. qps=${general(qps, 5)}\n`)
  process.out(histogramText('Aggregated Function Time', times))
  process.out(
    failed.length === 0
      ? 'Error cases : no data\n'
      : histogramText(
          'Error cases',
          failed.map(({ seconds }) => seconds),
        ),
  )
  process.out(`Sockets used: ${sockets} (for perfect keepalive, would be ${options.connections})\n`)
  process.out('Uniform: false, Jitter: false, Catchup allowed: true\n')
  const codes = new Map<number, number>()
  for (const { code } of samples) codes.set(code, (codes.get(code) ?? 0) + 1)
  for (const [code, count] of [...codes].sort(([a], [b]) => a - b))
    process.out(`Code ${String(code).padStart(3)} : ${count} (${((100 * count) / samples.length).toFixed(1)} %)\n`)
  process.out(
    counterLine(
      'Response Header Sizes',
      samples.map(({ headerSize }) => headerSize),
    ),
  )
  process.out(
    counterLine(
      'Response Body/Total Sizes',
      samples.map(({ bodySize }) => bodySize),
    ),
  )
  const average = times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length)
  process.out(
    `All done ${samples.length} calls (plus ${options.calls === 0 && !options.allowInitialErrors ? 1 : 0} warmup) ${(average * 1000).toFixed(3)} ms avg, ${qps.toFixed(1)} qps\n`,
  )
  return 0
}

const once = async (process: Process, options: FortioOptions, target: Target): Promise<number> => {
  const result = await fetchOnce(process, options, target)
  if (!result.ok) {
    process.err(`Error fetching ${options.url}: ${result.failure.kind}\n`)
    return 1
  }
  const { response } = result.exchange
  process.out(serializeHead(response))
  process.out(response.body)
  return response.status >= 200 && response.status < 300 ? 0 : 1
}

const usage = `Φορτίο ${fortioVersion} usage:\n\tfortio command [flags] target\nwhere command is one of: load, curl, version\nflags are: -c -qps -n -t -H -payload -timeout -keepalive -k -quiet -loglevel -allow-initial-errors\n`

export const fortio: Command = async (process) => {
  const options = parseFortio(process.argv.slice(1))
  if ('says' in options) {
    process.err(`${options.says}\n${usage}`)
    return 2
  }
  if (options.command === 'version') {
    process.out(`${fortioVersion}\n`)
    return 0
  }
  if (options.command !== 'load' && options.command !== 'curl') {
    process.err(`Error: unknown command ${options.command}\n${usage}`)
    return 1
  }
  if (options.url === undefined) {
    process.err(`Error: fortio ${options.command} needs a url or destination\n${usage}`)
    return 1
  }
  const target = parseUrl(options.url)
  if ('exitCode' in target) {
    process.err(`Bad url ${options.url}: ${target.says}\n`)
    return 1
  }
  return options.command === 'load' ? load(process, options, target) : once(process, options, target)
}
