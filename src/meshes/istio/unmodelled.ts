/**
 * Fields that istiod honours and this engine does not. Where one of them is set in a configuration that applies to a
 * call, the verdict is `unknown` and names it; `test/cases/istio/fields.yml` accounts for every field of the CRDs.
 */
import type { Evidence } from '../verdict.ts'
import type { Placed, TrafficPolicy } from './destination-rule.ts'
import { type Fields, fields, list, refOf, text } from './read.ts'

const isSet = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== '' &&
  !(Array.isArray(value) && value.length === 0)

/** The first of the names (`http.maxRetries`) that is set. False, empty texts and empty lists count as not set. */
export const firstSet = (value: Fields, names: readonly string[]): string | undefined =>
  names.find((name) => isSet(name.split('.').reduce<unknown>((at, key) => fields(at)[key], value)))

/** Parts of a traffic policy of which any setting is too much. */
export const unmodelledParts = ['proxyProtocol', 'retryBudget', 'tunnel'] as const

const byPart: Readonly<Record<'loadBalancer' | 'outlierDetection' | 'tls', readonly string[]>> = {
  loadBalancer: [
    'consistentHash.httpCookie',
    'localityLbSetting.distribute',
    'localityLbSetting.failover',
    'localityLbSetting.failoverPriority',
    'zoneAwareLbSetting.failover',
    'zoneAwareLbSetting.failoverPriority',
  ],
  outlierDetection: ['splitExternalLocalOriginErrors', 'outlierDetectionHttpErrorCodes'],
  tls: ['caCrl'],
}

const evidence = ({ object, field }: Placed, name: string): Evidence => ({
  object: refOf(object),
  field: `${field}.${name}`,
})

/** What of a cluster's traffic policy is not modelled. */
export const policyDoubt = (policy: TrafficPolicy): Evidence | undefined => {
  const { unmodelled, connectionPool, loadBalancer } = policy
  if (unmodelled !== undefined) return { object: refOf(unmodelled.object), field: unmodelled.field }
  for (const part of ['loadBalancer', 'outlierDetection', 'tls'] as const) {
    const placed = policy[part]
    const name = placed && firstSet(placed.value, byPart[part])
    if (placed !== undefined && name !== undefined) return evidence(placed, name)
  }
  // Endpoints are not balanced at all: the address that the caller dialled is asked, cluster IP or not.
  if (loadBalancer !== undefined && text(loadBalancer.value.simple) === 'PASSTHROUGH')
    return evidence(loadBalancer, 'simple')
  // Over HTTP/2 one connection carries many requests: limits count otherwise.
  const pool = fields(connectionPool?.value.http)
  if (connectionPool !== undefined && text(pool.h2UpgradePolicy) === 'UPGRADE')
    return evidence(connectionPool, 'http.h2UpgradePolicy')
  return undefined
}

const routeFields = ['fault.abort.grpcStatus', 'fault.abort.http2Error', 'directResponse.body.bytes']

/** Envoy fills in `%DOWNSTREAM_REMOTE_ADDRESS%` and the like. */
const isFormatted = (headers: unknown): boolean =>
  [fields(headers).request, fields(headers).response]
    .map(fields)
    .some(({ set, add }) =>
      [set, add].flatMap((each) => Object.values(fields(each))).some((value) => /%[A-Z]/.test(String(value))),
    )

/** What of an HTTP route is not modelled, whatever the request: `fault.abort.grpcStatus`. */
export const routeDoubt = (route: Fields): string | undefined => {
  if (isFormatted(route.headers)) return 'headers'
  const formatted = list(route.route).findIndex((each) => isFormatted(fields(each).headers))
  if (formatted >= 0) return `route[${formatted}].headers`
  if (fields(route.retries).retryIgnorePreviousHosts === false) return 'retries.retryIgnorePreviousHosts'
  return firstSet(route, routeFields)
}

const serverFields = [
  'bind',
  'defaultEndpoint',
  'tls.caCertCredentialName',
  'tls.caCrl',
  'tls.credentialNames',
  'tls.insecureSkipVerify',
  'tls.subjectAltNames',
  'tls.tlsCertificates',
  'tls.verifyCertificateHash',
  'tls.verifyCertificateSpki',
]

/** What of a Gateway's server is not modelled. */
export const serverDoubt = (server: Fields): string | undefined => firstSet(server, serverFields)

/** What of a ServiceEntry is not modelled: a field below `spec`. */
export const entryDoubt = (spec: Fields): string | undefined => {
  if (text(spec.resolution) === 'DYNAMIC_DNS') return 'resolution'
  const index = list(spec.endpoints).findIndex((each) => isSet(fields(each).network))
  return index < 0 ? firstSet(spec, ['subjectAltNames']) : `endpoints[${index}].network`
}
