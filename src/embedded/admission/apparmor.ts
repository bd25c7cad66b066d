/**
 * AppArmor's annotation becomes the field that replaced it, with a warning
 * (kubernetes/pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew).
 */
import type { AdmissionPlugin } from '../admission.ts'
import type { PodObject } from '../kinds/types.ts'
import { appArmorAnnotation } from '../kinds/validation/pod.ts'

const profileOf = (annotation: string) => {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const name = /^localhost\/(.+)$/.exec(annotation)?.[1]
  return name === undefined ? undefined : { type: 'Localhost', localhostProfile: name }
}

export const appArmorPlugin: AdmissionPlugin = {
  name: 'AppArmorAnnotations',
  mutate: ({ operation, group, resource, subresource, object, warn }) => {
    if (operation !== 'CREATE' || group !== '' || resource !== 'pods' || subresource) return
    const { metadata, spec } = object as PodObject
    const ofPod = JSON.stringify(spec?.securityContext?.appArmorProfile)
    for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      const key = `${appArmorAnnotation}${container.name}`
      const annotation = metadata.annotations?.[key]
      if (annotation === undefined || container.securityContext?.appArmorProfile) continue
      const profile = profileOf(annotation)
      if (profile && JSON.stringify(profile) === ofPod) continue
      if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile }
      warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    }
  },
}
