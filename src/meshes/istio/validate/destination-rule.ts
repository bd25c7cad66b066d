/** istiod's checks of a DestinationRule (pkg/config/validation/validation.go). Not modelled: locality, tunnels, warmup. */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import { exportTo, isDnsLabel, labelValues, wildcardDomain } from './names.ts'
import { selector } from './selectors.ts'

const deprecatedErrors =
  'outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead'

const percent = (findings: Findings, value: unknown): void => {
  if (typeof value === 'number' && (value < 0 || value > 100))
    findings.error(`percentage ${value} is not in range 0..100`)
}

const outlierDetection = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  if (typeof value.consecutiveErrors === 'number' && value.consecutiveErrors !== 0) findings.warn(deprecatedErrors)
  if (value.splitExternalLocalOriginErrors !== true && Number(value.consecutiveLocalOriginFailures ?? 0) > 0)
    findings.error(
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false',
    )
  percent(findings, value.maxEjectionPercent)
  percent(findings, value.minHealthPercent)
}

const negatives: readonly [part: 'http' | 'tcp', field: string, words: string][] = [
  ['http', 'http1MaxPendingRequests', 'http1 max pending requests'],
  ['http', 'http2MaxRequests', 'http2 max requests'],
  ['http', 'maxRequestsPerConnection', 'max requests per connection'],
  ['http', 'maxRetries', 'max retries'],
  ['http', 'maxConcurrentStreams', 'max concurrent streams'],
  ['tcp', 'maxConnections', 'max connections'],
]

/** Also of Sidecars. */
export const connectionPool = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  if (!isFields(value.http) && !isFields(value.tcp)) {
    findings.error('connection pool must have at least one field')
    return
  }
  for (const [part, field, words] of negatives)
    if (Number(fields(value[part])[field] ?? 0) < 0) findings.error(`${words} must be non-negative`)
  const http = fields(value.http)
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true)
    findings.error('use client protocol must not be true when H2UpgradePolicy is UPGRADE')
}

const loadBalancer = (findings: Findings, value: unknown): void => {
  const hash = fields(fields(value).consistentHash)
  if (isFields(hash.httpCookie) && !text(hash.httpCookie.name)) findings.error('name required for HttpCookie')
}

const clientTls = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const mode = text(value.mode) ?? 'DISABLE'
  const has = (...names: string[]): boolean => names.some((name) => Boolean(value[name]))
  if (value.insecureSkipVerify === true) {
    if (mode === 'SIMPLE' && has('caCertificates', 'credentialName', 'subjectAltNames'))
      findings.error(
        'cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true',
      )
    if (mode === 'MUTUAL' && has('caCertificates', 'subjectAltNames'))
      findings.error('cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true')
  }
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && has('credentialName')) {
    if (has('clientCertificate', 'caCertificates', 'privateKey', 'caCrl'))
      findings.error('cannot specify client certificates or CA certificate or CA CRL If credentialName is set')
    return
  }
  if (mode !== 'MUTUAL') return
  if (!has('clientCertificate')) findings.error('client certificate required for mutual tls')
  if (!has('privateKey')) findings.error('private key required for mutual tls')
}

const settings = (findings: Findings, policy: Fields): void => {
  outlierDetection(findings, policy.outlierDetection)
  connectionPool(findings, policy.connectionPool)
  loadBalancer(findings, policy.loadBalancer)
  clientTls(findings, policy.tls)
}

const common = ['outlierDetection', 'connectionPool', 'loadBalancer', 'tls']
const top = [...common, 'portLevelSettings', 'tunnel', 'proxyProtocol', 'retryBudget']

const trafficPolicy = (findings: Findings, policy: unknown): void => {
  if (!isFields(policy)) return
  if (!top.some((name) => policy[name] !== undefined && policy[name] !== null)) {
    findings.error('traffic policy must have at least one field')
    return
  }
  if (isFields(policy.tunnel) && isFields(policy.proxyProtocol)) {
    findings.error('tunnel and proxyProtocol must not be set together')
    return
  }
  settings(findings, policy)
  for (const entry of list(policy.portLevelSettings)) {
    const port = fields(entry)
    if (!isFields(port.port)) findings.error('portTrafficPolicy must have valid port')
    if (common.some((name) => isFields(port[name]))) settings(findings, port)
    else findings.error('port traffic policy must have at least one field')
  }
}

export const subsetName = (findings: Findings, name: string): void => {
  if (name === '') findings.error('subset name cannot be empty')
  else if (!isDnsLabel(name)) findings.error(`subset name is invalid: ${name}`)
}

export const destinationRule = (findings: Findings, spec: Fields, namespace: string): void => {
  findings.error(wildcardDomain(text(spec.host) ?? ''))
  trafficPolicy(findings, spec.trafficPolicy)
  const names = new Set<string>()
  for (const entry of list(spec.subsets)) {
    const subset = fields(entry)
    const name = text(subset.name) ?? ''
    if (names.has(name)) findings.error(`duplicate subset names: ${name}`)
    names.add(name)
    subsetName(findings, name)
    findings.list(labelValues(labelMap(subset.labels)))
    trafficPolicy(findings, subset.trafficPolicy)
  }
  for (const each of exportTo(namespace, texts(spec.exportTo), { selecting: isFields(spec.workloadSelector) }))
    findings.error(each)
  selector(findings, spec.workloadSelector)
}
