/**
 * mendhak/http-https-echo: answers every request with what it received, as JSON. Upstream: its index.js (Express 4,
 * morgan). Modelled as of version 37. Not modelled: JWT signature checks, client certificates, Prometheus metrics,
 * OVERRIDE_RESPONSE_BODY_FILE_PATH.
 */
import { createHash } from 'node:crypto'
import { pause } from '../process/process.ts'
import type { ContainerContext, Image, Program } from '../workload.ts'
import { httpDate, respond, target, textOf } from './http.ts'

/** Loopback, link-local and private addresses: the proxies that the program trusts for X-Forwarded-*. */
const isTrusted = (ip: string): boolean =>
  /^(127\.|169\.254\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|::1$|fe80|f[cd])/.test(ip.replace(/^::ffff:/, ''))

/** The addresses a request came through, nearest first, up to the first that is not trusted (Express's `req.ips`). */
const trustedChain = (remote: string, forwarded: string | undefined): string[] => {
  const chain = [
    remote,
    ...(forwarded ?? '')
      .split(',')
      .map((ip) => ip.trim())
      .filter(Boolean)
      .reverse(),
  ]
  const stop = chain.findIndex((ip) => !isTrusted(ip))
  return stop < 0 ? chain : chain.slice(0, stop + 1)
}

const parseQuery = (query: URLSearchParams): Record<string, string | string[]> => {
  const parsed: Record<string, string | string[]> = {}
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    parsed[name] = values.length > 1 ? values : (values[0] ?? '')
  }
  return parsed
}

/** Node joins repeated headers with a comma, cookies with a semicolon, and keeps the first of those that must be single. */
const single = new Set(
  'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after server user-agent'.split(
    ' ',
  ),
)

