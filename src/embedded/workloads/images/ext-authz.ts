/**
 * istio's sample external authorizer: lets pass what carries `x-ext-authz: allow`, HTTP checks on 8000 and gRPC checks on
 * 9000, where a caller whose service account is `-allow_service_account` (a) needs no header. Upstream: istio/istio
 * samples/extauthz/cmd/extauthz/main.go. gRPC messages travel as JSON; see the mesh's external authorization.
 * Not modelled: attributes in the logs are a selection of what the real server prints.
 */
import type { HttpExchange } from '../../dataplane/dataplane.ts'
import type { Image, Program } from '../workload.ts'
import { goResponse, header, type Response, respond, textOf } from './http.ts'

type Request = HttpExchange['request']

const checkHeader = 'x-ext-authz'
const resultHeader = 'x-ext-authz-check-result'
const receivedHeader = 'x-ext-authz-check-received'
const overrideHeader = 'x-ext-authz-additional-header-override'
const denyBody = `denied by ext_authz for not found header \`${checkHeader}: allow\` in the request`

/** `2026/11/24 20:00:00` */
const logTime = (now: number): string => new Date(now).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')

const canonical = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

/** A map of Go, printed. */
const printed = (headers: Request['headers']): string => {
  const byName = new Map<string, string[]>()
  for (const [name, value] of headers) byName.set(canonical(name), [...(byName.get(canonical(name)) ?? []), value])
  const entries = [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([name, values]) => `${name}:[${values.join(' ')}]`).join(' ')}]`
}

const answerHttp = (request: Request, now: number, log: (line: string) => void): Response => {
  const isAllowed = header(request, checkHeader) === 'allow'
  const { method, authority, path, headers } = request
  const says = `${method} ${authority}${path}, headers: ${printed(headers)}, body: [${textOf(request.body)}]`
  log(`${logTime(now)} [HTTP][${isAllowed ? 'allowed' : 'denied'}]: ${says}`)
  const answer = isAllowed ? goResponse(now, 200, '') : goResponse(now, 403, denyBody)
  const own: [string, string][] = [
    ['X-Ext-Authz-Additional-Header-Override', header(request, overrideHeader) ?? ''],
    ['X-Ext-Authz-Check-Received', says],
    ['X-Ext-Authz-Check-Result', isAllowed ? 'allowed' : 'denied'],
  ]
  return { ...answer, headers: [...own, ...answer.headers] }
}

interface Attributes {
  source?: { principal?: string }
  request?: { http?: { headers?: Record<string, string>; host?: string; path?: string } }
}

const attributesOf = (body: string): Attributes | undefined => {
  try {
    return (JSON.parse(body) as { attributes?: Attributes } | null)?.attributes ?? {}
  } catch {
    return undefined
  }
}

/** Message fields as protobuf's text form writes them. */
const textForm = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return Object.entries(value)
    .map(([key, each]) => (typeof each === 'object' ? `${key}:{${textForm(each)}}` : `${key}:${JSON.stringify(each)}`))
    .join(' ')
}

const answerGrpc = (body: string, now: number, account: string, log: (line: string) => void): Response => {
  const attributes = attributesOf(body)
  if (attributes === undefined) return goResponse(now, 415, '')
  const http = attributes.request?.http
  const asked = http?.headers?.[checkHeader]
  const isAllowed =
    asked === undefined ? (attributes.source?.principal?.endsWith(`/sa/${account}`) ?? false) : asked === 'allow'
  const result = isAllowed ? 'allowed' : 'denied'
  const received = textForm(attributes)
  log(`${logTime(now)} [gRPCv3][${result}]: ${http?.host ?? ''}${http?.path ?? ''}, attributes: ${received}`)
  const headers = [
    [resultHeader, result],
    [receivedHeader, received],
    [overrideHeader, 'grpc-additional-header-override-value'],
  ].map(([key, value]) => ({ header: { key, value } }))
  const response = isAllowed
    ? { status: { code: 0 }, ok_response: { headers } }
    : { status: { code: 7 }, denied_response: { status: { code: 403 }, body: denyBody, headers } }
  return respond(200, [['content-type', 'application/grpc+json']], JSON.stringify(response))
}

/** `-http=8000`, `--grpc 9000` */
const flag = (argv: readonly string[], name: string, otherwise: string): string => {
  const at = argv.findIndex((each) => new RegExp(`^--?${name}(=|$)`).test(each))
  if (at < 0) return otherwise
  const own = argv[at] ?? ''
  return own.includes('=') ? own.slice(own.indexOf('=') + 1) : (argv[at + 1] ?? otherwise)
}

const program: NonNullable<Image['programs']>[string] = ({ argv, clock, log }): Program => {
  const [http, grpc] = [Number(flag(argv, 'http', '8000')), Number(flag(argv, 'grpc', '9000'))]
  const account = flag(argv, 'allow_service_account', 'a')
  log(`${logTime(clock.now())} Starting HTTP server at [::]:${http}`)
  log(`${logTime(clock.now())} Starting gRPC server at [::]:${grpc}`)
  return {
    ports: [
      { port: http, protocol: 'http' },
      { port: grpc, protocol: 'http' },
    ],
    async http(request, { port }) {
      const now = clock.now()
      if (port === http) return answerHttp(request, now, log)
      const isCheck = request.path === '/envoy.service.auth.v3.Authorization/Check'
      return isCheck ? answerGrpc(textOf(request.body), now, account, log) : goResponse(now, 415, '')
    },
  }
}

export const extAuthz: Image = {
  repository: 'istio/ext-authz',
  says: 'the external authorizer of Istio’s samples: x-ext-authz: allow passes; HTTP on 8000, gRPC on 9000',
  entrypoint: ['/usr/local/bin/extauthz'],
  userland: 'busybox',
  programs: { extauthz: program },
}
