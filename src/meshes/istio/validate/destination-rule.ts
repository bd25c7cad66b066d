/** istiod's checks of a DestinationRule (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import type { About } from './about.ts'
import { isAddress } from './addresses.ts'
import { connectionPool } from './connection-pool.ts'
import { subsetName } from './destinations.ts'
import { duration, undecodable } from './durations.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { loadBalancer } from './load-balancer.ts'
import { exportTo, fqdn, labelProblems, portNumber, wildcardDomain } from './names.ts'
import { selector } from './selectors.ts'

const deprecatedErrors =
  'outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead'

const percent = (findings: Findings, value: unknown): void => {
  if (typeof value === 'number' && (value < 0 || value > 100))
    findings.error(`percentage ${value} is not in range 0..100`)
}

const outlierDetection = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  findings.error(duration(value.baseEjectionTime))
  if (typeof value.consecutiveErrors === 'number' && value.consecutiveErrors !== 0) findings.warn(deprecatedErrors)
  if (value.splitExternalLocalOriginErrors !== true && Number(value.consecutiveLocalOriginFailures ?? 0) > 0)
    findings.error(
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false',
    )
  findings.error(duration(value.interval))
  percent(findings, value.maxEjectionPercent)
  percent(findings, value.minHealthPercent)
}

/** `configmap://namespace/name`: a CA bundle that istiod reads for the proxies of that namespace alone. */
const credential = (name: string, namespace: string): string | undefined => {
  if (!name.startsWith('configmap://')) return undefined
  const invalid = (why: string): string => `invalid configmap:// credentialName: ${why}`
  const [home, map] = name.slice('configmap://'.length).split('/')
  const parts = map === undefined ? 'namespace and name' : home === '' ? 'namespace' : map === '' ? 'name' : undefined
  if (parts !== undefined) return invalid(`invalid resource name ${quoted(name)}. Expected ${parts}`)
  return home === namespace
    ? undefined
    : invalid(`namespace must match the configuration namespace ${quoted(namespace)}`)
}

const clientTls = (findings: Findings, value: unknown, namespace: string): void => {
  if (!isFields(value)) return
  const mode = text(value.mode) ?? 'DISABLE'
  const has = (...names: string[]): boolean => names.some((name) => Boolean(value[name]))
  const hasNames = list(value.subjectAltNames).length > 0
  findings.error(credential(text(value.credentialName) ?? '', namespace))
  if (value.insecureSkipVerify === true) {
    if (mode === 'SIMPLE' && (has('caCertificates', 'credentialName') || hasNames))
      findings.error(
        'cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true',
      )
    if (mode === 'MUTUAL' && (has('caCertificates') || hasNames))
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

const settings = (findings: Findings, policy: Fields, namespace: string): void => {
  outlierDetection(findings, policy.outlierDetection)
  connectionPool(findings, policy.connectionPool)
  loadBalancer(findings, policy.loadBalancer, policy.outlierDetection)
  clientTls(findings, policy.tls, namespace)
}

const tunnel = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const [protocol, host] = [text(value.protocol) ?? '', text(value.targetHost) ?? '']
  if (!['', 'CONNECT', 'POST'].includes(protocol)) findings.error('tunnel protocol must be "CONNECT" or "POST"')
  const wrong = fqdn(host)
  if (wrong !== undefined && !isAddress(host))
    findings.error(`tunnel target host must be valid FQDN or IP address: ${wrong}; ${host} is not a valid IP`)
  const port = portNumber(value.targetPort)
  if (port !== undefined) findings.error(`tunnel target port is invalid: ${port}`)
}

const common = ['outlierDetection', 'connectionPool', 'loadBalancer', 'tls']
const top = [...common, 'tunnel', 'proxyProtocol', 'retryBudget']

const trafficPolicy = (findings: Findings, policy: unknown, namespace: string): void => {
  if (!isFields(policy)) return
  findings.decode(undecodable(fields(policy.retryBudget).budgetInterval))
  const ports = list(policy.portLevelSettings).map(fields)
  if (ports.length === 0 && !top.some((name) => isFields(policy[name]))) {
    findings.error('traffic policy must have at least one field')
    return
  }
  if (isFields(policy.tunnel) && isFields(policy.proxyProtocol)) {
    findings.error('tunnel and proxyProtocol must not be set together')
    return
  }
  settings(findings, policy, namespace)
  findings.quietly(() => {
    for (const port of ports) {
      if (!isFields(port.port)) findings.error('portTrafficPolicy must have valid port')
      if (common.some((name) => isFields(port[name]))) settings(findings, port, namespace)
      else findings.error('port traffic policy must have at least one field')
    }
  })
  tunnel(findings, policy.tunnel)
}

export const destinationRule = (findings: Findings, spec: Fields, { namespace }: About): void => {
  findings.error(wildcardDomain(text(spec.host) ?? ''))
  trafficPolicy(findings, spec.trafficPolicy, namespace)
  const names = new Set<string>()
  for (const subset of list(spec.subsets).map(fields)) {
    const name = text(subset.name) ?? ''
    if (names.has(name)) findings.error(`duplicate subset names: ${name}`)
    names.add(name)
    subsetName(findings, name)
    findings.list(labelProblems(labelMap(subset.labels)))
    findings.quietly(() => trafficPolicy(findings, subset.trafficPolicy, namespace))
  }
  for (const each of exportTo(namespace, texts(spec.exportTo), { selecting: isFields(spec.workloadSelector) }))
    findings.error(each)
  selector(findings, spec.workloadSelector)
}
