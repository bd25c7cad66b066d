/** What is accepted in a pod and hardly meant. Follows kubernetes/pkg/api/pod/warnings.go, as far as learners meet it. */
import { canonicalQuantity, parseQuantity } from '../quantity.ts'
import type { ContainerSpec, PodObject, PodSpec, PodTemplateSpec } from '../types.ts'
import { appArmorAnnotation } from './pod.ts'

type Visit = [container: ContainerSpec, path: string]

const containersOf = (spec: PodSpec, at: string): Visit[] =>
  (['initContainers', 'containers'] as const).flatMap((which) =>
    (spec[which] ?? []).map((container, index): Visit => [container, `${at}.${which}[${index}]`]),
  )

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'
const seccompGone = 'non-functional in v1.27+; use the "seccompProfile" field instead'

const deprecatedAnnotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const annotationWarnings = (annotations: Record<string, string>, spec: PodSpec, at: string): string[] => {
  const warnings = Object.entries(deprecatedAnnotations).flatMap(([key, says]) =>
    key in annotations ? [`${at}[${key}]: ${says}`] : [],
  )
  const { seccompProfile } = spec.securityContext ?? {}
  if (seccompPod in annotations && !seccompProfile) warnings.push(`${at}[${seccompPod}]: ${seccompGone}`)
  return warnings
}

const mapWarnings = (container: ContainerSpec, at: string): string[] =>
  (['limits', 'requests'] as const).flatMap((which) =>
    ['memory', 'ephemeral-storage'].flatMap((name) => {
      const value = container.resources?.[which]?.[name]
      if (value === undefined || Number.isInteger(parseQuantity(value) ?? 0)) return []
      const shown = canonicalQuantity(value)
      return [`${at}.resources.${which}[${name}]: fractional byte value "${shown}" is invalid, must be an integer`]
    }),
  )

const envWarnings = (container: ContainerSpec, at: string): string[] => {
  const seen = new Set<string>()
  return (container.env ?? []).flatMap(({ name = '', value = '', valueFrom }, index) => {
    const again = seen.has(name)
    seen.add(name)
    const reference = `$(${name})`
    if (!again || (!valueFrom && value !== reference && value.includes(reference))) return []
    return [`${at}.env[${index}]: hides previous definition of "${name}", which may be dropped when using apply`]
  })
}

const portWarnings = (containers: readonly Visit[]): string[] => {
  const ports = containers.flatMap(([container, at]) =>
    (container.ports ?? []).map((port, index) => ({ ...port, at: `${at}.ports[${index}]` })),
  )
  const overlaps = ports.flatMap((port, index) =>
    ports.slice(0, index).flatMap((other) => {
      if (other.containerPort !== port.containerPort || other.protocol !== port.protocol) return []
      const sameHost = (other.hostIP ?? '') === (port.hostIP ?? '')
      const samePort = (other.hostPort ?? 0) === (port.hostPort ?? 0)
      if (sameHost && samePort) return [`${port.at}: duplicate port definition with ${other.at}`]
      return port.hostPort && other.hostPort ? [] : [`${port.at}: overlapping port definition with ${other.at}`]
    }),
  )
  const named = new Map<string, string>()
  const names = ports.flatMap(({ name, at }) => {
    if (!name) return []
    const other = named.get(name)
    if (!other) named.set(name, at)
    const use = `services and probes that select ports by name will use ${other}`
    return other ? [`${at}: duplicate port name "${name}" with ${other}, ${use}`] : []
  })
  return [...overlaps, ...names]
}

const pullSecretWarnings = (spec: PodSpec, at: string): string[] => {
  const names = (spec.imagePullSecrets ?? []).map(({ name = '' }) => name)
  const field = (index: number) => `${at}.imagePullSecrets[${index}].name`
  return [
    ...names.flatMap((name, i) => (names.indexOf(name) < i ? [`${field(i)}: duplicate name "${name}"`] : [])),
    ...names.flatMap((name, i) => (name === '' ? [`${field(i)}: invalid empty name ""`] : [])),
  ]
}

/** `prefix` is where the template lies: `spec.template`, or nothing for a pod. */
const warningsOf = ({ metadata, spec = {} }: PodTemplateSpec, prefix: string): string[] => {
  const [at, annotations] = [`${prefix}spec`, metadata?.annotations ?? {}]
  const containers = containersOf(spec, at)
  return [
    ...pullSecretWarnings(spec, at),
    ...annotationWarnings(annotations, spec, `${prefix}metadata.annotations`),
    ...containers.flatMap(([container, path]) => {
      const key = `${seccompContainer}${container.name}`
      const old = key in annotations && !container.securityContext?.seccompProfile
      return [
        ...(old ? [`${prefix}metadata.annotations[${key}]: ${seccompGone}`] : []),
        ...mapWarnings(container, path),
        ...envWarnings(container, path),
      ]
    }),
    ...portWarnings(containers),
  ]
}

export const podWarnings = (pod: PodObject): string[] => warningsOf(pod, '')

/** Pods are told of AppArmor's annotation where it becomes a field. */
const appArmorWarnings = ({ metadata, spec = {} }: PodTemplateSpec, path: string): string[] =>
  containersOf(spec, '').flatMap(([container]) => {
    const key = `${appArmorAnnotation}${container.name}`
    if (!metadata?.annotations || !(key in metadata.annotations)) return []
    if (container.securityContext?.appArmorProfile) return []
    return [`${path}.metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`]
  })

export const templateWarnings = (template: PodTemplateSpec | undefined, path = 'spec.template'): string[] =>
  template ? [...appArmorWarnings(template, path), ...warningsOf(template, `${path}.`)] : []
