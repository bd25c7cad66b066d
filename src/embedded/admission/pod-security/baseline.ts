/** The baseline level: kubernetes/pod-security-admission policy/check_*.go, each with its versions. */
import type { Check, Examine, Violation } from './check.ts'
import {
  containersOf,
  namedContainers,
  plural,
  quoted,
  type SecuredContainer,
  type SecuredPod,
  type SecurityContext,
  setters,
  sorted,
} from './pod.ts'

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'

const appArmor: Examine = (pod) => {
  const wrong = (context: SecurityContext | undefined) => {
    const profile = context?.appArmorProfile
    return profile && !['RuntimeDefault', 'Localhost'].includes(profile.type ?? '') ? [profile.type ?? ''] : []
  }
  const containers = containersOf(pod).filter(({ securityContext }) => wrong(securityContext).length > 0)
  const ofPod = wrong(pod.spec.securityContext)
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^$|^runtime\/default$|^localhost\//.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
  const who = [
    ...(ofPod.length + containers.length > 0 ? [setters(ofPod.length > 0, containers)] : []),
    ...(annotations.length > 0 ? [plural('annotation', 'annotations', annotations.length)] : []),
  ]
  if (who.length === 0) return undefined
  const values = [
    ...sorted([...ofPod, ...containers.flatMap(({ securityContext }) => wrong(securityContext))]),
    ...annotations,
  ]
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)

/** Containers that set something forbidden, and what all of them set. */
const offenders = (pod: SecuredPod, forbidden: (container: SecuredContainer) => string[]) => {
  const containers = containersOf(pod).filter((container) => forbidden(container).length > 0)
  return { containers, values: sorted(containers.flatMap(forbidden)) }
}

const capabilities: Examine = (pod) => {
  const { containers, values } = offenders(pod, ({ securityContext }) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name)),
  )
  if (containers.length === 0) return undefined
  const detail = `${namedContainers(containers)} must not include ${quoted(values)} in securityContext.capabilities.add`
  return { reason: 'non-default capabilities', detail }
}

const hostNamespaces: Examine = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name])
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((name) => `${name}=true`).join(', ') }
}

