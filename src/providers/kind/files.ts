/** What the program remembers of a real cluster: a folder of its own below the state folder, and nothing elsewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, tryCreate } from '../claim.ts'
import type { MeshName } from './install/tools.ts'
import type { Runtime } from './plan.ts'

export interface ClusterRecord {
  name: string
  mesh: MeshName
  version: string
  runtime: Runtime
  by: 'tool' | 'helm'
  settings?: Readonly<Record<string, string>>
  /** When making it began, ISO 8601. */
  begun: string
  /** Ids of the steps that were done once. */
  finished: string[]
  /** All steps were. */
  complete: boolean
  /** The lab in it. */
  lab?: string
}

export interface ClusterFiles {
  folder: string
  kubeconfig: string
  log: string
  record: string
}

const root = (stateFolder: string): string => join(stateFolder, 'kind')

export const filesOf = (stateFolder: string, name: string): ClusterFiles => {
  const folder = join(root(stateFolder), name)
  return {
    folder,
    kubeconfig: join(folder, 'kubeconfig'),
    log: join(folder, 'log.txt'),
    record: join(folder, 'cluster.json'),
  }
}

const writeWhole = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${process.pid}.tmp`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, path)
}

const parseRecord = (text: string): ClusterRecord | undefined => {
  try {
    const record = JSON.parse(text) as Partial<ClusterRecord>
    const isWhole = typeof record.name === 'string' && typeof record.mesh === 'string' && Array.isArray(record.finished)
    return isWhole ? (record as ClusterRecord) : undefined
  } catch {
    return undefined
  }
}

/** Undefined when this program made no such cluster. */
export const readRecord = (stateFolder: string, name: string): ClusterRecord | undefined => {
  const { record } = filesOf(stateFolder, name)
  return existsSync(record) ? parseRecord(readFileSync(record, 'utf8')) : undefined
}

/** Before anything is made: what is made is then never without a name. */
export const writeRecord = async (stateFolder: string, record: ClusterRecord): Promise<void> => {
  const files = filesOf(stateFolder, record.name)
  await mkdir(files.folder, { recursive: true, mode: 0o700 })
  await writeWhole(files.record, `${JSON.stringify(record, null, 2)}\n`)
}

export const forgetCluster = (stateFolder: string, name: string): Promise<void> =>
  rm(filesOf(stateFolder, name).folder, { recursive: true, force: true })

/** Every cluster that this program made and did not remove, by name. */
export const allRecords = (stateFolder: string): ClusterRecord[] => {
  if (!existsSync(root(stateFolder))) return []
  return readdirSync(root(stateFolder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readRecord(stateFolder, name) ?? [])
    .sort((one, other) => one.name.localeCompare(other.name))
}

/** Another program works on the cluster. The message names it and what to do. */
export class ClusterBusy extends Error {
  override readonly name = 'ClusterBusy'
}

/** One program at a time works on a cluster; the claim of one that is gone is void. Resolves with its release. */
export const claimCluster = async (stateFolder: string, name: string): Promise<() => Promise<void>> => {
  await mkdir(root(stateFolder), { recursive: true, mode: 0o700 })
  const path = join(root(stateFolder), `${name}.pid`)
  for (;;) {
    if (await tryCreate(path, String(process.pid))) return () => rm(path, { force: true })
    const holder = Number(await readFile(path, 'utf8').catch(() => '0'))
    if (holder > 0 && isAlive(holder))
      throw new ClusterBusy(
        `${name} is in use by another meshdojo (process ${holder}): wait for it, or choose another name with --name`,
      )
    await rm(path, { force: true })
  }
}

type Times = Record<string, number>

/** Seconds that each step took the last time on this machine, by mesh and step. */
export const readTimes = async (stateFolder: string): Promise<Times> => {
  try {
    return JSON.parse(await readFile(join(root(stateFolder), 'times.json'), 'utf8')) as Times
  } catch {
    return {}
  }
}

export const writeTime = async (stateFolder: string, key: string, seconds: number): Promise<void> => {
  const times = { ...(await readTimes(stateFolder)), [key]: seconds }
  await mkdir(root(stateFolder), { recursive: true, mode: 0o700 })
  await writeWhole(join(root(stateFolder), 'times.json'), `${JSON.stringify(times, null, 2)}\n`)
}
