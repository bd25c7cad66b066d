/**
 * The question that a proxy has for an external authorizer before it can decide, as Envoy's ext_authz filter puts it.
 * Upstream: pilot/pkg/security/authz/builder/extauthz.go (generateHTTPConfig, generateGRPCConfig); envoy
 * source/extensions/filters/common/ext_authz/{ext_authz_http_impl,check_request_utils}.cc.
 * Not modelled: request bodies (`includeRequestBodyInCheck`), for which the verdict is `unknown`.
 */
import type { Pod } from '../../../kube/kinds.ts'
import type { CheckFact, HttpRequest } from '../../call.ts'
import type { Question } from '../../mesh.ts'
import { milliseconds } from '../duration.ts'
import { fields, text } from '../read.ts'
import { headerMatcher } from './headers.ts'
import type { ExtensionProvider } from './provider.ts'

/** What the receiver's sidecar would have to ask. */
export interface Check {
  provider: ExtensionProvider
  receiver: Pod
  source: { address: string; principal?: string }
  destination: { address: string; port: number; principal?: string }
  /** As the sidecar sees it; absent on a port of bytes. */
  http?: HttpRequest
}

/** Istio's own default, when the provider has no timeout. */
const defaultTimeout = 600_000

/** Who asked whom: facts are found again by it. */
export const keyOf = ({
  receiver,
  provider,
}: Pick<Check, 'receiver' | 'provider'>): Pick<CheckFact, 'by' | 'authorizer'> => ({
  by: `${receiver.metadata.namespace ?? 'default'}/${receiver.metadata.name}`,
  authorizer: provider.name,
})

export const isGrpc = ({ kind }: ExtensionProvider): boolean => kind === 'envoyExtAuthzGrpc'

/** HTTP authorizers get these whatever the provider includes. */
const alwaysIncluded = ['authorization']

const httpQuestion = (check: Check, http: HttpRequest): Question['request'] => {
  const { settings } = check.provider
  const isIncluded = headerMatcher(settings.includeRequestHeadersInCheck ?? settings.includeHeadersInCheck)
  const added = Object.entries(fields(settings.includeAdditionalHeadersInCheck)).flatMap(
    ([name, value]): [string, string][] => (typeof value === 'string' ? [[name.toLowerCase(), value]] : []),
  )
  const names = new Set(added.map(([name]) => name))
  const included = http.headers.filter(
    ([name]) => (alwaysIncluded.includes(name) || isIncluded(name)) && !names.has(name),
  )
  return {
    method: http.method,
    path: `${text(settings.pathPrefix) ?? ''}${http.path}`,
    authority: http.authority,
    headers: [
      ...included,
      ...added,
      ['content-length', '0'],
      ['x-envoy-internal', 'true'],
      ['x-forwarded-for', check.destination.address],
    ],
    body: '',
  }
}

/**
 * A CheckRequest. Its messages travel as JSON here, because the simulated network knows no HTTP/2; who serves it is
 * simulated too.
 */
const grpcQuestion = (check: Check): Question['request'] => {
  const { source, destination, http } = check
  const peer = ({ address, port, principal }: { address: string; port?: number; principal?: string }) => ({
    address: { socket_address: { address, ...(port === undefined ? {} : { port_value: port }) } },
    ...(principal === undefined ? {} : { principal }),
  })
  const headers = http && {
    ':authority': http.authority,
    ':method': http.method,
    ':path': http.path,
    ...Object.fromEntries(http.headers),
  }
  const request = http && {
    http: { method: http.method, headers, path: http.path, host: http.authority, protocol: 'HTTP/1.1' },
  }
  const attributes = { source: peer(source), destination: peer(destination), ...(request ? { request } : {}) }
  return {
    method: 'POST',
    path: '/envoy.service.auth.v3.Authorization/Check',
    authority: check.provider.service.replace(/^.*\//, ''),
    headers: [['content-type', 'application/grpc+json']],
    body: JSON.stringify({ attributes }),
  }
}

/** @param host where the authorizer listens, and @param port of it */
export const questionOf = (check: Check, host: string, port: number): Question => ({
  host,
  port,
  request: check.http === undefined || isGrpc(check.provider) ? grpcQuestion(check) : httpQuestion(check, check.http),
  timeout: milliseconds(check.provider.settings.timeout) ?? defaultTimeout,
})
