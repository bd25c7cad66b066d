/**
 * A tree of files in memory: a container's own, or a volume that several share. A map serves plain commands; once a
 * shell runs, its filesystem takes over, so that all see the same files. Not modelled: permissions, owners.
 */

/** The part of a filesystem that files are handed over to. */
export interface FileSystem {
  readFileBuffer(path: string): Promise<Uint8Array>
  writeFile(path: string, content: Uint8Array): Promise<void>
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<{ isDirectory: boolean }>
  mkdir(path: string, options: { recursive: boolean }): Promise<void>
  rm(path: string, options: { force: boolean }): Promise<void>
}

/** What a file holds; a function makes it when it is first read. */
export type Content = Uint8Array | (() => Promise<Uint8Array>)

/** Paths are absolute inside the tree. */
export interface Tree {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  /** False when the folder does not exist. */
  write(path: string, content: Uint8Array): Promise<boolean>
  isDirectory(path: string): Promise<boolean>
  /** Writes files, folders included, and removes others: a mounted ConfigMap has changed. */
  update(changed: Readonly<Record<string, Content>>, gone: readonly string[]): Promise<void>
  /** The filesystem behind it; `make` is asked once, with what there is so far. */
  fileSystem<T extends FileSystem>(make: (files: Record<string, Content>, folders: readonly string[]) => T): T
}

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 1))

export const createTree = (seed: Readonly<Record<string, Content>>, folders: readonly string[] = []): Tree => {
  const map = new Map<string, Content>(Object.entries(seed))
  let shared: FileSystem | undefined
  const hasFolder = (path: string): boolean =>
    path === '/' || folders.includes(path) || [...map.keys()].some((file) => file.startsWith(`${path}/`))
  return {
    async read(path) {
      if (shared)
        return (await shared.exists(path)) && !(await shared.stat(path)).isDirectory
          ? shared.readFileBuffer(path)
          : undefined
      const content = map.get(path)
      if (typeof content !== 'function') return content
      const made = await content()
      map.set(path, made)
      return made
    },
    async write(path, content) {
      const folder = folderOf(path)
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
    async update(changed, gone) {
      if (!shared) {
        for (const path of gone) map.delete(path)
        for (const [path, content] of Object.entries(changed)) map.set(path, content)
        return
      }
      for (const path of gone) await shared.rm(path, { force: true })
      for (const [path, content] of Object.entries(changed)) {
        await shared.mkdir(folderOf(path), { recursive: true })
        await shared.writeFile(path, typeof content === 'function' ? await content() : content)
      }
    },
    fileSystem<T extends FileSystem>(make: (files: Record<string, Content>, folders: readonly string[]) => T): T {
      if (!shared) {
        shared = make(Object.fromEntries(map), folders)
        map.clear()
      }
      return shared as T
    },
  }
}
