/** istiod's checks of WorkloadEntries, also in ServiceEntries, of WorkloadGroups and ProxyConfigs (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, labelMap, list, text } from '../read.ts'
import { isAddress } from './addresses.ts'
import { asList, type Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { fqdn, labelProblems, portName, portNumber, socket } from './names.ts'
import { selector } from './selectors.ts'

/** @param known names of the service's ports; undefined: there is no service to compare with */
export const endpointPorts = (findings: Findings, value: unknown, known: ReadonlySet<string> | undefined): void => {
  for (const [name, number] of Object.entries(fields(value))) {
    if (known !== undefined && !known.has(name))
      findings.error(`endpoint port ${number} is not defined by the service entry`)
    findings.error(portName(name))
    findings.error(portNumber(number))
  }
}

/** @param known as for `endpointPorts`; with it the address must not be a name */
export const workload = (findings: Findings, entry: Fields, known?: ReadonlySet<string>): void => {
  const address = text(entry.address) ?? ''
  if (address === '') {
    if (!text(entry.network)) {
      findings.error('address is required')
      return
    }
    findings.warn(`address is unset with network ${quoted(text(entry.network) ?? '')}`)
  }
  const isSocket = address.startsWith('unix://')
  if (isSocket) {
    findings.error(socket(address.slice('unix://'.length)))
    if (Object.keys(fields(entry.ports)).length > 0) findings.error(`unix endpoint ${address} must not include ports`)
  } else if (address !== '' && !isAddress(address)) {
    if (known !== undefined) findings.error(`endpoint address ${quoted(address)} is not a valid IP address`)
    else if (fqdn(address) !== undefined)
      findings.error(`endpoint address ${quoted(address)} is not a valid FQDN or an IP address`)
  }
  endpointPorts(findings, entry.ports, known)
  findings.list(labelProblems(labelMap(entry.labels)))
  if (isSocket && known !== undefined && known.size !== 1)
    findings.error('exactly 1 service port required for unix endpoints')
}

export const workloadEntry = (findings: Findings, spec: Fields): void => workload(findings, spec)

const probeHeader = (name: string): string | undefined => {
  if (name === '') return 'header name cannot be empty'
  return /^[-A-Za-z0-9]+$/.test(name) ? undefined : `header name ${name} is not a valid header name`
}

const probe = (findings: Findings, value: Fields): void => {
  for (const field of [
    'periodSeconds',
    'initialDelaySeconds',
    'timeoutSeconds',
    'successThreshold',
    'failureThreshold',
  ])
    if (Number(value[field] ?? 0) < 0) findings.error(`${field} must be non-negative`)
  if (isFields(value.httpGet)) {
    const { port, scheme, httpHeaders } = value.httpGet
    findings.error(portNumber(port))
    if (scheme && scheme !== 'HTTPS' && scheme !== 'HTTP')
      findings.error('httpGet.scheme must be one of "HTTPS", "HTTP"')
    for (const header of list(httpHeaders)) findings.error(probeHeader(text(fields(header).name) ?? ''))
  } else if (isFields(value.tcpSocket)) findings.error(portNumber(value.tcpSocket.port))
  else if (isFields(value.exec)) {
    if (list(value.exec.command).length === 0) findings.error('exec.command is required')
  } else if (!isFields(value.grpc)) findings.error('unknown health check method <nil>')
  else findings.error('unknown health check method *v1alpha3.ReadinessProbe_Grpc')
}

export const workloadGroup = (findings: Findings, spec: Fields): void => {
  if (!isFields(spec.template)) {
    findings.only('template is required')
    return
  }
  const wrong = labelProblems(labelMap(fields(spec.metadata).labels))
  if (wrong.length > 0) findings.only(`invalid labels: ${asList(wrong)}`)
  else if (isFields(spec.probe)) probe(findings, spec.probe)
}

export const proxyConfig = (findings: Findings, spec: Fields): void => {
  selector(findings, spec.selector)
  if (typeof spec.concurrency === 'number' && spec.concurrency < 0)
    findings.error('concurrency must be greater than or equal to 0')
}
