/**
 * A container's files, in memory. Plain commands use a map; once a shell runs, its filesystem takes over, so that both
 * see the same files. Not modelled: permissions, owners, symbolic links outside the shell.
 */

/** The part of a filesystem that files are handed over to. */
export interface FileSystem {
  readFileBuffer(path: string): Promise<Uint8Array>
  writeFile(path: string, content: Uint8Array): Promise<void>
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<{ isDirectory: boolean }>
}

export interface Files {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  /** False when the folder does not exist. */
  write(path: string, content: Uint8Array): Promise<boolean>
  isDirectory(path: string): Promise<boolean>
  /** What there is so far, for whoever takes over. */
  initial(): Record<string, Uint8Array>
  handOver(to: FileSystem): void
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

const encoder = new TextEncoder()
const folders = ['/', '/tmp', '/root', '/home', '/var', '/etc', '/usr', '/var/log', '/var/tmp', '/opt', '/srv', '/mnt']

export const createFiles = (seed: Readonly<Record<string, string | Uint8Array>>): Files => {
  const map = new Map<string, Uint8Array>()
  for (const [path, content] of Object.entries(seed))
    map.set(path, typeof content === 'string' ? encoder.encode(content) : content)
  let shared: FileSystem | undefined
  const hasFolder = (path: string): boolean =>
    folders.includes(path) || [...map.keys()].some((file) => file.startsWith(`${path === '/' ? '' : path}/`))
  return {
    async read(path) {
      if (!shared) return map.get(path)
      return (await shared.exists(path)) && !(await shared.stat(path)).isDirectory
        ? shared.readFileBuffer(path)
        : undefined
    },
    async write(path, content) {
      if (path === '/dev/null') return true
      const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 1))
      if (!shared) {
        if (!hasFolder(folder)) return false
        map.set(path, content)
        return true
      }
      if (!(await shared.exists(folder))) return false
      await shared.writeFile(path, content)
      return true
    },
    async isDirectory(path) {
      if (!shared) return hasFolder(path)
      return (await shared.exists(path)) && (await shared.stat(path)).isDirectory
    },
    initial: () => ({
      ...Object.fromEntries(folders.slice(1).map((folder) => [`${folder}/.keep`, new Uint8Array()])),
      ...Object.fromEntries(map),
    }),
    handOver(to) {
      shared = to
      map.clear()
    },
  }
}
