/**
 * The volumes of one pod: ConfigMaps, Secrets, downward API, tokens, and empty folders that its containers share.
 * Mounted objects follow what the API holds at once; a real kubelet takes up to its sync period of a minute.
 * Upstream: kubernetes/pkg/volume/{configmap,secret,projected,downwardapi,emptydir}.
 * Not modelled: persistent volumes and hostPath (each pod sees an empty folder of its own), sizes, file modes.
 */
import type { Container, Pod } from '../../kube/kinds.ts'
import type { Registry } from '../registry.ts'
import { type Content, createTree, type Tree } from '../workloads/process/tree.ts'
import { ConfigError, podField, resourceField } from './environment.ts'

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
interface DownwardItem {
  path: string
  fieldRef?: { fieldPath?: string }
  resourceFieldRef?: { containerName?: string; resource?: string }
}
interface TokenSource {
  path: string
  audience?: string
}
export interface Volume {
  name: string
  configMap?: Reference
  secret?: Reference
  downwardAPI?: { items?: DownwardItem[] }
  projected?: {
    sources?: {
      configMap?: Reference
      secret?: Reference
      serviceAccountToken?: TokenSource
      downwardAPI?: { items?: DownwardItem[] }
    }[]
  }
}

/** Files by path inside the volume, with a slash in front. */
export type FileSet = Record<string, Content>

export interface VolumeParts {
  registry: Registry
  /** A token of the pod's ServiceAccount; the API server's own audience when none is named. */
  token: (pod: Pod, audience?: string) => Promise<string>
}

const encoder = new TextEncoder()
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** Root certificates that controllers write into each namespace, perhaps a moment after its first pod. */
const latecomers = new Set(['kube-root-ca.crt', 'istio-ca-root-cert'])

const dataOf = (registry: Registry, kind: 'configmap' | 'secret', namespace: string, ref: Reference): FileSet => {
  const name = ref.name ?? ref.secretName ?? ''
  const object = registry.get({ group: '', resource: `${kind}s` }, name, namespace)
  if (!object) {
    if (ref.optional || latecomers.has(name)) return {}
    throw new ConfigError(`${kind} "${name}" not found`)
  }
  const data = Object.entries((object.data ?? {}) as Record<string, string>)
  const binary = Object.entries((object.binaryData ?? {}) as Record<string, string>)
  const all = new Map<string, Uint8Array>([
    ...data.map(([key, text]) => [key, kind === 'secret' ? base64(text) : encoder.encode(text)] as const),
    ...binary.map(([key, text]) => [key, base64(text)] as const),
  ])
  if (!ref.items) return Object.fromEntries([...all].map(([key, content]) => [`/${key}`, content]))
  return Object.fromEntries(
    ref.items.flatMap(({ key, path }) => {
      const content = all.get(key)
      if (content) return [[`/${path}`, content] as const]
      if (ref.optional || latecomers.has(name)) return []
      throw new ConfigError(`references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`)
    }),
  )
}

/** Labels and annotations as a file: sorted, values quoted (kubernetes/pkg/fieldpath FormatMap). */
const formatMap = (map: Readonly<Record<string, string>> = {}): string =>
  Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

const downward = (pod: Pod, items: DownwardItem[] = []): FileSet =>
  Object.fromEntries(
    items.map(({ path, fieldRef, resourceFieldRef }) => {
      const field = fieldRef?.fieldPath ?? ''
      const text = resourceFieldRef
        ? resourceField(pod, pod.spec.containers[0] as Container, resourceFieldRef)
        : field === 'metadata.labels' || field === 'metadata.annotations'
          ? formatMap(pod.metadata[field.slice('metadata.'.length) as 'labels' | 'annotations'])
          : podField(pod, field)
      return [`/${path}`, encoder.encode(text)] as const
    }),
  )

/** What the volume holds now. Throws `ConfigError` when its ConfigMap or Secret is not there. */
const contentOf = ({ registry, token }: VolumeParts, pod: Pod, volume: Volume): FileSet => {
  const namespace = pod.metadata.namespace ?? ''
  if (volume.configMap) return dataOf(registry, 'configmap', namespace, volume.configMap)
  if (volume.secret) return dataOf(registry, 'secret', namespace, volume.secret)
  if (volume.downwardAPI) return downward(pod, volume.downwardAPI.items)
  const files: FileSet = {}
  for (const source of volume.projected?.sources ?? []) {
    const { serviceAccountToken: account } = source
    // Signed when somebody reads it: most pods never do.
    if (account) files[`/${account.path}`] = async () => encoder.encode(await token(pod, account.audience))
    if (source.configMap) Object.assign(files, dataOf(registry, 'configmap', namespace, source.configMap))
    if (source.secret) Object.assign(files, dataOf(registry, 'secret', namespace, source.secret))
    if (source.downwardAPI) Object.assign(files, downward(pod, source.downwardAPI.items))
  }
  return files
}

export const volumesOf = (pod: Pod): Volume[] => (pod.spec.volumes ?? []) as unknown as Volume[]

/** Whether the volume's content is the API's, which containers cannot write to. */
export const isApiVolume = ({ configMap, secret, downwardAPI, projected }: Volume): boolean =>
  Boolean(configMap ?? secret ?? downwardAPI ?? projected)

/** Volumes that cannot be mounted now, as the FailedMount event says it; empty when all can. */
export const mountProblems = (parts: VolumeParts, pod: Pod): string[] =>
  volumesOf(pod).flatMap((volume) => {
    try {
      contentOf(parts, pod, volume)
      return []
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return [`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`]
    }
  })

/** Tokens are never the same text twice and always the same token. */
const isSame = (a: Content | undefined, b: Content): boolean =>
  typeof a === 'function' || a === undefined
    ? typeof a === typeof b
    : typeof b !== 'function' && Buffer.compare(a, b) === 0

export interface Volumes {
  /** The volume as all containers of the pod share it. Throws `ConfigError`. */
  tree(volume: Volume): Tree
  /** Its content at this moment, for a `subPath` mount, which does not follow changes. Throws `ConfigError`. */
  content(volume: Volume): FileSet
  /** Something that volumes show has changed: mounted files follow. */
  refresh(pod: Pod): void
}

export const createVolumes = (parts: VolumeParts, first: Pod): Volumes => {
  const trees = new Map<string, { volume: Volume; tree: Tree; shown: FileSet }>()
  let pod = first
  return {
    tree(volume) {
      const known = trees.get(volume.name)
      if (known) return known.tree
      const shown = isApiVolume(volume) ? contentOf(parts, pod, volume) : {}
      const tree = createTree(shown)
      trees.set(volume.name, { volume, tree, shown })
      return tree
    },
    content: (volume) => contentOf(parts, pod, volume),
    refresh(next) {
      pod = next
      for (const entry of trees.values()) {
        if (!isApiVolume(entry.volume)) continue
        try {
          const now = contentOf(parts, pod, entry.volume)
          const changed = Object.entries(now).filter(([path, content]) => !isSame(entry.shown[path], content))
          const gone = Object.keys(entry.shown).filter((path) => !Object.hasOwn(now, path))
          if (changed.length + gone.length > 0) void entry.tree.update(Object.fromEntries(changed), gone)
          entry.shown = now
        } catch (error) {
          // What is mounted stays when its object goes.
          if (!(error instanceof ConfigError)) throw error
        }
      }
    },
  }
}
