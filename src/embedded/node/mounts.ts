/** The files that a container starts with: the image's, resolver and hosts, and the pod's volumes where it mounts them. */
import type { Container, Pod } from '../../kube/kinds.ts'
import { createFiles, type Files, type Mount } from '../workloads/process/files.ts'
import type { Content } from '../workloads/process/tree.ts'
import type { Image } from '../workloads/workload.ts'
import { isApiVolume, type Volumes, volumesOf } from './volumes.ts'

interface VolumeMount {
  name: string
  mountPath: string
  subPath?: string
  readOnly?: boolean
}

const encoder = new TextEncoder()

const hostAliases = (pod: Pod): string => {
  const aliases = (pod.spec.hostAliases ?? []) as { ip: string; hostnames?: string[] }[]
  if (aliases.length === 0) return ''
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`)
  return `\n# Entries added by HostAliases.\n${lines.join('')}`
}

const resolvConf = (pod: Pod): string => {
  const namespace = pod.metadata.namespace ?? 'default'
  return `search ${namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n`
}

/** Throws `ConfigError` (environment.ts) when a volume's ConfigMap or Secret is not there. */
export const containerFiles = (parts: {
  pod: Pod
  container: Container
  image: Image
  address: string
  volumes: Volumes
}): Files => {
  const { pod, container, image, address, volumes } = parts
  const texts: Record<string, string> = {
    '/etc/hostname': `${pod.metadata.name}\n`,
    '/etc/hosts': `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${address}\t${pod.metadata.name}\n${hostAliases(pod)}`,
    '/etc/resolv.conf': resolvConf(pod),
    ...image.files,
  }
  const seed: Record<string, Content> = Object.fromEntries(
    Object.entries(texts).map(([path, text]) => [path, encoder.encode(text)]),
  )
  const mounts: Mount[] = []
  for (const mount of (container.volumeMounts ?? []) as unknown as VolumeMount[]) {
    const volume = volumesOf(pod).find(({ name }) => name === mount.name)
    if (!volume) continue
    const path = mount.mountPath.replace(/\/$/, '')
    if (mount.subPath && isApiVolume(volume)) {
      const inside = `/${mount.subPath.replace(/^\/|\/$/g, '')}`
      for (const [name, content] of Object.entries(volumes.content(volume)))
        if (name === inside || name.startsWith(`${inside}/`)) seed[path + name.slice(inside.length)] = content
    } else mounts.push({ path, tree: volumes.tree(volume), readOnly: mount.readOnly === true || isApiVolume(volume) })
  }
  const { readOnlyRootFilesystem } = (container.securityContext ?? {}) as { readOnlyRootFilesystem?: boolean }
  return createFiles(seed, mounts, readOnlyRootFilesystem === true)
}
