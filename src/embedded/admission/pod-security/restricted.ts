/** What the restricted level asks for beyond the baseline: kubernetes/pod-security-admission policy/check_*.go. */
import { explicitSeccomp, procMount, unlessOwnUsers } from './baseline.ts'
import type { Check, Examine } from './check.ts'
import { containersOf, namedContainers, plural, quoted, setters, sorted } from './pod.ts'

/** Since 1.25 what Windows does not have is not asked of its pods. */
const exceptWindows =
  (examine: Examine): Examine =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : examine(pod)

const privilegeEscalation: Examine = (pod) => {
  const containers = containersOf(pod).filter(
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  )
  if (containers.length === 0) return undefined
  const detail = `${namedContainers(containers)} must set securityContext.allowPrivilegeEscalation=false`
  return { reason: 'allowPrivilegeEscalation != false', detail }
}

const capabilities: Examine = (pod) => {
  const all = containersOf(pod)
  const keeping = all.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
  const added = (container: (typeof all)[number]): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  const adding = all.filter((container) => added(container).length > 0)
  const details = [
    ...(keeping.length > 0 ? [`${namedContainers(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [
          `${namedContainers(adding)} must not include ${quoted(sorted(adding.flatMap(added)))} in securityContext.capabilities.add`,
        ]
      : []),
  ]
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

const allowedVolumes = new Set(
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '),
)

const volumes: Examine = ({ spec }) => {
  const typeOf = (volume: object): string => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.has(typeOf(volume)))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(typeOf))
  const names = `${plural('volume', 'volumes', bad.length)} ${quoted(bad.map(({ name = '' }) => name))}`
  const kinds = plural('restricted volume type', 'restricted volume types', types.length)
  return {
    reason: 'restricted volume types',
    detail: `${names} ${plural('uses', 'use', bad.length)} ${kinds} ${quoted(types)}`,
  }
}

const nonRoot: Examine = (pod) => {
  const all = containersOf(pod)
  const ofPod = pod.spec.securityContext?.runAsNonRoot
  const explicit = all.filter(({ securityContext }) => securityContext?.runAsNonRoot === false)
  const reason = 'runAsNonRoot != true'
  if (ofPod === false || explicit.length > 0)
    return { reason, detail: `${setters(ofPod === false, explicit)} must not set securityContext.runAsNonRoot=false` }
  const silent = all.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined)
  if (ofPod || silent.length === 0) return undefined
  return { reason, detail: `pod or ${namedContainers(silent)} must set securityContext.runAsNonRoot=true` }
}

const rootUser: Examine = (pod) => {
  const containers = containersOf(pod).filter(({ securityContext }) => securityContext?.runAsUser === 0)
  const ofPod = pod.spec.securityContext?.runAsUser === 0
  if (!ofPod && containers.length === 0) return undefined
  return { reason: 'runAsUser=0', detail: `${setters(ofPod, containers)} must not set runAsUser=0` }
}

const seccomp: Examine = (pod) => {
  const explicit = explicitSeccomp(pod)
  if (explicit || pod.spec.securityContext?.seccompProfile) return explicit
  const silent = containersOf(pod).filter(({ securityContext }) => !securityContext?.seccompProfile)
  if (silent.length === 0) return undefined
  const wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
  return { reason: 'seccompProfile', detail: `pod or ${namedContainers(silent)} ${wanted}` }
}

const check = (id: string, overrides: string[], ...versions: Check['versions']): Check => ({
  id,
  level: 'restricted',
  overrides,
  versions,
})

export const restrictedChecks: Check[] = [
  check('allowPrivilegeEscalation', [], [8, privilegeEscalation], [25, exceptWindows(privilegeEscalation)]),
  check('capabilities_restricted', ['capabilities_baseline'], [22, capabilities], [25, exceptWindows(capabilities)]),
  check('procMount_restricted', ['procMount'], [35, procMount]),
  check('restrictedVolumes', ['hostPathVolumes'], [0, volumes]),
  check('runAsNonRoot', [], [0, nonRoot], [35, unlessOwnUsers(nonRoot)]),
  check('runAsUser', [], [23, rootUser], [35, unlessOwnUsers(rootUser)]),
  check('seccompProfile_restricted', ['seccompProfile_baseline'], [19, seccomp], [25, exceptWindows(seccomp)]),
]
