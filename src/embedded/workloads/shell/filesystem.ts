/** The container's files as the shell's filesystem: volumes mounted, and what takes no writes says so. */
import { type IFileSystem, InMemoryFs, MountableFs } from 'just-bash'
import type { Files } from '../process/files.ts'
import type { Tree } from '../process/tree.ts'

/** A write where none is taken. */
export class ReadOnlyError extends Error {
  readonly path: string
  constructor(path: string) {
    super('Read-only file system')
    this.path = path
  }
}

const writes = new Set<PropertyKey>(
  'writeFile appendFile mkdir rm cp mv chmod symlink link utimes writeFileSync'.split(' '),
)

/** `at` is where it is mounted, for what is said of a refused path. */
const readOnlyView = (fs: IFileSystem, at: string): IFileSystem =>
  new Proxy(fs, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      if (!writes.has(name)) return member.bind(target)
      return (...args: unknown[]) => {
        // The last path is the one that is written to.
        const path = name === 'cp' || name === 'mv' || name === 'link' ? args[1] : args[0]
        if (path === '/dev/null' || path === '/dev/stdout' || path === '/dev/stderr')
          return (member as (...args: unknown[]) => unknown).apply(target, args)
        throw new ReadOnlyError(at + String(path))
      }
    },
  })

const systemOf = (tree: Tree, readOnly: boolean, at = ''): IFileSystem => {
  const fs = tree.fileSystem((files, folders) => {
    const made = new InMemoryFs(files)
    for (const folder of folders) made.mkdirSync(folder, { recursive: true })
    return made
  })
  return readOnly ? readOnlyView(fs, at) : fs
}

export const shellFileSystem = ({ root, isReadOnly, mounts }: Files): IFileSystem => {
  const base = systemOf(root, isReadOnly)
  if (mounts.length === 0) return base
  const mounted = new MountableFs({ base })
  // Mounts inside mounts are rare and not supported by the shell's filesystem: the outer one wins.
  for (const { path, tree, readOnly } of [...mounts].sort((a, b) => a.path.length - b.path.length)) {
    const isInside = mounts.some((other) => path.startsWith(`${other.path}/`))
    if (!isInside) mounted.mount(path, systemOf(tree, readOnly, path))
  }
  return mounted
}
