/** What holds for pods and not for the templates of pods. Follows core/validation's ValidatePodCreate. */
import type { FieldError } from '../kind.ts'
import type { PodObject } from '../types.ts'
import { forbidden, invalid } from './errors.ts'
import { podSpecErrors } from './pod-spec.ts'

/** Since 1.30 a field says it; the annotation still counts. */
export const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/'

const appArmorErrors = ({ metadata, spec }: PodObject): FieldError[] => {
  const names = new Set([...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name }) => name))
  return Object.entries(metadata.annotations ?? {}).flatMap(([key, profile]) => {
    if (!key.startsWith(appArmorAnnotation)) return []
    const at = `metadata.annotations[${key}]`
    const container = key.slice(appArmorAnnotation.length)
    const errors = names.has(container) ? [] : [invalid(at, container, 'container not found')]
    if (!/^($|runtime\/default$|unconfined$|localhost\/)/.test(profile)) {
      errors.push(invalid(at, profile, `invalid AppArmor profile name: "${profile}"`))
    }
    return errors
  })
}

const imageErrors = ({ spec }: PodObject): FieldError[] =>
  (['containers', 'initContainers'] as const).flatMap((which) =>
    (spec?.[which] ?? []).flatMap(({ image = '' }, index) =>
      image.trim() === image
        ? []
        : [invalid(`spec.${which}[${index}].image`, image, 'must not have leading or trailing whitespace')],
    ),
  )

export const podErrors = (pod: PodObject): FieldError[] => [
  ...appArmorErrors(pod),
  ...podSpecErrors(pod.spec, 'spec'),
  ...imageErrors(pod),
]

export const newPodErrors = ({ spec = {} }: PodObject): FieldError[] => {
  const errors: FieldError[] = []
  if (spec.ephemeralContainers?.length) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  return errors
}
