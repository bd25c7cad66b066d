/** Headers that HTTP routes and their destinations write (pkg/config/validation/validation.go, virtualservice.go). */
import { type Fields, fields, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { headerValue } from './header-values.ts'

const isHost = (name: string): boolean => name.toLowerCase() === 'host'
const isAuthority = (name: string): boolean => isHost(name) || name.toLowerCase() === ':authority'

const prefixed = (name: string): string => `invalid header ${quoted(name)}: header cannot have ":" prefix`

const inRequest = (name: string): string | undefined => {
  if (name === '') return 'header name cannot be empty'
  return name.startsWith(':') && !isAuthority(name) ? prefixed(name) : undefined
}

const elsewhere = (name: string): string | undefined => {
  if (name === '') return 'header name cannot be empty'
  if (isHost(name)) return `invalid header ${quoted(name)}: cannot set Host header`
  return name.startsWith(':') ? prefixed(name) : undefined
}

const values = (findings: Findings, given: unknown, nameProblem: (name: string) => string | undefined): void => {
  for (const [name, value] of Object.entries(fields(given))) {
    findings.error(nameProblem(name))
    findings.error(headerValue(text(value) ?? ''))
  }
}

/** @param value `headers` of a route or of one destination */
export const headers = (findings: Findings, value: unknown): void => {
  const [request, response] = [fields(fields(value).request), fields(fields(value).response)]
  values(findings, request.add, inRequest)
  values(findings, request.set, inRequest)
  for (const name of texts(request.remove)) findings.error(elsewhere(name))
  values(findings, response.add, elsewhere)
  values(findings, response.set, elsewhere)
  for (const name of texts(response.remove)) findings.error(elsewhere(name))
}

/** The authority may be rewritten in one place only. */
export const authority = (findings: Findings, route: Fields): void => {
  let current = text(fields(route.rewrite).authority) ?? ''
  const request = fields(fields(route.headers).request)
  for (const [name, value] of [...Object.entries(fields(request.set)), ...Object.entries(fields(request.add))]) {
    if (!isAuthority(name)) continue
    const wanted = text(value) ?? ''
    if (current !== '') {
      findings.error(
        `authority header cannot be set multiple times: have ${quoted(current)}, attempting to set ${quoted(wanted)}`,
      )
      return
    }
    current = wanted
  }
}
