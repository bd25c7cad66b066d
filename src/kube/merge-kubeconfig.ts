/** The learner's own kubeconfig files, read as kubectl reads them, and one context of them as a file of its own. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { ClusterUnreachable } from './errors.ts'

type Fields = Record<string, unknown>
interface Named {
  name: string
  [field: string]: unknown
}

export interface MergedKubeconfig {
  /** Where it was looked for. */
  files: readonly string[]
  current?: string
  contexts: Named[]
  clusters: Named[]
  users: Named[]
}

/** Every file of `$KUBECONFIG`, else `~/.kube/config`. */
export const kubeconfigFiles = (env: Record<string, string | undefined>): string[] => {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter(Boolean)
  return named.length ? named : [join(env.HOME || homedir(), '.kube', 'config')]
}

const paths = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']

/** Paths in a kubeconfig are relative to it, and so is an exec plugin that is named with a slash. */
const rebase = (fields: unknown, folder: string): unknown => {
  if (typeof fields !== 'object' || fields === null) return fields
  const copy: Fields = { ...(fields as Fields) }
  for (const path of paths) if (typeof copy[path] === 'string' && copy[path]) copy[path] = resolve(folder, copy[path])
  const exec = copy.exec as Fields | undefined
  const command = exec?.command
  if (typeof command === 'string' && command.includes('/') && !isAbsolute(command))
    copy.exec = { ...exec, command: resolve(folder, command) }
  return copy
}

const entries = (file: Fields, list: string, field: string, folder: string): Named[] =>
  Array.isArray(file[list])
    ? (file[list] as unknown[]).flatMap((entry) => {
        const named = entry as Partial<Named> | null
        return typeof named?.name === 'string' ? [{ name: named.name, [field]: rebase(named[field], folder) }] : []
      })
    : []

/** Of several entries with one name, the first counts. A file that is not there counts as empty, as for kubectl. */
export const readMerged = async (files: readonly string[]): Promise<MergedKubeconfig> => {
  const merged: MergedKubeconfig = { files, contexts: [], clusters: [], users: [] }
  for (const path of files) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      const next = error.code === 'EISDIR' ? 'it is a folder: name a file in it' : 'correct its permissions'
      throw new ClusterUnreachable(`kubeconfig ${path}: cannot be read (${error.code}); ${next}`)
    })
    let file: Fields
    try {
      file = (parse(text) ?? {}) as Fields
    } catch (error) {
      throw new ClusterUnreachable(
        `kubeconfig ${path}: not YAML (${(error as Error).message.split('\n')[0]}); correct it`,
      )
    }
    const folder = dirname(resolve(path))
    if (typeof file['current-context'] === 'string' && file['current-context'])
      merged.current ??= file['current-context']
    for (const [list, field] of [
      ['contexts', 'context'],
      ['clusters', 'cluster'],
      ['users', 'user'],
    ] as const) {
      for (const entry of entries(file, list, field, folder))
        if (!merged[list].some(({ name }) => name === entry.name)) merged[list].push(entry)
    }
  }
  return merged
}

/** A kubeconfig with one context and what it needs. Throws `ClusterUnreachable` that names the contexts there are. */
export const extractContext = (merged: MergedKubeconfig, wanted?: string): { name: string; text: string } => {
  if (merged.contexts.length === 0)
    throw new ClusterUnreachable(
      `there is no context in ${merged.files.join(', ')}: set KUBECONFIG to the file that has yours; the embedded cluster (the default) needs none`,
    )
  const known = merged.contexts.map(({ name }) => name).join(', ')
  const name = wanted ?? merged.current
  if (!name)
    throw new ClusterUnreachable(`the kubeconfig has no current-context: name one with --context; it has: ${known}`)
  const context = merged.contexts.find((each) => each.name === name)
  if (!context) throw new ClusterUnreachable(`the kubeconfig has no context "${name}"; it has: ${known}`)
  const { cluster, user } = (context.context ?? {}) as { cluster?: string; user?: string }
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [context],
    clusters: merged.clusters.filter((each) => each.name === cluster),
    users: merged.users.filter((each) => each.name === user),
  })
  return { name, text }
}
