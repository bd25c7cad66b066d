/**
 * Which kubeconfig file, or cluster, belongs to which running program. It is claimed by a file with the claimer's process id; the
 * claim of a process that is gone is void, and what it left is removed. So the path stays the same from run to run, and
 * a second program at the same time gets `<name>-2`.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { beganAt } from '../shell/began.ts'

export interface Claim {
  /** Where the kubeconfig goes. */
  kubeconfig: string
  /** Removes the kubeconfig and gives the name back. Safe to call twice. */
  release(): Promise<void>
}

/** Whether a process runs. One of somebody else's counts: it is there. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Creates the file with its text at once, never empty; false when it is there already. */
export const tryCreate = async (path: string, text: string): Promise<boolean> => {
  // Of one attempt: others of this process may be at the same name.
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, text, { mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** Another program works on the same thing. The message names it and what to do. */
export class ClusterBusy extends Error {
  override readonly name = 'ClusterBusy'
}

/** `123 45678`: a process, and when it began where that can be told. */
const holderIn = (text: string): { pid: number; began?: string } => {
  const [pid, ...began] = text.split(' ')
  return { pid: Number(pid), ...(began.length && { began: began.join(' ') }) }
}

/** Whether who wrote the claim runs. A process that got its number later is somebody else. */
const isHeld = async ({ pid, began }: ReturnType<typeof holderIn>): Promise<boolean> => {
  if (!(pid > 0) || !isAlive(pid)) return false
  const now = began && (await beganAt(pid))
  return !now || now === began
}

/** Removes a claim that nobody holds; one that another program put in its place meanwhile is put back. */
const bury = async (path: string, text: string): Promise<void> => {
  const grave = `${path}.${randomUUID()}`
  try {
    await rename(path, grave)
    if ((await readFile(grave, 'utf8')) !== text) await link(grave, path)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await rm(grave, { force: true })
  }
}

/** Claims a file with this process's id; the claim of one that is gone is void. Resolves with its release. Throws `ClusterBusy`. */
export const claimPath = async (path: string, busy: (pid: number) => string): Promise<() => Promise<void>> => {
  const mine = [process.pid, await beganAt(process.pid)].filter(Boolean).join(' ')
  for (;;) {
    if (await tryCreate(path, mine)) return () => rm(path, { force: true })
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const holder = holderIn(text)
    if (await isHeld(holder)) throw new ClusterBusy(busy(holder.pid))
    await bury(path, text)
  }
}

/** Where the kubeconfig of the first of a name is. */
export const kubeconfigOf = (folder: string, name: string): string => join(folder, `${name}.kubeconfig`)

/** Claims the first free of `name`, `name-2`, … below `folder`. Throws what the file system says when it is not writable. */
export const claimKubeconfig = async (folder: string, name: string): Promise<Claim> => {
  makeFolder(folder)
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? name : `${name}-${number}`
    const claim = join(folder, `${numbered}.pid`)
    const kubeconfig = kubeconfigOf(folder, numbered)
    const holder = Number(await readFile(claim, 'utf8').catch(() => Number.NaN))
    if (holder > 0 && !isAlive(holder)) await Promise.all([rm(claim, { force: true }), rm(kubeconfig, { force: true })])
    if (!(await tryCreate(claim, String(process.pid)))) continue
    return {
      kubeconfig,
      release: async () => {
        const mine = (await readFile(claim, 'utf8').catch(() => '')) === String(process.pid)
        if (mine) await Promise.all([rm(kubeconfig, { force: true }), rm(claim, { force: true })])
      },
    }
  }
}

/** Kubeconfigs of labs whose program runs. */
export const runningLabs = (folder: string): string[] => {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pid'))
    .filter((name) => isAlive(Number(readFileSync(join(folder, name), 'utf8'))))
    .map((name) => kubeconfigOf(folder, name.slice(0, -'.pid'.length)))
    .filter((path) => existsSync(path))
}
