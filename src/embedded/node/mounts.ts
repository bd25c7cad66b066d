/**
 * Files that a container starts with: resolver, hosts, service account, ConfigMaps and Secrets mounted as volumes.
 * Not modelled: updates of mounted ConfigMaps while the container runs, file modes, emptyDir shared between containers.
 */
import type { Container, Pod } from '../../kube/kinds.ts'
import type { Registry } from '../registry.ts'
import type { Image } from '../workloads/workload.ts'
import { MissingReference } from './environment.ts'

interface Item {
  key: string
  path: string
}
interface Reference {
  name?: string
  secretName?: string
  items?: Item[]
  optional?: boolean
}
interface Volume {
  name: string
  configMap?: Reference
  secret?: Reference
  downwardAPI?: { items?: { path: string; fieldRef?: { fieldPath?: string } }[] }
  projected?: {
    sources?: {
      configMap?: Reference
      secret?: Reference
      serviceAccountToken?: { path: string }
      downwardAPI?: Volume['downwardAPI']
    }[]
  }
}
interface Mount {
  name: string
  mountPath: string
  subPath?: string
}

type FileSet = Record<string, Uint8Array>

const encoder = new TextEncoder()

/** Root certificates that controllers write into each namespace, perhaps a moment after its first pod. */
const latecomers = new Set(['kube-root-ca.crt', 'istio-ca-root-cert'])

const dataOf = (registry: Registry, kind: 'configmap' | 'secret', namespace: string, ref: Reference): FileSet => {
  const name = ref.name ?? ref.secretName ?? ''
  const object = registry.get({ group: '', resource: `${kind}s` }, name, namespace)
  if (!object) {
    if (ref.optional || latecomers.has(name)) return {}
    throw new MissingReference(`${kind} "${name}" not found`)
  }
  const data = Object.entries((object.data ?? {}) as Record<string, string>)
  const binary = Object.entries((object.binaryData ?? {}) as Record<string, string>)
  const all: FileSet = Object.fromEntries([
    ...data.map(
      ([key, text]) =>
        [key, kind === 'secret' ? new Uint8Array(Buffer.from(text, 'base64')) : encoder.encode(text)] as const,
    ),
    ...binary.map(([key, text]) => [key, new Uint8Array(Buffer.from(text, 'base64'))] as const),
  ])
  if (!ref.items) return all
  return Object.fromEntries(
    ref.items.map(({ key, path }) => {
      const content = all[key]
      if (!content)
        throw new MissingReference(`references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`)
      return [path, content] as const
    }),
  )
}

const downward = (pod: Pod, volume: Volume['downwardAPI']): FileSet =>
  Object.fromEntries(
    (volume?.items ?? []).map(({ path, fieldRef }) => {
      const field = fieldRef?.fieldPath ?? ''
      const map =
        field === 'metadata.labels'
          ? pod.metadata.labels
          : field === 'metadata.annotations'
            ? pod.metadata.annotations
            : undefined
      const text = map
        ? Object.entries(map)
            .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
            .join('\n')
        : field === 'metadata.name'
          ? pod.metadata.name
          : field === 'metadata.namespace'
            ? (pod.metadata.namespace ?? '')
            : ''
      return [path, encoder.encode(text)] as const
    }),
  )

/** The files of one volume by relative path. Throws `MissingReference` when its ConfigMap or Secret is not there. */
const filesOf = (registry: Registry, pod: Pod, volume: Volume, account: FileSet): FileSet => {
  const namespace = pod.metadata.namespace ?? ''
  if (volume.configMap) return dataOf(registry, 'configmap', namespace, volume.configMap)
  if (volume.secret) return dataOf(registry, 'secret', namespace, volume.secret)
  if (volume.downwardAPI) return downward(pod, volume.downwardAPI)
  const files: FileSet = {}
  for (const source of volume.projected?.sources ?? []) {
    if (source.serviceAccountToken && account.token) files[source.serviceAccountToken.path] = account.token
    if (source.configMap?.name === 'kube-root-ca.crt')
      Object.assign(files, account['ca.crt'] ? { 'ca.crt': account['ca.crt'] } : {})
    else if (source.configMap) Object.assign(files, dataOf(registry, 'configmap', namespace, source.configMap))
    if (source.secret) Object.assign(files, dataOf(registry, 'secret', namespace, source.secret))
    if (source.downwardAPI) Object.assign(files, downward(pod, source.downwardAPI))
  }
  return files
}

/** Volumes that cannot be mounted now, as the FailedMount event says it; empty when all can. */
export const mountProblems = (registry: Registry, pod: Pod): string[] =>
  ((pod.spec.volumes ?? []) as Volume[]).flatMap((volume) => {
    try {
      filesOf(registry, pod, volume, {})
      return []
    } catch (error) {
      if (!(error instanceof MissingReference)) throw error
      return [`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`]
    }
  })

/** Everything in the container's filesystem that is not the image's own tools. */
export const containerFiles = (parts: {
  registry: Registry
  pod: Pod
  container: Container
  image: Image
  address: string
  account: Record<string, string>
}): Record<string, string | Uint8Array> => {
  const { registry, pod, container, image, address } = parts
  const namespace = pod.metadata.namespace ?? 'default'
  const account: FileSet = Object.fromEntries(
    Object.entries(parts.account).map(([name, text]) => [name, encoder.encode(text)]),
  )
  const files: Record<string, string | Uint8Array> = {
    '/etc/hostname': `${pod.metadata.name}\n`,
    '/etc/hosts': `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${address}\t${pod.metadata.name}\n`,
    '/etc/resolv.conf': `search ${namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n`,
    ...image.files,
  }
  const volumes = (pod.spec.volumes ?? []) as Volume[]
  for (const mount of (container.volumeMounts ?? []) as Mount[]) {
    const volume = volumes.find(({ name }) => name === mount.name)
    if (!volume) continue
    const content = filesOf(registry, pod, volume, account)
    const base = mount.mountPath.replace(/\/$/, '')
    if (mount.subPath) {
      const single = content[mount.subPath]
      if (single) files[mount.mountPath] = single
    } else {
      if (Object.keys(content).length === 0) files[`${base}/.keep`] = ''
      for (const [path, bytes] of Object.entries(content)) files[`${base}/${path}`] = bytes
    }
  }
  return files
}
