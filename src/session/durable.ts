/**
 * Files that are whole after a crash at any moment: written beside, flushed, then renamed over the old one. Synchronous,
 * because what is shown must already be safe. A file that cannot be read is kept aside, never overwritten.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from '../make-folder.ts'

export const writeDurably = (path: string, text: string): void => {
  const folder = dirname(path)
  makeFolder(folder)
  // The process id keeps two programs from writing the same draft.
  const draft = join(folder, `.${basename(path)}.${process.pid}.tmp`)
  const file = openSync(draft, 'w', 0o600)
  try {
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Why the file system refused, in its own words; undefined when it did not. Other errors are thrown. */
export const refusalOf = (write: () => void): string | undefined => {
  try {
    write()
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return (error as Error).message
  }
}

/** Whether no process has this id. One of somebody else counts as there. */
export const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
}

/** Removes drafts that killed programs left. */
export const removeDrafts = (folder: string): void => {
  for (const name of listFolder(folder)) {
    const pid = Number(/^\..*\.(\d+)\.tmp$/.exec(name)?.[1])
    if (pid && isGone(pid)) rmSync(join(folder, name), { force: true })
  }
}

export const listFolder = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** What came of reading a file. `aside`: where the unreadable one is kept now. */
export type DurableRead<T> = { value: T } | { missing: true } | { aside: string; says: string }

/** Reads JSON that `check` accepts; anything else is moved to `<name>.unreadable-N`. */
export const readDurable = <T>(path: string, check: (value: unknown) => value is T): DurableRead<T> => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { missing: true }
    return keepAside(path)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (check(value)) return { value }
  } catch {
    // Falls through: not even JSON.
  }
  return keepAside(path)
}

const keepAside = (path: string): { aside: string; says: string } => {
  const taken = new Set(listFolder(dirname(path)))
  let number = 1
  while (taken.has(`${basename(path)}.unreadable-${number}`)) number++
  const aside = `${path}.unreadable-${number}`
  const refused = refusalOf(() => renameSync(path, aside))
  if (refused) return { aside: path, says: `${basename(path)} could not be read, nor kept aside (${refused})` }
  return { aside, says: `${basename(path)} could not be read and is kept as ${aside}` }
}
