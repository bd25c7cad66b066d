/** What a container and its pod may do. Follows core/validation's ValidateSecurityContext and its like for pods. */
import type { FieldError } from '../kind.ts'
import { complaints, duplicate, invalid, notSupported, required } from './errors.ts'
import { descendingPath, idRange } from './names.ts'

interface Profile {
  type?: string
  localhostProfile?: string
}

export interface SecurityContext {
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  capabilities?: { add?: string[]; drop?: string[] }
  runAsUser?: number
  runAsGroup?: number
  runAsNonRoot?: boolean
  readOnlyRootFilesystem?: boolean
  procMount?: string
  seccompProfile?: Profile
  appArmorProfile?: Profile
  seLinuxOptions?: object
  windowsOptions?: object
}

export interface PodSecurityContext
  extends Pick<
    SecurityContext,
    'runAsUser' | 'runAsGroup' | 'runAsNonRoot' | 'seccompProfile' | 'appArmorProfile' | 'seLinuxOptions'
  > {
  fsGroup?: number
  supplementalGroups?: number[]
  fsGroupChangePolicy?: string
  supplementalGroupsPolicy?: string
  seLinuxChangePolicy?: string
  sysctls?: { name?: string; value?: string }[]
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

const idErrors = (id: number | undefined, field: string): FieldError[] =>
  id === undefined ? [] : idRange(id).map((says) => invalid(field, id, says))

export const seccompErrors = (profile: Profile | undefined, field: string): FieldError[] => {
  if (!profile) return []
  const { type, localhostProfile: file } = profile
  const errors: FieldError[] = []
  if (!type) errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  else if (!profileTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, profileTypes))
  const at = `${field}.localhostProfile`
  if (type === 'Localhost') {
    if (file === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'))
    else errors.push(...complaints(at, file, descendingPath))
  } else if (file !== undefined) {
    const shown = { Type: type ?? '', LocalhostProfile: file }
    errors.push(invalid(at, shown, 'can only be set when seccomp type is Localhost'))
  }
  return errors
}

export const appArmorErrors = (profile: Profile | undefined, field: string): FieldError[] => {
  if (!profile) return []
  const { type, localhostProfile: name } = profile
  const at = `${field}.localhostProfile`
  if (!type) return [required(`${field}.type`, 'type is required when appArmorProfile is set')]
  if (!profileTypes.includes(type)) return [notSupported(`${field}.type`, type, profileTypes)]
  if (type === 'Localhost') {
    if (!name) return [required(at, 'must be set when AppArmor type is Localhost')]
    return name.trim() === name ? [] : [invalid(at, name, 'must not be padded with whitespace')]
  }
  return name === undefined ? [] : [invalid(at, name, 'can only be set when AppArmor type is Localhost')]
}

/** The refusal shows the context as the server holds it, in Go's names and order. */
const goForm = (context: SecurityContext): object => ({
  Capabilities: context.capabilities
    ? { Add: context.capabilities.add ?? null, Drop: context.capabilities.drop ?? null }
    : null,
  Privileged: context.privileged ?? null,
  SELinuxOptions: context.seLinuxOptions ?? null,
  WindowsOptions: context.windowsOptions ?? null,
  RunAsUser: context.runAsUser ?? null,
  RunAsGroup: context.runAsGroup ?? null,
  RunAsNonRoot: context.runAsNonRoot ?? null,
  ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
  AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
  ProcMount: context.procMount ?? null,
  SeccompProfile: context.seccompProfile
    ? { Type: context.seccompProfile.type ?? '', LocalhostProfile: context.seccompProfile.localhostProfile ?? null }
    : null,
  AppArmorProfile: context.appArmorProfile
    ? { Type: context.appArmorProfile.type ?? '', LocalhostProfile: context.appArmorProfile.localhostProfile ?? null }
    : null,
})

/** `hostUsers`: the pod has no user namespace of its own. */
export const securityContextErrors = (
  context: SecurityContext | undefined,
  field: string,
  hostUsers: boolean,
): FieldError[] => {
  if (!context) return []
  const errors = [
    ...idErrors(context.runAsUser, `${field}.runAsUser`),
    ...idErrors(context.runAsGroup, `${field}.runAsGroup`),
  ]
  const mount = context.procMount
  if (mount !== undefined) {
    if (!['Default', 'Unmasked'].includes(mount)) {
      errors.push(notSupported(`${field}.procMount`, mount, ['Default', 'Unmasked']))
    }
    if (hostUsers && mount === 'Unmasked') {
      errors.push(invalid(`${field}.procMount`, mount, '`hostUsers` must be false to use `Unmasked`'))
    }
  }
  errors.push(...seccompErrors(context.seccompProfile, `${field}.seccompProfile`))
  if (context.allowPrivilegeEscalation === false) {
    const cannot = 'cannot set `allowPrivilegeEscalation` to false and'
    if (context.privileged) errors.push(invalid(field, goForm(context), `${cannot} \`privileged\` to true`))
    for (const capability of context.capabilities?.add ?? []) {
      if (capability !== 'CAP_SYS_ADMIN') continue
      errors.push(invalid(field, goForm(context), `${cannot} \`capabilities.Add\` CAP_SYS_ADMIN`))
    }
  }
  return [...errors, ...appArmorErrors(context.appArmorProfile, `${field}.appArmorProfile`)]
}

const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const sysctlFormat = `^(${segment}[\\./])*${segment}$`
const sysctlName = new RegExp(sysctlFormat)

const sysctlErrors = (sysctls: NonNullable<PodSecurityContext['sysctls']>, field: string): FieldError[] => {
  const names = new Set<string>()
  return sysctls.flatMap(({ name = '' }, index) => {
    const at = `${field}[${index}].name`
    if (!name) return [required(at)]
    if (name.length > 253 || !sysctlName.test(name)) {
      return [invalid(at, name, `must have at most 253 characters and match regex ${sysctlFormat}`)]
    }
    if (names.has(name)) return [duplicate(at, name)]
    names.add(name)
    return []
  })
}

const policyErrors = (value: string | undefined, field: string, allowed: string[]): FieldError[] =>
  value === undefined || allowed.includes(value) ? [] : [notSupported(field, value, allowed)]

/** `spec`: where the pod says what it shares with its host. */
export const podSecurityContextErrors = (
  context: PodSecurityContext | undefined,
  spec: { hostPID?: unknown; shareProcessNamespace?: unknown },
  field: string,
): FieldError[] => {
  if (!context) return []
  const errors = [
    ...idErrors(context.fsGroup, `${field}.fsGroup`),
    ...idErrors(context.runAsUser, `${field}.runAsUser`),
    ...idErrors(context.runAsGroup, `${field}.runAsGroup`),
    ...(context.supplementalGroups ?? []).flatMap((id, index) => idErrors(id, `${field}.supplementalGroups[${index}]`)),
  ]
  if (spec.hostPID && spec.shareProcessNamespace) {
    const says = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(`${field}.shareProcessNamespace`, true, says))
  }
  return [
    ...errors,
    ...sysctlErrors(context.sysctls ?? [], `${field}.sysctls`),
    ...policyErrors(context.fsGroupChangePolicy, `${field}.fsGroupChangePolicy`, ['Always', 'OnRootMismatch']),
    ...seccompErrors(context.seccompProfile, `${field}.seccompProfile`),
    ...appArmorErrors(context.appArmorProfile, `${field}.appArmorProfile`),
    ...policyErrors(context.supplementalGroupsPolicy, `${field}.supplementalGroupsPolicy`, ['Merge', 'Strict']),
    ...policyErrors(context.seLinuxChangePolicy, `${field}.seLinuxChangePolicy`, ['MountOption', 'Recursive']),
  ]
}
