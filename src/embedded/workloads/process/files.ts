/**
 * A container's files: its own tree and the volumes mounted over it. Not modelled: permissions, owners, symbolic links
 * outside the shell.
 */
import { type Content, createTree, type Tree } from './tree.ts'

export interface Mount {
  /** Absolute, without a slash at the end. */
  path: string
  tree: Tree
  readOnly: boolean
}

export interface Files {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  /** False when the folder does not exist or takes no writes. */
  write(path: string, content: Uint8Array): Promise<boolean>
  isDirectory(path: string): Promise<boolean>
  /** The trees, for a shell that works on them itself. */
  readonly root: Tree
  readonly isReadOnly: boolean
  readonly mounts: readonly Mount[]
}

/** `a/../b` and the like resolved against a folder; always absolute. */
export const absolute = (cwd: string, path: string): string => {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

const folders = ['/tmp', '/root', '/home', '/var', '/etc', '/usr', '/var/log', '/var/tmp', '/opt', '/srv', '/mnt']

/** `readOnly`: the container's own tree takes no writes, volumes may. */
export const createFiles = (
  seed: Readonly<Record<string, Content>>,
  mounts: readonly Mount[] = [],
  readOnly = false,
): Files => {
  const root = createTree(seed, folders)
  const nested = [...mounts].sort((a, b) => b.path.length - a.path.length)
  const find = (path: string): { tree: Tree; inside: string; readOnly: boolean } => {
    const mount = nested.find((each) => path === each.path || path.startsWith(`${each.path}/`))
    return mount
      ? { tree: mount.tree, inside: path.slice(mount.path.length) || '/', readOnly: mount.readOnly }
      : { tree: root, inside: path, readOnly }
  }
  return {
    root,
    isReadOnly: readOnly,
    mounts,
    read(path) {
      const { tree, inside } = find(path)
      return tree.read(inside)
    },
    async write(path, content) {
      if (path === '/dev/null') return true
      const place = find(path)
      return !place.readOnly && place.tree.write(place.inside, content)
    },
    async isDirectory(path) {
      if (nested.some((mount) => mount.path.startsWith(`${path === '/' ? '' : path}/`))) return true
      const { tree, inside } = find(path)
      return tree.isDirectory(inside)
    },
  }
}
