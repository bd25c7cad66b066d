/** Which workloads a policy is for: `selector` and `targetRefs`, checked as istiod does (validation.go). */
import { fields, isFields, labelMap, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'

export const selector = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const labels = Object.entries(labelMap(fields(value).matchLabels))
  for (const [key, wanted] of labels) {
    const pair = quoted(`${key}=${wanted}`)
    if (key === '') findings.error(`empty key is not supported in selector: ${pair}`)
    if (`${key}${wanted}`.includes('*')) findings.error(`wildcard is not supported in selector: ${pair}`)
  }
  if (labels.length === 0) findings.warn('workload selector specified without labels')
}

/**
 * The older selector of Sidecars and ServiceEntries (`labels`). True when it is so wrong that istiod looks no further.
 */
export const alphaSelector = (findings: Findings, value: unknown, prefix: string): boolean => {
  if (!isFields(value)) return false
  const labels = Object.entries(labelMap(value.labels))
  const before = findings.errors.length
  for (const [key, wanted] of labels) {
    const pair = quoted(`${key}=${wanted}`)
    if (key === '') findings.error(`empty key is not supported in selector: ${pair}`)
    if (`${key}${wanted}`.includes('*')) findings.error(`wildcard is not supported in selector: ${pair}`)
  }
  if (labels.length === 0)
    findings.warn(`${prefix}workload selector specified without labels, will be applied to all services in namespace`)
  return findings.errors.length > before
}

const allowed: readonly [group: string, kind: string][] = [
  ['', 'Service'],
  ['core', 'Service'],
  ['networking.istio.io', 'ServiceEntry'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'GatewayClass'],
]
const allowedWords =
  '[core/v1/Service networking.istio.io/v1/ServiceEntry gateway.networking.k8s.io/v1/Gateway gateway.networking.k8s.io/v1/GatewayClass]'

const targetRef = (findings: Findings, value: unknown): void => {
  const ref = fields(value)
  const [group, kind] = [text(ref.group) ?? '', text(ref.kind) ?? '']
  if (!text(ref.name)) findings.error('targetRef name must be set')
  if (text(ref.namespace))
    findings.error('targetRef namespace must not be set; cross namespace referencing is not supported')
  if (!allowed.some(([wantedGroup, wantedKind]) => wantedGroup === group && wantedKind === kind))
    findings.error(`targetRef must be to one of ${allowedWords} but was ${group}/${kind}`)
}

/** The order of istiod's own checks: that only one is used, the selector, then each reference. */
export const target = (findings: Findings, spec: Readonly<Record<string, unknown>>): void => {
  const refs = list(spec.targetRefs)
  const used = [isFields(spec.selector), isFields(spec.targetRef), refs.length > 0].filter(Boolean).length
  if (used > 1) findings.error('only one of targetRefs or workloadSelector can be set')
  selector(findings, spec.selector)
  if (isFields(spec.targetRef)) targetRef(findings, spec.targetRef)
  for (const ref of refs) targetRef(findings, ref)
}
