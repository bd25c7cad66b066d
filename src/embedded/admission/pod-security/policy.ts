/**
 * Which Pod Security Standard holds in a namespace, and what a pod does against it. Follows kubernetes/pod-security-
 * admission api/helpers.go and policy/registry.go. Pure.
 */
import { field } from '../../apiserver/errors.ts'
import { versionInfo } from '../../apiserver/version.ts'
import type { FieldError } from '../../kinds/kind.ts'
import { baselineChecks } from './baseline.ts'
import type { Check, Violation } from './check.ts'
import type { SecuredPod } from './pod.ts'
import { restrictedChecks } from './restricted.ts'

const levels = ['privileged', 'baseline', 'restricted'] as const

export interface Standard {
  level: (typeof levels)[number]
  /** A minor version of 1.x. */
  version: number | 'latest'
}

/** `audit` leaves its marks in the audit log, which this cluster does not have. */
export type Policy = Record<'enforce' | 'warn' | 'audit', Standard>

const prefix = 'pod-security.kubernetes.io/'
const byId = (a: Check, b: Check): number => (a.id < b.id ? -1 : 1)
const ordered = [...[...baselineChecks].sort(byId), ...[...restrictedChecks].sort(byId)]
const newest = Number(versionInfo.minor)

/** `restricted:latest`, `baseline:v1.30` */
export const textOf = ({ level, version }: Standard): string =>
  `${level}:${version === 'latest' ? version : `v1.${version}`}`

export const isSame = (a: Standard, b: Standard): boolean => a.level === b.level && a.version === b.version

/** Positive when the first is the stricter level. */
export const compareLevels = (a: Standard, b: Standard): number => levels.indexOf(a.level) - levels.indexOf(b.level)

/** The policy of a namespace's labels. What cannot be read counts as `restricted` for enforcing, and as nothing else. */
export const policyOf = (labels: Readonly<Record<string, string>> = {}): { policy: Policy; errors: FieldError[] } => {
  const errors: FieldError[] = []
  const standardOf = (mode: keyof Policy): Standard => {
    const standard: Standard = { level: 'privileged', version: 'latest' }
    const level = labels[prefix + mode]
    const version = labels[`${prefix}${mode}-version`]
    if (level !== undefined) {
      const known = levels.find((candidate) => candidate === level)
      standard.level = known ?? (mode === 'enforce' ? 'restricted' : 'privileged')
      if (!known)
        errors.push(field.invalid(`metadata.labels[${prefix}${mode}]`, level, `must be one of ${levels.join(', ')}`))
    }
    const minor = /^v1\.(0|[1-9]\d*)$/.exec(version ?? '')?.[1]
    if (minor !== undefined) standard.version = Number(minor)
    else if (version !== undefined && version !== 'latest')
      errors.push(field.invalid(`metadata.labels[${prefix}${mode}-version]`, version, 'must be "latest" or "v1.x"'))
    return standard
  }
  const policy: Policy = { enforce: standardOf('enforce'), audit: standardOf('audit'), warn: standardOf('warn') }
  // Whoever enforces without a word about warnings is warned by the same measure.
  const enforced = levels.some((level) => level === labels[`${prefix}enforce`])
  if (labels[`${prefix}warn`] === undefined && enforced && compareLevels(policy.enforce, policy.warn) > 0) {
    policy.warn.level = policy.enforce.level
    if (labels[`${prefix}warn-version`] === undefined) policy.warn.version = policy.enforce.version
  }
  return { policy, errors }
}

/** Everything that the pod does against the standard; the baseline's checks first, each group by name. */
export const violationsOf = ({ level, version }: Standard, pod: SecuredPod): Violation[] => {
  if (level === 'privileged') return []
  const minor = version === 'latest' ? newest : Math.min(version, newest)
  const active = ordered.flatMap((check) => {
    const examine = check.versions.findLast(([since]) => since <= minor)?.[1]
    return examine && (level === 'restricted' || check.level === 'baseline') ? [{ check, examine }] : []
  })
  const overridden = new Set(active.flatMap(({ check }) => check.overrides ?? []))
  return active.filter(({ check }) => !overridden.has(check.id)).flatMap(({ examine }) => examine(pod) ?? [])
}

/** `hostPort (container "a" uses hostPort 80), privileged (…)` */
export const details = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
