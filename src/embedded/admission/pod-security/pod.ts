/** The parts of a pod that Pod Security looks at, and the small words of its messages. */
export interface SecurityContext {
  allowPrivilegeEscalation?: boolean
  appArmorProfile?: { type?: string }
  capabilities?: { add?: string[]; drop?: string[] }
  privileged?: boolean
  procMount?: string
  runAsNonRoot?: boolean
  runAsUser?: number
  seLinuxOptions?: { type?: string; user?: string; role?: string }
  seccompProfile?: { type?: string }
  sysctls?: { name: string }[]
  windowsOptions?: { hostProcess?: boolean }
}

interface Handler {
  httpGet?: { host?: string }
  tcpSocket?: { host?: string }
}

export interface SecuredContainer {
  name?: string
  image?: string
  ports?: { hostPort?: number }[]
  securityContext?: SecurityContext
  livenessProbe?: Handler
  readinessProbe?: Handler
  startupProbe?: Handler
  lifecycle?: { postStart?: Handler; preStop?: Handler }
}

export interface SecuredPod {
  annotations: Record<string, string>
  spec: {
    containers?: SecuredContainer[]
    initContainers?: SecuredContainer[]
    ephemeralContainers?: SecuredContainer[]
    volumes?: { name?: string; [source: string]: unknown }[]
    securityContext?: SecurityContext
    hostNetwork?: boolean
    hostPID?: boolean
    hostIPC?: boolean
    hostUsers?: boolean
    os?: { name?: string }
  }
}

/** Init containers first, then the others, then ephemeral ones: the order of names in messages. */
export const containersOf = ({ spec }: SecuredPod): SecuredContainer[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
]

export const quoted = (items: Iterable<string>): string => [...items].map((item) => `"${item}"`).join(', ')

export const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort()

export const plural = (one: string, several: string, count: number): string => (count === 1 ? one : several)

/** `container "a"`, `containers "a", "b"` */
export const namedContainers = (containers: readonly SecuredContainer[]): string =>
  `${plural('container', 'containers', containers.length)} ${quoted(containers.map(({ name = '' }) => name))}`

/** The pod itself and its containers, as far as they do something wrong: `pod and container "a"`. */
export const setters = (pod: boolean, containers: readonly SecuredContainer[]): string =>
  [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [namedContainers(containers)] : [])].join(' and ')
