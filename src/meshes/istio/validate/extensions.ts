/** istiod's checks of WasmPlugins and TrafficExtensions (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { target } from './selectors.ts'
import { urlProblem } from './urls.ts'

const schemes = new Set(['', 'file', 'http', 'https', 'oci'])

/** A URL without a scheme is an image's name. */
const address = (url: string): string | undefined => {
  if (url === '') return 'url field needs to be set'
  const wrong = requestUri(url)
  if (wrong !== undefined)
    return requestUri(`http://${url}`) === undefined ? undefined : `failed to parse url: ${wrong}`
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? ''
  return schemes.has(scheme) ? undefined : `url contains unsupported scheme: ${scheme}`
}

/** Go's url.ParseRequestURI: an absolute URI or an absolute path. */
const requestUri = (url: string): string | undefined =>
  url.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(url)
    ? urlProblem(url)
    : `parse ${quoted(url)}: invalid URI for request`

const checksum = (sum: string): string | undefined => {
  if (sum === '') return undefined
  if (Buffer.byteLength(sum) !== 64) return 'sha256 field must be 64 characters long'
  return /^[a-f0-9]*$/.test(sum) ? undefined : 'sha256 field must match [a-f0-9]{64} pattern'
}

const environment = (value: unknown): string | undefined => {
  const names = new Set<string>()
  for (const variable of list(fields(value).env).map(fields)) {
    const name = text(variable.name) ?? ''
    if (name === '') return 'spec.vmConfig.env invalid'
    if (name.length > 256) return 'env.name field must be less than 255 characters long'
    if (names.has(name)) return 'duplicate env'
    names.add(name)
    if ((text(variable.valueFrom) ?? 'INLINE') !== 'INLINE' && text(variable.value))
      return 'value may only be set when valueFrom is INLINE'
  }
  return undefined
}

/** @param most what istiod says the limit of the name is: it differs between the two kinds */
const wasm = (findings: Findings, value: Fields, most: number): void => {
  findings.error(address(text(value.url) ?? ''))
  findings.error(checksum(text(value.sha256) ?? ''))
  if ((text(value.imagePullSecret) ?? '').length > 253)
    findings.error('imagePullSecret field must be less than 253 characters long')
  if ((text(value.pluginName) ?? '').length > 256)
    findings.error(`pluginName field must be less than ${most} characters long`)
  findings.error(environment(value.vmConfig))
}

const ports = (value: unknown): string | undefined => {
  for (const [index, selector] of list(value).entries())
    for (const [at, port] of list(fields(selector).ports).entries()) {
      const number = Number(fields(port).number ?? 0)
      if (number <= 0 || number > 65535) return `spec.Match[${index}].Ports[${at}] is out of range: ${number}`
    }
  return undefined
}

export const wasmPlugin = (findings: Findings, spec: Fields): void => {
  target(findings, spec)
  wasm(findings, spec, 255)
  findings.error(ports(spec.match))
}

const lua = (code: string): string | undefined => {
  if (code === '') return 'lua.inlineCode cannot be empty'
  return Buffer.byteLength(code) > 65536 ? 'lua.inlineCode exceeds maximum size of 64KB' : undefined
}

export const trafficExtension = (findings: Findings, spec: Fields): void => {
  if (isFields(spec.wasm) === isFields(spec.lua)) findings.error('exactly one of wasm or lua must be set')
  target(findings, spec)
  if (isFields(spec.lua)) findings.error(lua(text(spec.lua.inlineCode) ?? ''))
  if (isFields(spec.wasm)) wasm(findings, spec.wasm, 256)
  findings.error(ports(spec.match))
}
