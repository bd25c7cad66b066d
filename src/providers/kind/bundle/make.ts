/** Makes a bundle: gathers its parts beside where it is to be, then packs them. Run again, it goes on. */
import { mkdir, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findProgram } from '../../../shell/find.ts'
import { CommandFailed, type Runner, run as runCommand } from '../../../shell/run.ts'
import { claimPath } from '../../claim.ts'
import { type Execution, execute } from '../execute.ts'
import { helm } from '../install/tools.ts'
import type { Watching } from '../make.ts'
import { nodeImage } from '../plan.ts'
import type { KindOptions } from '../specify.ts'
import { chooseRuntime, complaint, lookIn, requireRunning, ToolMissing, versionOf } from '../tools.ts'
import { type Architecture, type BundleIndex, bundleFormat } from './contents.ts'
import { fullName, imagesIn, tagged } from './images.ts'
import { listFiles, pack } from './pack.ts'
import { askDigest, type BundleSpec, gatherCharts, pullImages, renderCharts, saveImages } from './plan.ts'

export interface BundleOptions extends Pick<BundleSpec, 'mesh' | 'out' | 'labImages'> {
  version?: string
  arches: readonly Architecture[]
}

/** This machine's, as images are called; undefined where there are no node images. */
export const ownArchitecture = (arch: string = process.arch): Architecture | undefined =>
  arch === 'x64' ? 'amd64' : arch === 'arm64' ? 'arm64' : undefined

/** The first API that can save one platform of several: docker/cli docs/reference/commandline/image_save.md. */
const savesPlatform = async (run: Runner, env: NodeJS.ProcessEnv): Promise<boolean> => {
  const asked = {
    run: ['docker', 'version', '--format', '{{.Server.APIVersion}}'] as const,
    says: 'Ask docker for its API',
  }
  const [major = 0, minor = 0] = (await run(asked, { env })).stdout.trim().split('.').map(Number)
  return major > 1 || minor >= 48
}

/** What will be made, without starting anything but questions; `onMissing` as with clusters. */
export const specifyBundle = async (
  { env, run = runCommand }: KindOptions,
  { mesh, version, arches, out, labImages }: BundleOptions,
  onMissing?: (says: string) => void,
): Promise<BundleSpec> => {
  const miss = (says: string): void => {
    if (!onMissing) throw new ToolMissing(says)
    onMissing(says)
  }
  const problem = complaint(helm, await lookIn(env)(helm))
  if (problem) miss(`${problem}\na bundle has charts, which Helm fetches here and installs there`)
  if (mesh === 'linkerd' && !findProgram('curl', env))
    miss("curl is not on the PATH: it fetches the Gateway API's kinds")
  const runtime = await chooseRuntime(env, (program) => findProgram(program, env) !== undefined).catch(
    (error: Error) => {
      miss(error.message)
      return 'docker' as const
    },
  )
  // This machine's own comes last: the names are left on its images.
  const own = ownArchitecture()
  const ordered = [...arches].sort((one, other) => Number(one === own) - Number(other === own))
  const saysPlatform = runtime === 'docker' && (await savesPlatform(run, env).catch(() => false))
  return {
    mesh,
    version: versionOf(mesh, version),
    runtime,
    arches: ordered,
    out,
    folder: `${out}.part`,
    labImages,
    saysPlatform,
  }
}

/** Bytes that images of one architecture take, roughly: uncompressed, as archives have them. */
const typical = { node: 1.1e9, labs: 0.3e9, istio: 0.6e9, linkerd: 0.8e9, cilium: 1.5e9, consul: 1.1e9 }

/** What making it takes at most beside `out`, parts and all; and what it will have. */
export const estimate = ({
  mesh,
  arches,
}: Pick<BundleSpec, 'mesh' | 'arches'>): { bundle: number; meanwhile: number } => {
  const bundle = arches.length * (typical.node + typical.labs + typical[mesh])
  return { bundle, meanwhile: 2 * bundle }
}

/** There is not enough room. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom'
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

/** Throws `NoRoom`; where it cannot be told, there is enough. */
export const requireRoom = async (folder: string, bytes: number, what: string, free = freeBytes): Promise<void> => {
  const left = await free(folder)
  if (left !== undefined && left < bytes)
    throw new NoRoom(
      `${what} needs about ${gigabytes(bytes)} in ${folder}, and ${gigabytes(left)} are free: free some, or use another disk`,
    )
}