const hostPaths: Examine = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name = '' }) => name)
  if (names.length === 0) return undefined
  return { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` }
}

const hostPorts: Examine = (pod) => {
  const { containers, values } = offenders(pod, ({ ports = [] }) =>
    ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : [])),
  )
  if (containers.length === 0) return undefined
  const use = `${plural('uses', 'use', containers.length)} ${plural('hostPort', 'hostPorts', values.length)}`
  return { reason: 'hostPort', detail: `${namedContainers(containers)} ${use} ${values.join(', ')}` }
}

const hostProbes: Examine = (pod) => {
  const { containers, values } = offenders(pod, (container) => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
    return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) =>
      [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host) => host !== undefined && host !== ''),
    ) as string[]
  })
  if (containers.length === 0) return undefined
  const reason = 'probe or lifecycle host'
  const named = `${plural('container', 'containers', containers.length)} ${quoted(sorted(containers.map(({ name = '' }) => name)))}`
  const use = `${plural('uses', 'use', containers.length)} ${plural(reason, `${reason}s`, values.length)}`
  return { reason, detail: `${named} ${use} ${quoted(values)}` }
}

const privileged: Examine = (pod) => {
  const containers = containersOf(pod).filter(({ securityContext }) => securityContext?.privileged)
  if (containers.length === 0) return undefined
  return { reason: 'privileged', detail: `${namedContainers(containers)} must not set securityContext.privileged=true` }
}

/** Also of the restricted level, which does not make the exception for user namespaces. */
export const procMount: Examine = (pod) => {
  const { containers, values } = offenders(pod, ({ securityContext }) => {
    const value = securityContext?.procMount
    return value === undefined || value === 'Default' ? [] : [value]
  })
  if (containers.length === 0) return undefined
  return {
    reason: 'procMount',
    detail: `${namedContainers(containers)} must not set securityContext.procMount to ${quoted(values)}`,
  }
}

/** Root of a user namespace is nobody outside of it. */
export const unlessOwnUsers =
  (examine: Examine): Examine =>
  (pod) =>
    pod.spec.hostUsers === false ? undefined : examine(pod)

const seLinux =
  (...types: string[]): Examine =>
  (pod) => {
    const problems = ({ seLinuxOptions: options }: SecurityContext = {}): { types: string[]; who: string[] } => ({
      types: options && !['', ...types].includes(options.type ?? '') ? [options.type ?? ''] : [],
      who: [...(options?.user ? ['user may not be set'] : []), ...(options?.role ? ['role may not be set'] : [])],
    })
    const isWrong = (context: SecurityContext | undefined) => {
      const found = problems(context)
      return found.types.length + found.who.length > 0
    }
    const containers = containersOf(pod).filter(({ securityContext }) => isWrong(securityContext))
    const ofPod = isWrong(pod.spec.securityContext)
    if (!ofPod && containers.length === 0) return undefined
    const all = [pod.spec.securityContext, ...containers.map(({ securityContext }) => securityContext)].map(problems)
    const badTypes = sorted(all.flatMap((found) => found.types))
    const who = all.flatMap((found) => found.who)
    const data = [
      ...(badTypes.length > 0 ? [`${plural('type', 'types', badTypes.length)} ${quoted(badTypes)}`] : []),
      ...['user may not be set', 'role may not be set'].filter((text) => who.includes(text)),
    ]
    const detail = `${setters(ofPod, containers)} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`
    return { reason: 'seLinuxOptions', detail }
  }

/** Undefined where no profile is set; the type where it is a forbidden one. */
export const badSeccomp = (context: SecurityContext | undefined): string | undefined => {
  const profile = context?.seccompProfile
  return profile && !['RuntimeDefault', 'Localhost'].includes(profile.type ?? '') ? (profile.type ?? '') : undefined
}

/** A profile that is named and forbidden, in the pod or a container. */
export const explicitSeccomp = (pod: SecuredPod): Violation | undefined => {
  const containers = containersOf(pod).filter(({ securityContext }) => badSeccomp(securityContext) !== undefined)
  const ofPod = badSeccomp(pod.spec.securityContext)
  if (ofPod === undefined && containers.length === 0) return undefined
  const values = [ofPod, ...containers.map(({ securityContext }) => badSeccomp(securityContext))]
  const bad = quoted(sorted(values.filter((value) => value !== undefined)))
  return {
    reason: 'seccompProfile',
    detail: `${setters(ofPod !== undefined, containers)} must not set securityContext.seccompProfile.type to ${bad}`,
  }
}

/** Before the field there were annotations. */
const seccompAnnotations: Examine = (pod) => {
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...containersOf(pod).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ]
  const bad = sorted(
    keys.flatMap((key) => {
      const value = pod.annotations[key]
      const fine = value === undefined || /^(runtime\/default|docker\/default)$|^localhost\//.test(value)
      return fine ? [] : [`${key}=${JSON.stringify(value)}`]
    }),
  )
  if (bad.length === 0) return undefined
  const detail = `forbidden ${plural('annotation', 'annotations', bad.length)} ${bad.join(', ')}`
  return { reason: 'seccompProfile', detail }
}

const safeSysctls: [minor: number, names: string][] = [
  [
    0,
    'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start',
  ],
  [27, 'net.ipv4.ip_local_reserved_ports'],
  [
    29,
    'net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes',
  ],
  [32, 'net.ipv4.tcp_rmem net.ipv4.tcp_wmem'],
  [37, 'net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_notsent_lowat'],
]

const sysctls =
  (minor: number): Examine =>
  ({ spec }) => {
    const safe = safeSysctls.filter(([since]) => since <= minor).flatMap(([, names]) => names.split(' '))
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safe.includes(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
  }

const hostProcess: Examine = (pod) => {
  const isHost = (context: SecurityContext | undefined) => context?.windowsOptions?.hostProcess === true
  const containers = containersOf(pod).filter(({ securityContext }) => isHost(securityContext))
  const ofPod = isHost(pod.spec.securityContext)
  if (!ofPod && containers.length === 0) return undefined
  const detail = `${setters(ofPod, containers)} must not set securityContext.windowsOptions.hostProcess=true`
  return { reason: 'hostProcess', detail }
}

const check = (id: string, ...versions: Check['versions']): Check => ({ id, level: 'baseline', versions })

const seLinuxTypes = ['container_t', 'container_init_t', 'container_kvm_t']

export const baselineChecks: Check[] = [
  check('appArmorProfile', [0, appArmor]),
  check('capabilities_baseline', [0, capabilities]),
  check('hostNamespaces', [0, hostNamespaces]),
  check('hostPathVolumes', [0, hostPaths]),
  check('hostPorts', [0, hostPorts]),
  check('hostProbesAndHostLifecycle', [34, hostProbes]),
  check('privileged', [0, privileged]),
  check('procMount', [0, procMount], [35, unlessOwnUsers(procMount)]),
  check('seLinuxOptions', [0, seLinux(...seLinuxTypes)], [31, seLinux(...seLinuxTypes, 'container_engine_t')]),
  check('seccompProfile_baseline', [0, seccompAnnotations], [19, explicitSeccomp]),
  check('sysctls', ...safeSysctls.map(([minor]): [number, Examine] => [minor, sysctls(minor)])),
  check('windowsHostProcess', [0, hostProcess]),
]
