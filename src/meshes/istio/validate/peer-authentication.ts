/** istiod's checks of a PeerAuthentication (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, labelMap } from '../read.ts'
import type { Findings } from './findings.ts'
import { selector } from './selectors.ts'

export const peerAuthentication = (findings: Findings, spec: Fields): void => {
  const ports = Object.keys(fields(spec.portLevelMtls))
  const wide = Object.keys(labelMap(fields(spec.selector).matchLabels)).length === 0
  if (wide && ports.length > 0) findings.error('mesh/namespace peer authentication cannot have port level mTLS')
  if (isFields(spec.portLevelMtls) && ports.length === 0)
    findings.error('port level mTLS, if defined, must have at least one element')
  // Keys are read as JSON, which knows no such number.
  const odd = ports.find((port) => /^0\d/.test(port))
  if (odd !== undefined) findings.decode(`invalid character '${odd[1]}' after top-level value`)
  for (const port of ports)
    if (!(Number(port) > 0 && Number(port) <= 65535)) findings.error('port must be in range 1..65535')
  selector(findings, spec.selector)
}