const joinHeaders = (authority: string, headers: readonly (readonly [string, string])[]): Record<string, string> => {
  const joined: Record<string, string> = { host: authority }
  for (const [raw, value] of headers) {
    const name = raw.toLowerCase()
    if (name === 'host' || (joined[name] !== undefined && single.has(name))) continue
    joined[name] = joined[name] === undefined ? value : `${joined[name]}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return joined
}

const decodePart = (part: string | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))

/** As `jsonwebtoken.decode(token, { complete: true })`: no check of the signature, null for what is no token. */
const decodeJwt = (token: string): unknown => {
  const parts = token.split('.')
  if (parts.length !== 3) return null
  try {
    return { header: decodePart(parts[0]), payload: decodePart(parts[1]), signature: parts[2] }
  } catch {
    return null
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

const commonDate = (now: number): string => {
  const iso = new Date(now).toISOString()
  return `${iso.slice(8, 10)}/${months[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

const start = (context: ContainerContext): Program => {
  const { env, clock } = context
  const ports = { http: Number(env.HTTP_PORT || 8080), https: Number(env.HTTPS_PORT || 8443) }
  context.log(`Listening on ports ${ports.http} for http, and ${ports.https} for https.`)
  return {
    ports: [
      { port: ports.http, protocol: 'http' },
      { port: ports.https, protocol: 'https' },
    ],
    onTerm: 0,
    async http(request, connection) {
      const { path, query } = target(request)
      const values = parseQuery(query)
      const headers = joinHeaders(request.authority, request.headers)
      const remote = `::ffff:${connection.remoteAddress}`
      const chain = trustedChain(remote, headers['x-forwarded-for'])
      const trusted = isTrusted(remote)
      const first = (text: string | undefined): string | undefined => text?.split(',')[0]?.trim()
      const host = ((trusted && first(headers['x-forwarded-host'])) || request.authority).replace(/:\d+$/, '')
      const isIp = /^[\d.]+$|:/.test(host)
      const body = textOf(request.body)
      const option = (name: string): string | undefined => headers[name] || query.get(name) || undefined
      const isJson = request.body.length > 0 && /^application\/(\w[\w.-]*\+)?json\b/.test(headers['content-type'] ?? '')
      const json =
        isJson && (headers['content-type'] ?? '').startsWith('application/json') ? parseJson(body) : undefined
      const jwtHeader = env.JWT_HEADER ? headers[env.JWT_HEADER.toLowerCase()] : undefined
      const sent = new Map(request.headers.map(([name]) => [name.toLowerCase(), name]))
      const echo = {
        path,
        headers: env.PRESERVE_HEADER_CASE
          ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [sent.get(name) ?? name, value]))
          : headers,
        method: request.method,
        body,
        fresh: false,
        hostname: host,
        ip: chain.at(-1) ?? remote,
        ips: chain.slice(1).reverse(),
        protocol: (trusted && first(headers['x-forwarded-proto'])) || (connection.tls ? 'https' : 'http'),
        query: values,
        subdomains: isIp ? [] : host.split('.').reverse().slice(2),
        xhr: headers['x-requested-with']?.toLowerCase() === 'xmlhttprequest',
        os: { hostname: context.pod.metadata.name },
        connection: { servername: connection.tls ? connection.tls.serverName || false : undefined },
        clientCertificate: connection.tls ? {} : undefined,
        env: env.ECHO_INCLUDE_ENV_VARS ? env : undefined,
        json,
        jwt: jwtHeader === undefined ? undefined : decodeJwt(jwtHeader.split(' ').pop() ?? ''),
      }
      const asked = Number.parseInt(option('x-set-response-status-code') ?? '', 10)
      const status = asked >= 100 && asked < 600 ? asked : 200
      const delay = Number.parseInt(option('x-set-response-delay-ms') ?? '', 10)
      if (delay > 0) await pause(clock, delay)
      const type = option('x-set-response-content-type')
      const isQuiet = env.ECHO_BACK_TO_CLIENT === 'false'
      const bodyOnly = query.get('response_body_only') === 'true'
      const text = isQuiet ? '' : bodyOnly ? body : JSON.stringify(echo, null, 2)
      const bytes = Buffer.from(text)
      if (env.DISABLE_REQUEST_LOGS !== 'true')
        context.log(
          `${echo.ip} - - [${commonDate(clock.now())}] "${request.method} ${request.path} HTTP/1.1" ${status} ${isQuiet ? '-' : bytes.length} "${headers.referer ?? '-'}" "${headers['user-agent'] ?? '-'}"`,
        )
      if (!env.LOG_IGNORE_PATH || !new RegExp(env.LOG_IGNORE_PATH).test(path))
        for (const line of JSON.stringify(echo, null, env.LOG_WITHOUT_NEWLINE ? undefined : 4).split('\n'))
          context.log(line)
      const etag = `W/"${bytes.length.toString(16)}-${createHash('sha1').update(bytes).digest('base64').slice(0, 27)}"`
      const contentType = type
        ? /charset=/i.test(type) || !/^(text\/|application\/json)/.test(type)
          ? type
          : `${type}; charset=utf-8`
        : bodyOnly
          ? 'text/html; charset=utf-8'
          : 'application/json; charset=utf-8'
      const described: [string, string][] = isQuiet
        ? [...(type ? ([['Content-Type', contentType]] as [string, string][]) : [])]
        : [
            ['Content-Type', contentType],
            ['Content-Length', String(bytes.length)],
            ['ETag', etag],
          ]
      return respond(
        status,
        [
          ['X-Powered-By', 'Express'],
          ...described,
          ['Date', httpDate(clock.now())],
          ['Connection', 'keep-alive'],
          ['Keep-Alive', 'timeout=5'],
          ...(isQuiet ? ([['Content-Length', '0']] as [string, string][]) : []),
        ],
        bytes,
      )
    },
  }
}

export const httpsEcho: Image = {
  repository: 'mendhak/http-https-echo',
  says: 'echoes every request as JSON on 8080 (http) and 8443 (https)',
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['node', './index.js'],
  env: { NODE_VERSION: '22.20.0', HTTP_PORT: '8080', HTTPS_PORT: '8443' },
  workingDir: '/app',
  user: 1000,
  userland: 'busybox',
  programs: { 'docker-entrypoint.sh': start, node: start },
}