const freeBytes = async (folder: string): Promise<number | undefined> => {
  const found = await statfs(folder).catch(() => undefined)
  return found && found.bavail * found.bsize
}

const failed = (what: string, error: unknown): unknown =>
  error instanceof CommandFailed
    ? new ToolMissing(`${what}: ${error.message}\nthe same command goes on`, { cause: error })
    : error

const readImages = async (
  spec: BundleSpec,
  run: Runner,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string[]> => {
  const found: string[] = []
  for (const each of renderCharts(spec)) {
    const { stdout } = await run(each, { env, signal }).catch((error: unknown) => {
      throw failed('the charts could not be read', error)
    })
    found.push(...imagesIn(stdout))
  }
  return [...new Set([...found, ...spec.labImages])]
}

/** The digest of an image's own repository: docker lists one for each name that it was pulled by. */
export const ownDigest = (image: string, printed: string): string | undefined => {
  const repository = fullName(tagged(image)).replace(/:[^/]*$/, '')
  const lines = printed.split('\n').map((line) => line.trim())
  const found = lines.find((line) => line && fullName(line.split('@')[0]!) === repository)
  return (found ?? lines.find(Boolean))?.split('@')[1]
}

const resolve = async (spec: BundleSpec, image: string, run: Runner, env: NodeJS.ProcessEnv): Promise<string> => {
  const named = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1]
  if (named) return named
  const { stdout } = await run(askDigest(spec, image), { env }).catch((error: unknown) => {
    throw failed(`${image} was pulled and is not there`, error)
  })
  const digest = ownDigest(image, stdout)
  if (!digest)
    throw new ToolMissing(
      `${spec.runtime} does not say which digest ${image} has: remove it with "${spec.runtime} image rm ${image}", and the same command pulls it`,
    )
  return digest
}

const gather = async (spec: BundleSpec, execution: Execution, madeBy: string): Promise<BundleIndex> => {
  const { mesh, version, arches, folder } = spec
  const { run, env, signal } = execution
  const part = (says: string, steps: ReturnType<typeof gatherCharts>) => execute({ says, env: {}, steps }, execution)
  await mkdir(join(folder, 'charts'), { recursive: true })
  for (const arch of arches) await mkdir(join(folder, arch), { recursive: true })
  await part('charts', gatherCharts(spec))
  const images = await readImages(spec, run, env, signal)
  const resolved: BundleIndex['images'] = {}
  for (const arch of arches) {
    await part('pull', pullImages(spec, arch, images))
    resolved[arch] = []
    for (const image of images)
      resolved[arch].push({ name: tagged(image), digest: await resolve(spec, image, run, env) })
    await part('save', saveImages(spec, arch, images))
  }
  return {
    format: bundleFormat,
    madeBy,
    mesh,
    version,
    node: nodeImage,
    images: resolved,
    files: await listFiles(folder, signal),
  }
}

/** Makes it. Throws `ToolMissing`, `StepFailed`, `NoRoom`, `ClusterBusy`. */
export const makeBundle = async (
  { env, run = runCommand }: KindOptions,
  spec: BundleSpec,
  { signal, ...watching }: Watching & { madeBy: string },
): Promise<BundleIndex> => {
  const { out, folder, runtime } = spec
  const { madeBy, onProgress } = watching
  const release = await claimPath(
    `${folder}.pid`,
    (pid) => `${out} is being made by another meshdojo (process ${pid}): wait for it, or name another file`,
  )
  try {
    await requireRunning(runtime, run, env)
    await requireRoom(dirname(out), estimate(spec).meanwhile, 'making the bundle')
    await mkdir(folder, { recursive: true })
    const log = join(folder, 'make.log')
    const index = await gather(spec, { run, env, signal, log, finished: new Set(), ...watching }, madeBy)
    onProgress?.(`Packing ${out}`)
    await pack(folder, index, out, signal)
    await rm(folder, { recursive: true, force: true })
    return index
  } finally {
    await release()
  }
}
