/**
 * `wget`: busybox's on Alpine and busybox images, GNU's on Debian ones. The words and exit codes of the two differ.
 * Upstream: busybox/networking/wget.c; GNU Wget manual, "Exit Status". Not modelled: recursion, FTP, continuation.
 */
import { toldUnmodelled } from '../../../meshes/verdict.ts'
import type { Failure, HttpExchange, HttpResult } from '../../dataplane/dataplane.ts'
import { reasonOf } from '../../dataplane/http1.ts'
import { writeFile } from '../process/open.ts'
import type { Command, Process } from '../process/process.ts'
import { follow, parseUrl, type Target } from './curl/url.ts'

interface Options {
  quiet: boolean
  spider: boolean
  serverResponse: boolean
  insecure: boolean
  output?: string
  headers: string[]
  postData?: string
  userAgent?: string
  /** Milliseconds. */
  timeout: number
  urls: string[]
}

const withValue =
  /^(-[OTtUPo]|--(output-document|timeout|tries|user-agent|header|post-data|directory-prefix|method|body-data|connect-timeout|read-timeout|dns-timeout))$/
const without =
  /^(-[qScNn]+|-nv|--(quiet|spider|server-response|no-check-certificate|no-verbose|content-on-error|no-proxy|continue))$/

const parse = (words: readonly string[]): Options | { unknown: string } => {
  const options: Options = {
    quiet: false,
    spider: false,
    serverResponse: false,
    insecure: false,
    headers: [],
    timeout: 900_000,
    urls: [],
  }
  const rest = [...words]
  const set = (name: string, value: string): void => {
    if (name === '-O' || name === '--output-document') options.output = value
    else if (name === '-T' || name.endsWith('timeout')) options.timeout = Number(value) * 1000
    else if (name === '-U' || name === '--user-agent') options.userAgent = value
    else if (name === '--header') options.headers.push(value)
    else if (name === '--post-data') options.postData = value
  }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = '', attached] = word.startsWith('--') ? word.split(/=(.*)/s) : [word]
    const glued = /^-(q*)([OTtU])(.*)$/s.exec(word)
    if (withValue.test(name)) set(name, attached ?? rest.shift() ?? '')
    else if (without.test(word)) {
      if (/^-\w*q|--quiet/.test(word)) options.quiet = true
      if (/^-\w*S|--server-response/.test(word)) options.serverResponse = true
      if (word === '--spider') options.spider = true
      if (word === '--no-check-certificate') options.insecure = true
    } else if (glued && !word.startsWith('--')) {
      if (glued[1]) options.quiet = true
      set(`-${glued[2]}`, glued[3] || (rest.shift() ?? ''))
    } else if (word.startsWith('-') && word !== '-') return { unknown: word }
    else options.urls.push(word)
  }
  return options
}

const ask = (process: Process, options: Options, target: Target): Promise<HttpResult> => {
  const isBusybox = process.container.userland === 'busybox'
  const own: [string, string][] = [['user-agent', options.userAgent ?? (isBusybox ? 'Wget' : 'Wget/1.21.4')]]
  if (!isBusybox) own.push(['accept', '*/*'], ['accept-encoding', 'identity'])
  own.push(['connection', isBusybox ? 'close' : 'Keep-Alive'])
  const given = options.headers.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  const body = options.postData === undefined ? new Uint8Array() : new TextEncoder().encode(options.postData)
  if (options.postData !== undefined)
    own.push(['content-type', 'application/x-www-form-urlencoded'], ['content-length', String(body.length)])
  const names = new Set(given.map(([name]) => name))
  const host = given.find(([name]) => name === 'host')?.[1]
  const request: HttpExchange['request'] = {
    method: options.postData !== undefined ? 'POST' : options.spider ? 'HEAD' : 'GET',
    path: target.path,
    authority: host ?? target.shownHost,
    headers: [...own.filter(([name]) => !names.has(name)), ...given.filter(([name]) => name !== 'host')],
    body,
  }
  const tls =
    target.scheme === 'https' ? { serverName: target.host, verify: !options.insecure && !isBusybox } : undefined
  const { container } = process
  return container.network.http(
    {
      from: container.pod,
      host: target.host,
      port: target.port,
      timeout: options.timeout,
      signal: process.signal,
      ...(tls ? { tls } : {}),
    },
    request,
  )
}

/** No address was found: there is none, or no name server answered. */
const isUnresolved = (failure: Failure): boolean =>
  failure.kind === 'nxdomain' || (failure.kind === 'timeout' && failure.resolving === true)

