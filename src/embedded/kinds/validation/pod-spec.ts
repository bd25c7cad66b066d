/**
 * What a pod spec must look like, in a Pod or in a template. Follows core/validation, as far as learners meet it.
 *
 * Not modelled: affinity terms, topology spread, DNS config, most of securityContext, OS and resource claims. They are
 * stored as given.
 */
import type { FieldError } from '../kind.ts'
import type { PodSpec, PodTemplateSpec, Toleration, Volume } from '../types.ts'
import { containerErrors } from './container.ts'
import { duplicate, forbidden, invalid, notSupported, oneOf, required } from './errors.ts'
import { annotationErrors, labelErrors } from './labels.ts'
import { dnsLabel, dnsSubdomain, qualifiedName } from './names.ts'

const volumeErrors = (volumes: Volume[], field: string): FieldError[] => {
  const names = new Set<string>()
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    const sources = Object.keys(volume).filter((key) => key !== 'name' && volume[key] !== undefined)
    if (sources.length === 0) errors.push(required(at, 'must specify a volume type'))
    sources.slice(1).forEach((source) => {
      errors.push(forbidden(`${at}.${source}`, 'may not specify more than 1 volume type'))
    })
    if (!volume.name) errors.push(required(`${at}.name`))
    else {
      const name = volume.name
      errors.push(...dnsLabel(name).map((says) => invalid(`${at}.name`, name, says)))
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
      names.add(name)
    }
    return errors
  })
}

const tolerationErrors = (tolerations: Toleration[], field: string): FieldError[] =>
  tolerations.flatMap(({ key, operator, value, effect }, index) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    if (key) errors.push(...qualifiedName(key).map((says) => invalid(`${at}.key`, key, says)))
    if (!key && operator !== 'Exists') {
      errors.push(
        invalid(
          `${at}.operator`,
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    }
    if (operator && !['Equal', 'Exists', 'Lt', 'Gt'].includes(operator)) {
      errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']))
    }
    if (operator === 'Exists' && value) {
      errors.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"))
    }
    if (effect && !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect)) {
      errors.push(notSupported(`${at}.effect`, effect, ['NoExecute', 'NoSchedule', 'PreferNoSchedule']))
    }
    return errors
  })

/** All problems of a pod spec at that path (`spec`, `spec.template.spec`). */
export const podSpecErrors = (spec: PodSpec | undefined, field: string): FieldError[] => {
  const { containers = [], initContainers = [], volumes = [] } = spec ?? {}
  const names = new Set<string>()
  const errors = volumeErrors(volumes, `${field}.volumes`)
  if (containers.length === 0) errors.push(required(`${field}.containers`))
  errors.push(...containerErrors(containers, volumes, `${field}.containers`, names))
  errors.push(...containerErrors(initContainers, volumes, `${field}.initContainers`, names, true))
  errors.push(...oneOf(`${field}.restartPolicy`, spec?.restartPolicy, ['Always', 'OnFailure', 'Never']))
  errors.push(
    ...oneOf(`${field}.dnsPolicy`, spec?.dnsPolicy, ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']),
  )
  errors.push(...labelErrors(spec?.nodeSelector, `${field}.nodeSelector`))
  const account = spec?.serviceAccountName
  if (account)
    errors.push(...dnsSubdomain(account).map((says) => invalid(`${field}.serviceAccountName`, account, says)))
  const { hostname, subdomain } = spec ?? {}
  if (hostname) errors.push(...dnsLabel(hostname).map((says) => invalid(`${field}.hostname`, hostname, says)))
  if (subdomain) errors.push(...dnsLabel(subdomain).map((says) => invalid(`${field}.subdomain`, subdomain, says)))
  const deadline = spec?.activeDeadlineSeconds
  if (deadline !== undefined && deadline < 1) {
    errors.push(invalid(`${field}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'))
  }
  errors.push(...tolerationErrors(spec?.tolerations ?? [], `${field}.tolerations`))
  return errors
}

/** All problems of a pod template at that path, usually `spec.template`. */
export const podTemplateErrors = (template: PodTemplateSpec | undefined, field: string): FieldError[] => [
  ...labelErrors(template?.metadata?.labels, `${field}.metadata.labels`),
  ...annotationErrors(template?.metadata?.annotations, `${field}.metadata.annotations`),
  ...podSpecErrors(template?.spec, `${field}.spec`),
]
