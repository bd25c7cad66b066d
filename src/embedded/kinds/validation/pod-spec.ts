/**
 * What a pod spec must look like, in a Pod or in a template. Follows core/validation's ValidatePodSpec, in its order.
 *
 * Not modelled: resource claims, resize policies, restart rules, pod-level resources, Windows options. They are stored
 * as given.
 */
import type { FieldError } from '../kind.ts'
import type { PodSpec, PodTemplateSpec } from '../types.ts'
import { containerErrors, initContainerErrors } from './container.ts'
import { complaints, forbidden, invalid, notSupported, oneListed, required } from './errors.ts'
import { annotationErrors, labelErrors } from './labels.ts'
import { dnsLabel, dnsSubdomain, ipAddress, searchDomain } from './names.ts'
import { affinityErrors, gateErrors, spreadErrors, tolerationErrors } from './scheduling.ts'
import { type PodSecurityContext, podSecurityContextErrors } from './security-context.ts'
import { volumeErrors } from './volumes.ts'

const restartPolicies = ['Always', 'OnFailure', 'Never']
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

const dnsErrors = ({ dnsPolicy, dnsConfig }: PodSpec, field: string): FieldError[] => {
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if (!dnsConfig.nameservers?.length) {
      const says = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
      return [required(`${field}.nameservers`, says)]
    }
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  const errors: FieldError[] = []
  if (nameservers.length > 3) {
    errors.push(invalid(`${field}.nameservers`, nameservers, 'must not have more than 3 nameservers'))
  }
  nameservers.forEach((server, index) => {
    errors.push(...complaints(`${field}.nameservers[${index}]`, server, ipAddress))
  })
  if (searches.length > 32) {
    errors.push(invalid(`${field}.searches`, searches, 'must not have more than 32 search paths'))
  }
  searches.forEach((search, index) => {
    if (search === '.') return
    errors.push(...complaints(`${field}.searches[${index}]`, search.replace(/\.$/, ''), searchDomain))
  })
  options.forEach(({ name }, index) => {
    if (!name) errors.push(required(`${field}.options[${index}]`, 'must not be empty'))
  })
  return errors
}

/** With the host's network a port of the pod is one of the host. */
const hostNetworkErrors = (spec: PodSpec, field: string): FieldError[] =>
  (spec.hostNetwork ? (spec.containers ?? []) : []).flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ hostPort, containerPort }, position) =>
      hostPort && hostPort !== containerPort
        ? [
            invalid(
              `${field}.containers[${index}].ports[${position}].hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ]
        : [],
    ),
  )

/** Two of these fields are spelt as in Go: so does upstream. */
const hostUserErrors = (spec: PodSpec, field: string): FieldError[] => {
  if (spec.hostUsers !== false) return []
  const shared = [spec.hostNetwork && 'hostNetwork', spec.hostPID && 'HostPID', spec.hostIPC && 'HostIPC']
  return shared.flatMap((name) => (name ? [forbidden(`${field}.${name}`, 'when `hostUsers` is false')] : []))
}

const hostAliasErrors = (spec: PodSpec, field: string): FieldError[] =>
  (spec.hostAliases ?? []).flatMap(({ ip = '', hostnames = [] }, index) => [
    ...complaints(`${field}[${index}].ip`, ip, ipAddress),
    ...hostnames.flatMap((name, position) =>
      complaints(`${field}[${index}].hostnames[${position}]`, name, dnsSubdomain),
    ),
  ])

const osErrors = (spec: PodSpec, field: string): FieldError[] => {
  if (!spec.os) return []
  const { name } = spec.os
  if (!name) return [required(`${field}.os.name`)]
  if (!['linux', 'windows'].includes(name)) return [notSupported(`${field}.os`, name, ['linux', 'windows'])]
  if (name !== 'windows') return []
  const { runAsUser } = (spec.securityContext ?? {}) as PodSecurityContext
  return runAsUser === undefined
    ? []
    : [forbidden(`${field}.securityContext.runAsUser`, 'cannot be set for a windows pod')]
}

/** All problems of a pod spec at that path (`spec`, `spec.template.spec`). */
export const podSpecErrors = (given: PodSpec | undefined, field: string): FieldError[] => {
  const spec = given ?? {}
  const named = (name: 'serviceAccountName' | 'nodeName' | 'hostname' | 'subdomain', format: typeof dnsLabel) => {
    const value = spec[name]
    return value ? complaints(`${field}.${name}`, value, format) : []
  }
  const deadline = spec.activeDeadlineSeconds
  const context = spec.securityContext as PodSecurityContext | undefined
  return [
    ...volumeErrors(spec.volumes ?? [], `${field}.volumes`),
    ...containerErrors(spec, `${field}.containers`),
    ...initContainerErrors(spec, `${field}.initContainers`),
    ...hostNetworkErrors(spec, field),
    ...oneListed(`${field}.restartPolicy`, spec.restartPolicy, restartPolicies),
    ...oneListed(`${field}.dnsPolicy`, spec.dnsPolicy, dnsPolicies),
    ...labelErrors(spec.nodeSelector, `${field}.nodeSelector`),
    ...podSecurityContextErrors(context, spec, `${field}.securityContext`),
    ...affinityErrors(spec.affinity, `${field}.affinity`),
    ...dnsErrors(spec, `${field}.dnsConfig`),
    ...gateErrors(spec, field),
    ...spreadErrors(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
    ...hostUserErrors(spec, field),
    ...named('serviceAccountName', dnsSubdomain),
    ...named('nodeName', dnsSubdomain),
    ...(deadline !== undefined && (deadline < 1 || deadline > 2147483647)
      ? [invalid(`${field}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive')]
      : []),
    ...named('hostname', dnsLabel),
    ...named('subdomain', dnsLabel),
    ...tolerationErrors(spec.tolerations ?? [], `${field}.tolerations`),
    ...hostAliasErrors(spec, `${field}.hostAliases`),
    ...osErrors(spec, field),
  ]
}

/** All problems of a pod template at that path, usually `spec.template`. */
export const podTemplateErrors = (template: PodTemplateSpec | undefined, field: string): FieldError[] => [
  ...labelErrors(template?.metadata?.labels, `${field}.metadata.labels`),
  ...annotationErrors(template?.metadata?.annotations, `${field}.metadata.annotations`),
  ...podSpecErrors(template?.spec, `${field}.spec`),
  ...(template?.spec?.ephemeralContainers?.length
    ? [forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
    : []),
]
