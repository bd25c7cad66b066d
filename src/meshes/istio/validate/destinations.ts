/** Where routes of every protocol lead, and from which gateways (pkg/config/validation/validation.go). */
import { fields, isFields, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { fqdn, isDnsLabel, portNumber, wildcardDomain } from './names.ts'

export const subsetName = (findings: Findings, name: string): void => {
  if (name === '') findings.error('subset name cannot be empty')
  else if (!isDnsLabel(name)) findings.error(`subset name is invalid: ${name}`)
}

export const destination = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const host = text(value.host) ?? ''
  findings.error(host === '*' ? `invalid destination host ${host}` : wildcardDomain(host))
  if (text(value.subset)) subsetName(findings, text(value.subset) ?? '')
  if (isFields(value.port)) findings.error(portNumber(value.port.number))
}

/** @param also what HTTP routes ask of each of theirs besides */
export const destinations = (findings: Findings, value: unknown, also?: (weight: unknown) => void): void => {
  let total = 0
  for (const entry of list(value)) {
    const weight = fields(entry)
    if (!isFields(weight.destination)) findings.list(['destination is required'])
    also?.(weight)
    destination(findings, weight.destination)
    const share = typeof weight.weight === 'number' ? weight.weight : 0
    if (share < 0) findings.error(`weight ${share} < 0`)
    total += share
  }
  if (list(value).length > 1 && total === 0) findings.error('total destination weight = 0')
}

/** A name alone ends the check: istiod returns after the first. */
export const gatewayNames = (findings: Findings, names: readonly string[]): void => {
  for (const name of names) {
    const slash = name.indexOf('/')
    if (slash < 0) {
      const [short = '', home] = name.split('.')
      if (home !== undefined)
        findings.warn(
          `using legacy gatewayName format ${quoted(name)}; prefer the <namespace>/<name> format: ${quoted(`${home}/${short}`)}`,
        )
      findings.error(fqdn(name))
      return
    }
    const [namespace, gateway] = [name.slice(0, slash), name.slice(slash + 1)]
    if (namespace === '' || gateway === '') findings.error('config namespace and gateway name cannot be empty')
    if (!isDnsLabel(namespace)) findings.error(`invalid value for namespace: ${quoted(namespace)}`)
    if (!isDnsLabel(gateway)) findings.error(`invalid value for gateway name: ${quoted(gateway)}`)
  }
}