/** The exit code and the words of a connection that failed, without `wget: `. */
const failureText = (
  result: Extract<HttpResult, { ok: false }>,
  target: Target,
  isBusybox: boolean,
): { says: string; code: number } => {
  const failure = isUnresolved(result.failure) ? { kind: 'nxdomain' } : result.failure
  const address = result.remoteAddress ?? target.host
  if (isBusybox) {
    const texts: Record<string, string> = {
      nxdomain: `bad address '${target.shownHost}'`,
      refused: `can't connect to remote host (${address}): Connection refused`,
      timeout: 'download timed out',
      reset: 'error getting response: Connection reset by peer',
      empty: 'error getting response',
      tls: 'TLS error from peer (alert code 80): handshake failed',
    }
    return { says: texts[failure.kind] ?? 'error getting response', code: 1 }
  }
  const texts: Record<string, { says: string; code: number }> = {
    nxdomain: { says: `unable to resolve host address '${target.host}'`, code: 4 },
    refused: { says: 'failed: Connection refused.', code: 4 },
    timeout: { says: 'failed: Connection timed out.', code: 4 },
    reset: { says: 'Read error (Connection reset by peer) in headers.', code: 4 },
    empty: { says: 'No data received.', code: 4 },
    tls: { says: `ERROR: cannot verify ${target.host}'s certificate: Self-signed certificate encountered.`, code: 5 },
  }
  return texts[failure.kind] ?? { says: 'Read error in headers.', code: 4 }
}

export const wget: Command = async (process) => {
  const isBusybox = process.container.userland === 'busybox'
  const options = parse(process.argv.slice(1))
  if ('unknown' in options) {
    process.err(
      `wget: unrecognized option${isBusybox ? ':' : ''} ${options.unknown.startsWith('--') && !isBusybox ? `'${options.unknown}'` : options.unknown.replace(/^-+/, '')}\n`,
    )
    return isBusybox ? 1 : 2
  }
  const url = options.urls[0]
  if (url === undefined) {
    process.err(
      isBusybox
        ? 'BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] [--header STR] [--post-data STR] URL...\n'
        : 'wget: missing URL\nUsage: wget [OPTION]... [URL]...\n',
    )
    return isBusybox ? 1 : 1
  }
  const note = (text: string): void => {
    if (!options.quiet) process.err(text)
  }
  const fail = (says: string, code: number): number => {
    if (isBusybox || !options.quiet) process.err(isBusybox ? `wget: ${says}\n` : `${says}\n`)
    return code
  }
  let next = url
  for (let redirects = 0; redirects <= 20; redirects++) {
    const target = parseUrl(next)
    if ('exitCode' in target) return fail(isBusybox ? `not an http or ftp url: ${next}` : `${next}: Invalid URL.`, 1)
    const result = await ask(process, options, target)
    const address = result.remoteAddress ?? ''
    const isFound = result.ok || !isUnresolved(result.failure)
    if (isBusybox) {
      if (isFound) note(`Connecting to ${target.shownHost} (${address}:${target.port})\n`)
    } else {
      const time = new Date(process.container.clock.now()).toISOString().slice(0, 19).replace('T', ' ')
      note(
        `--${time}--  ${target.url}\nResolving ${target.host} (${target.host})... ${isFound ? `${address}\nConnecting to ${target.host} (${target.host})|${address}|:${target.port}... ` : 'failed: Name or service not known.\n'}`,
      )
    }
    if (!result.ok) {
      const { says: ordinary, code } = failureText(result, target, isBusybox)
      const says = toldUnmodelled(result.verdict) ?? ordinary
      if (!isBusybox && (result.failure.kind === 'reset' || result.failure.kind === 'empty'))
        note('connected.\nHTTP request sent, awaiting response... ')
      return fail(isBusybox || isFound ? says : `wget: ${says}`, code)
    }
    const { response } = result.exchange
    const line = `${response.status} ${reasonOf(response.status)}`
    if (!isBusybox) note(`connected.\nHTTP request sent, awaiting response... ${line}\n`)
    if (options.serverResponse)
      process.err(`  HTTP/1.1 ${line}\n${response.headers.map(([name, value]) => `  ${name}: ${value}\n`).join('')}`)
    const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
    if (location && [301, 302, 303, 307, 308].includes(response.status)) {
      next = follow(target, location)
      continue
    }
    if (response.status >= 400)
      return fail(
        isBusybox
          ? `server returned error: HTTP/1.1 ${line}`
          : `${new Date(process.container.clock.now()).toISOString().slice(0, 19).replace('T', ' ')} ERROR ${response.status}: ${reasonOf(response.status)}.\n`,
        isBusybox ? 1 : 8,
      )
    if (options.spider) {
      note(isBusybox ? 'remote file exists\n' : 'Remote file exists.\n\n')
      return 0
    }
    const name = options.output ?? (target.path.replace(/\?.*$/s, '').split('/').at(-1) || 'index.html')
    const size = response.body.length
    const bar = `${name.slice(0, 20).padEnd(20)} 100% |********************************| ${String(size).padStart(5)}  0:00:00 ETA\n`
    if (name === '-') {
      if (isBusybox) note('writing to stdout\n')
      process.out(response.body)
      note(isBusybox ? `${bar}written to stdout\n` : `Length: ${size}\nSaving to: 'STDOUT'\n\n`)
      return 0
    }
    note(isBusybox ? `saving to '${name}'\n` : `Length: ${size}\nSaving to: '${name}'\n\n`)
    if (!(await writeFile(process, name, response.body)))
      return fail(
        isBusybox ? `can't open '${name}': No such file or directory` : `${name}: No such file or directory`,
        isBusybox ? 1 : 3,
      )
    note(isBusybox ? `${bar}'${name}' saved\n` : `'${name}' saved [${size}/${size}]\n\n`)
    return 0
  }
  return fail('too many redirections', isBusybox ? 1 : 8)
}
