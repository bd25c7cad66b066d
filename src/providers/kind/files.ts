/** What the program remembers of a real cluster: a folder of its own below the state folder, and nothing elsewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { claimPath } from '../claim.ts'
import type { BundleUse } from './bundle/contents.ts'
import type { MeshName } from './install/tools.ts'
import { childBeside } from './orphan.ts'
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
  /** What it was made from, where nothing is fetched. */
  bundle?: Omit<BundleUse, 'folder'>
}

export interface ClusterFiles {
  folder: string
  kubeconfig: string
  log: string
  record: string
  /** What runs now. */
  child: string
  /** Who works on the cluster. */
  claim: string
  /** How long steps took, for all clusters. */
  times: string
}

const timesFile = 'times.json'
const root = (stateFolder: string): string => join(stateFolder, 'kind')

/** The files of a cluster, by its folder. */
export const filesIn = (folder: string): ClusterFiles => ({
  folder,
  kubeconfig: join(folder, 'kubeconfig'),
  log: join(folder, 'log.txt'),
  record: join(folder, 'cluster.json'),
  child: childBeside(join(folder, 'log.txt')),
  claim: `${folder}.pid`,
  times: join(dirname(folder), timesFile),
})

export const filesOf = (stateFolder: string, name: string): ClusterFiles => filesIn(join(root(stateFolder), name))

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

/** One program at a time works on a cluster. Resolves with its release. Throws `ClusterBusy`. */
export const claimCluster = async (stateFolder: string, name: string): Promise<() => Promise<void>> => {
  await mkdir(root(stateFolder), { recursive: true, mode: 0o700 })
  return claimPath(
    filesOf(stateFolder, name).claim,
    (pid) => `${name} is in use by another meshdojo (process ${pid}): wait for it, or choose another name with --name`,
  )
}

type Times = Record<string, number>

const timesOf = (stateFolder: string): string => join(root(stateFolder), timesFile)

/** Seconds that each step took the last time on this machine, by mesh and step. */
export const readTimes = async (stateFolder: string): Promise<Times> => {
  try {
    return JSON.parse(await readFile(timesOf(stateFolder), 'utf8')) as Times
  } catch {
    return {}
  }
}

export const writeTime = async (stateFolder: string, key: string, seconds: number): Promise<void> => {
  const times = { ...(await readTimes(stateFolder)), [key]: seconds }
  await mkdir(root(stateFolder), { recursive: true, mode: 0o700 })
  await writeWhole(timesOf(stateFolder), `${JSON.stringify(times, null, 2)}\n`)
}
