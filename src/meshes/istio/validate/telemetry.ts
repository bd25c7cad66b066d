/** istiod's checks of a Telemetry (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, list, text } from '../read.ts'
import { celProblem } from './cel-syntax.ts'
import type { Findings } from './findings.ts'
import { target } from './selectors.ts'

const providers = (findings: Findings, value: unknown): void => {
  if (list(value).some((each) => !text(fields(each).name))) findings.error('providers.name may not be empty')
}

const metrics = (findings: Findings, value: Fields): void => {
  providers(findings, value.providers)
  for (const override of list(value.overrides).map(fields)) {
    for (const [name, entry] of Object.entries(fields(override.tagOverrides))) {
      const operation = text(fields(entry).operation) ?? 'UPSERT'
      const given = text(fields(entry).value) ?? ''
      if (name === '') findings.warn('tagOverrides.name may not be empty')
      if (operation === 'UPSERT' && given === '')
        findings.error('tagOverrides.value must be set when operation is UPSERT')
      if (operation === 'REMOVE' && given !== '')
        findings.error('tagOverrides.value may only be set when operation is UPSERT')
    }
    if (fields(override.match).customMetric === '') findings.error('customMetric may not be empty')
  }
}

const tag = (findings: Findings, name: string, value: Fields): void => {
  if (name === '') findings.error('tag name may not be empty')
  if (isFields(value.literal) && !text(value.literal.value)) findings.error('literal tag value may not be empty')
  if (isFields(value.header) && !text(value.header.name)) findings.error('header tag name may not be empty')
  if (isFields(value.environment) && !text(value.environment.name))
    findings.error('environment tag name may not be empty')
}

const tracing = (findings: Findings, value: Fields): void => {
  if (list(value.providers).length > 1) findings.warn('multiple providers is not currently supported')
  providers(findings, value.providers)
  const sampling = value.randomSamplingPercentage
  if (typeof sampling === 'number' && (sampling < 0 || sampling > 100))
    findings.error('randomSamplingPercentage must be in range [0.0, 100.0]')
  for (const [name, each] of Object.entries(fields(value.customTags))) tag(findings, name, fields(each))
}

export const telemetry = (findings: Findings, spec: Fields): void => {
  target(findings, spec)
  for (const each of list(spec.metrics)) metrics(findings, fields(each))
  if (list(spec.tracing).length > 1) findings.warn('multiple tracing is not currently supported')
  for (const each of list(spec.tracing)) tracing(findings, fields(each))
  for (const { filter, providers: given } of list(spec.accessLogging).map(fields)) {
    const wrong = isFields(filter) ? celProblem(text(filter.expression) ?? '') : undefined
    if (wrong !== undefined) findings.error(`must be a valid CEL expression, ${wrong}`)
    providers(findings, given)
  }
}
