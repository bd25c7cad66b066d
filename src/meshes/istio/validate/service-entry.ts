/** istiod's checks of a ServiceEntry (pkg/config/validation/validation.go). Not modelled: DYNAMIC_DNS, network endpoints. */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import {
  exportTo,
  fqdn,
  isAddress,
  isHttp,
  isTls,
  labelValues,
  partialWildcard,
  portName,
  portNumber,
  protocol,
  subnet,
  wildcardDomain,
} from './names.ts'
import { alphaSelector } from './selectors.ts'

const ports = (findings: Findings, given: readonly Fields[]): void => {
  const names = new Set<string>()
  const numbers = new Set<unknown>()
  for (const port of given) {
    const name = text(port.name) ?? ''
    if (names.has(name)) findings.error(`service entry port name ${JSON.stringify(name)} already defined`)
    if (numbers.has(port.number)) findings.error(`service entry port ${port.number} already defined`)
    names.add(name)
    numbers.add(port.number)
    if (typeof port.targetPort === 'number' && port.targetPort !== 0) findings.error(portNumber(port.targetPort))
    findings.error(portName(name))
    findings.error(protocol(text(port.protocol) ?? ''))
    findings.error(portNumber(port.number))
  }
}

const endpoints = (findings: Findings, given: readonly Fields[], ports: readonly Fields[], dns: boolean): void => {
  const known = new Set(ports.map((port) => text(port.name) ?? ''))
  for (const endpoint of given) {
    const address = text(endpoint.address) ?? ''
    if (dns && !isAddress(address) && fqdn(address) !== undefined)
      findings.error(`endpoint address ${JSON.stringify(address)} is not a valid FQDN or an IP address`)
    findings.list(labelValues(labelMap(endpoint.labels)))
    for (const [name, number] of Object.entries(fields(endpoint.ports))) {
      if (!known.has(name)) findings.error(`endpoint port ${number} is not defined by the service entry`)
      findings.error(portName(name))
      findings.error(portNumber(number))
    }
  }
}

export const serviceEntry = (findings: Findings, spec: Fields, namespace: string): void => {
  if (alphaSelector(findings, spec.workloadSelector, 'service entry: ')) return
  const given = list(spec.endpoints).map(fields)
  if (isFields(spec.workloadSelector) && Array.isArray(spec.endpoints))
    findings.error('only one of WorkloadSelector or Endpoints is allowed in Service Entry')
  const hosts = texts(spec.hosts)
  const resolution = text(spec.resolution) ?? 'NONE'
  if (hosts.length === 0) findings.error('service entry must have at least one host')
  for (const host of hosts) {
    if (host === '*') {
      findings.error(`invalid host ${host}`)
      continue
    }
    findings.error(wildcardDomain(host))
    const partial = partialWildcard(host)
    if (partial !== undefined && resolution !== 'DYNAMIC_DNS') findings.warn(partial)
  }
  const addresses = texts(spec.addresses)
  for (const address of addresses) findings.error(subnet(address))
  if (addresses.some((address) => address.includes('/')) && resolution !== 'NONE' && resolution !== 'STATIC')
    findings.error('CIDR addresses are allowed only for NONE/STATIC resolution types')
  const declared = list(spec.ports).map(fields)
  ports(findings, declared)
  const dns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN'
  if (resolution === 'NONE') {
    if (given.length > 0) findings.error('no endpoints should be provided for resolution type none')
    if (isFields(spec.workloadSelector))
      findings.warn('workloadSelector should not be set when resolution mode is NONE')
  }
  if (dns && given.length === 0) {
    const wrong = hosts.map(fqdn).find((each) => each !== undefined)
    if (wrong !== undefined)
      findings.error(
        `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}, ${wrong}`,
      )
  }
  if (resolution === 'DNS_ROUND_ROBIN' && given.length > 1)
    findings.error(`there must only be 0 or 1 endpoint for resolution mode ${resolution}`)
  if (dns || resolution === 'STATIC') endpoints(findings, given, declared, dns)
  const isPlain = (port: Fields): boolean => !isHttp(text(port.protocol) ?? '') && !isTls(text(port.protocol) ?? '')
  if (resolution !== 'NONE' && hosts.length > 1 && declared.some(isPlain))
    findings.error('multiple hosts provided with non-HTTP, non-TLS ports')
  for (const each of exportTo(namespace, texts(spec.exportTo), { serviceEntry: true })) findings.error(each)
}
