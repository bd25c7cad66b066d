/** Which cluster is meant, and with what it is made or gone on with: decided before anything is started. */
import { join } from 'node:path'
import { findProgram } from '../../shell/find.ts'
import type { Runner } from '../../shell/run.ts'
import type { LabSpec } from '../provider.ts'
import { imagesOfObjects } from './bundle/images.ts'
import { checkBundle } from './bundle/use.ts'
import { type ClusterRecord, filesOf, readRecord } from './files.ts'
import { helm, type MeshName, meshTool, meshVersions } from './install/tools.ts'
import type { ClusterSpec } from './plan.ts'
import {
  chooseInstaller,
  chooseRuntime,
  complaint,
  type Look,
  lookIn,
  requireBasics,
  requireHelm,
  ToolMissing,
  versionOf,
} from './tools.ts'

export interface KindOptions {
  stateFolder: string
  env: NodeJS.ProcessEnv
  /** Runs commands; a test may record instead. */
  run?: Runner
}

export interface CreateOptions {
  mesh: MeshName
  /** Default: `meshdojo-<mesh>`. */
  name?: string
  version?: string
  settings?: Readonly<Record<string, string>>
  lab?: LabSpec
  /** The path of a bundle: nothing is fetched then. */
  bundle?: string
}

/** Whether a lab needs a cluster of its own: not the tested version of its mesh, or with settings. */
export const installedItsOwnWay = ({ mesh, install = {} }: Pick<LabSpec, 'mesh' | 'install'>): boolean =>
  (install.version ?? meshVersions[mesh]) !== meshVersions[mesh] || Object.keys(install.settings ?? {}).length > 0

/** Something is there that this program did not make, or that does not fit. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs'
}

/** Clusters of ours are named so. With "-control-plane" behind it, a name has to be a host name, of 63 characters at most. Throws `NotOurs`. */
export const clusterName = (mesh: string, name: string | undefined): string => {
  const full = name === undefined ? `meshdojo-${mesh}` : name.startsWith('meshdojo-') ? name : `meshdojo-${name}`
  if (!/^[a-z0-9][a-z0-9.-]{0,47}[a-z0-9]$/.test(full))
    throw new NotOurs(`"${name}" is no name for a cluster: lower-case letters, digits, dots and dashes, at most 40`)
  return full
}

const sameSettings = (
  one: Readonly<Record<string, string>> = {},
  other: Readonly<Record<string, string>> = {},
): boolean => JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())

/** Throws `NotOurs` where what is asked for is not what the cluster was begun as. */
const requireSame = (
  { name, mesh, version, settings, bundle }: ClusterRecord,
  asked: Pick<CreateOptions, 'mesh' | 'version' | 'settings' | 'bundle'>,
): void => {
  const remove = `remove it with "meshdojo cluster delete --name ${name}", or choose another name with --name`
  if (mesh !== asked.mesh)
    throw new NotOurs(`${name} is there with ${mesh}, not with ${asked.mesh}: choose another name with --name`)
  if (asked.version !== undefined && version !== asked.version)
    throw new NotOurs(
      `${name} is there with ${mesh} ${version}, not with ${asked.version}: choose another name with --name`,
    )
  if (asked.settings !== undefined && !sameSettings(settings, asked.settings))
    throw new NotOurs(`${name} is there with other values for ${mesh} than the lab has: ${remove}`)
  if (!bundle && asked.bundle !== undefined) throw new NotOurs(`${name} was begun without a bundle: ${remove}`)
}

/** What one installer has begun another does not go on with. Throws `ToolMissing`. */
const installerOf = async (
  { mesh, version, bundle }: Pick<ClusterSpec, 'mesh' | 'version'> & { bundle: boolean },
  before: ClusterRecord | undefined,
  look: Look,
): Promise<ClusterSpec['by']> => {
  if (before?.complete) return before.by
  if (bundle) return requireHelm(look)
  if (!before?.finished.includes('create')) return chooseInstaller(mesh, version, look)
  const tool = before.by === 'tool' ? meshTool(mesh, version) : helm
  const problem = complaint(tool, await look(tool))
  if (problem === undefined) return before.by
  throw new ToolMissing(
    `${problem}\n${before.name} was begun with it: the same command goes on once it is there, and "meshdojo cluster delete --name ${before.name}" lets you begin anew`,
  )
}

/**
 * Decides on tools and versions, without starting anything but version questions. `onMissing` hears what is missing,
 * and the best is assumed then; without it `ToolMissing` is thrown. Throws `NotOurs` for what does not fit.
 */
export const specify = async (
  options: KindOptions,
  create: CreateOptions,
  onMissing?: (says: string) => void,
): Promise<ClusterSpec> => {
  const problems: string[] = []
  const orElse =
    <T>(assumed: T) =>
    (error: unknown): T => {
      if (!(error instanceof ToolMissing)) throw error
      problems.push(error.message)
      return assumed
    }
  const { stateFolder, env } = options
  const name = clusterName(create.mesh, create.name)
  const before = readRecord(stateFolder, name)
  const images = create.lab ? imagesOfObjects(create.lab.objects) : []
  const found = create.bundle === undefined ? undefined : await checkBundle(create.bundle, { ...create, images })
  if (before) requireSame(before, { ...create, version: found?.version ?? create.version })
  const version = versionOf(create.mesh, create.version ?? before?.version ?? found?.version)
  const { folder, kubeconfig } = filesOf(stateFolder, name)
  const look = lookIn(env)
  const bundle = found?.use ?? before?.bundle
  const exists = (program: string): boolean => findProgram(program, env) !== undefined
  const runtime = before?.runtime ?? (await chooseRuntime(env, exists).catch(orElse('docker' as const)))
  await requireBasics(look).catch(orElse(undefined))
  const by = await installerOf({ mesh: create.mesh, version, bundle: bundle !== undefined }, before, look).catch(
    orElse(before?.by ?? (bundle ? 'helm' : 'tool')),
  )
  // All of them at once: who installs one should not hear of the next only then.
  if (problems.length && !onMissing) throw new ToolMissing(problems.join('\n'))
  for (const problem of problems) onMissing?.(problem)
  return {
    name,
    mesh: create.mesh,
    version,
    runtime,
    by,
    settings: create.settings ?? before?.settings ?? {},
    folder,
    kubeconfig,
    ...(create.lab ? { lab: create.lab } : {}),
    ...(bundle ? { bundle: { ...bundle, folder: join(folder, 'bundle') } } : {}),
  }
}
