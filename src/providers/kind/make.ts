/** Makes, resumes, lists and removes real clusters, with a claim on the name meanwhile. */
import { existsSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { connect } from '../../kube/transport.ts'
import { findProgram } from '../../shell/find.ts'
import { type Runner, run as runCommand } from '../../shell/run.ts'
import type { LabSpec } from '../provider.ts'
import { putLab } from '../real-lab.ts'
import type { Plan } from '../steps.ts'
import { unpackFor } from './bundle/use.ts'
import { type Execution, execute } from './execute.ts'
import {
  allRecords,
  type ClusterRecord,
  claimCluster,
  filesOf,
  forgetCluster,
  readRecord,
  readTimes,
  writeRecord,
  writeTime,
} from './files.ts'
import { type ClusterSpec, clusterEnvironment, planCluster, planDelete } from './plan.ts'
import { clusterName, type KindOptions, NotOurs } from './specify.ts'
import { requireRunning, ToolMissing } from './tools.ts'

export type Watching = Pick<Execution, 'signal' | 'onProgress' | 'onStep'>

/** Makes a cluster, or goes on where an earlier run ended. Throws `ToolMissing`, `StepFailed`, `ClusterBusy`, `NotOurs`. */
export const makeCluster = async (
  options: KindOptions,
  spec: ClusterSpec,
  watching: Watching = {},
): Promise<ClusterSpec> => {
  const { stateFolder, env, run = runCommand } = options
  const release = await claimCluster(stateFolder, spec.name)
  try {
    await makeClaimed({ stateFolder, env, run }, spec, watching)
    return spec
  } finally {
    await release()
  }
}

/** The same, for who holds the claim already. */
export const makeClaimed = async (
  { stateFolder, env, run = runCommand }: KindOptions,
  spec: ClusterSpec,
  watching: Watching = {},
): Promise<void> => {
  const { name, mesh, version, runtime, by, settings, lab, bundle } = spec
  const withRuntime = { ...env, ...clusterEnvironment(spec) }
  await requireRunning(runtime, run, withRuntime)
  const files = filesOf(stateFolder, name)
  const before = readRecord(stateFolder, name)
  let record: ClusterRecord = {
    ...(before ?? { begun: new Date().toISOString(), finished: [], complete: false }),
    ...{ name, mesh, version, runtime, by, settings },
    ...(bundle && { bundle: { file: bundle.file, arch: bundle.arch, node: bundle.node, images: bundle.images } }),
  }
  if (!before) await refuseForeign(spec, run, withRuntime)
  await writeRecord(stateFolder, record)
  const plan = planCluster(spec)
  const times = await readTimes(stateFolder)
  const keyOf = (id: string): string => `${mesh}/${id}`
  await execute(plan, {
    run,
    env,
    log: files.log,
    finished: new Set(record.finished),
    times: Object.fromEntries(plan.steps.flatMap(({ id }) => (times[keyOf(id)] ? [[id, times[keyOf(id)]!]] : []))),
    ...watching,
    special: async (action, say) => {
      if (action.do === 'unpack') await unpackFor(spec, watching)
      else await putLabBehind(spec.kubeconfig, action.lab, { ...watching, onProgress: say })
    },
    onFinished: async ({ id }, seconds) => {
      if (existsSync(files.kubeconfig)) await chmod(files.kubeconfig, 0o600)
      record = { ...record, finished: [...new Set([...record.finished, id])] }
      await writeRecord(stateFolder, record)
      if (seconds > 1) await writeTime(stateFolder, keyOf(id), Math.round(seconds))
    },
  })
  await writeRecord(stateFolder, { ...record, complete: true, ...(lab ? { lab: lab.name } : {}) })
  // All of it is in the cluster now.
  if (bundle) await rm(bundle.folder, { recursive: true, force: true })
}

const putLabBehind = async (kubeconfig: string, lab: LabSpec, watching: Watching): Promise<void> => {
  const cluster = await connect(kubeconfig)
  // A server that never answers must not hold up who gives up.
  watching.signal?.addEventListener('abort', cluster.close, { once: true })
  try {
    await putLab(cluster, lab, { whole: true, ...watching })
  } finally {
    watching.signal?.removeEventListener('abort', cluster.close)
    cluster.close()
  }
}

/** A cluster of the same name that we do not remember making is somebody's: it is left alone. */
const refuseForeign = async ({ name }: ClusterSpec, run: Runner, env: NodeJS.ProcessEnv): Promise<void> => {
  if (!(await kindClusters(run, env)).includes(name)) return
  throw new NotOurs(
    `kind has a cluster ${name} that this meshdojo did not make: choose another name with --name, or remove it yourself with "kind delete cluster --name ${name}"`,
  )
}

const kindClusters = async (run: Runner, env: NodeJS.ProcessEnv): Promise<string[]> => {
  const { stdout } = await run({ run: ['kind', 'get', 'clusters'], says: 'Ask kind for its clusters' }, { env })
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

export interface ListedCluster extends ClusterRecord {
  kubeconfig: string
  /** `unknown`: kind could not be asked. */
  state: 'ready' | 'unfinished' | 'gone' | 'unknown'
}

/** The clusters that this program made, and whether kind still has them. */
export const listClusters = async ({ stateFolder, env, run = runCommand }: KindOptions): Promise<ListedCluster[]> => {
  const records = allRecords(stateFolder)
  const known = new Map<string, string[] | undefined>()
  for (const record of records) {
    if (known.has(record.runtime)) continue
    const runtimeEnv = { ...env, ...clusterEnvironment({ runtime: record.runtime, kubeconfig: '' }) }
    known.set(record.runtime, await kindClusters(run, runtimeEnv).catch(() => undefined))
  }
  return records.map((record) => {
    const names = known.get(record.runtime)
    const isThere = names?.includes(record.name)
    // kind takes away what it could not make.
    const isBegun = !record.finished.includes('create')
    const state = !names ? 'unknown' : isThere && record.complete ? 'ready' : isThere || isBegun ? 'unfinished' : 'gone'
    return { ...record, kubeconfig: filesOf(stateFolder, record.name).kubeconfig, state }
  })
}

/** How to remove a cluster. Throws `NotOurs` for one that this program did not make. */
export const planRemoval = (
  { stateFolder }: KindOptions,
  asked: string,
): { record: ClusterRecord; plan: Plan /** A folder. */; forgets: string } => {
  const name = clusterName('', asked)
  const record = readRecord(stateFolder, name)
  if (!record) {
    const known = allRecords(stateFolder).map((each) => each.name)
    throw new NotOurs(
      `meshdojo did not make a cluster ${name}, and removes only what it made; it made ${known.join(', ') || 'none'}`,
    )
  }
  const { kubeconfig, folder } = filesOf(stateFolder, name)
  return { record, plan: planDelete(name, record.runtime, kubeconfig), forgets: folder }
}

/** Removes a cluster that this program made, and what it kept of it. Resolves with what it was. */
export const removeCluster = async (
  options: KindOptions,
  name: string,
  watching: Watching = {},
): Promise<ClusterRecord> => {
  const { stateFolder, env, run = runCommand } = options
  const { record, plan } = planRemoval(options, name)
  const release = await claimCluster(stateFolder, record.name)
  try {
    if (!findProgram('kind', env))
      throw new ToolMissing(
        'kind is not installed, or not on the PATH: it removes clusters; "meshdojo doctor" says where from',
      )
    await requireRunning(record.runtime, run, { ...env, ...plan.env })
    const { log } = filesOf(stateFolder, record.name)
    await execute(plan, { run, env, log, finished: new Set(), ...watching })
    await forgetCluster(stateFolder, record.name)
    return record
  } finally {
    await release()
  }
}
