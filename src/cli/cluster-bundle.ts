/** `cluster bundle`: everything that a real cluster and its labs need, in one file for rooms without a network. */
import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { version as madeBy } from '../../package.json'
import { labObjects, loadCatalogue } from '../content/load.ts'
import type { MeshName } from '../meshes/mesh.ts'
import { type Architecture, architectures } from '../providers/kind/bundle/contents.ts'
import { imagesInText, imagesOfObjects } from '../providers/kind/bundle/images.ts'
import { estimate, makeBundle, ownArchitecture, specifyBundle } from '../providers/kind/bundle/make.ts'
import { describeBundle } from '../providers/kind/bundle/plan.ts'
import { embeddedImage } from '../providers/lab-plan.ts'
import { stateFolder } from '../session/state-folder.ts'
import { parseMeshName, parseVersion } from './cluster-create.ts'
import { contentRoots } from './content.ts'
import { exit, type Io, note, print, UsageError } from './io.ts'
import { watched } from './step-lines.ts'

export interface BundleOptions {
  mesh: string
  meshVersion?: string
  output: string
  arch?: string[]
  content?: string
  dryRun?: boolean
}

/** Images of every lab of the mesh and of what its scenarios bring; labs for the embedded cluster alone are left out. */
const imagesOfLabs = async (io: Io, mesh: MeshName, content: string | undefined): Promise<string[]> => {
  const { items } = await loadCatalogue(contentRoots(io, content))
  const found = await Promise.all(
    items
      .filter(({ lab }) => lab.metadata.mesh === mesh)
      .map(async (item) => {
        const objects = await labObjects(item)
        if (embeddedImage(objects)) return []
        const texts = textsIn(item.scenario.spec.steps).flatMap(imagesInText)
        return [...imagesOfObjects(objects), ...texts]
      }),
  )
  return [...new Set(found.flat())].filter((image) => !image.startsWith('meshdojo/')).sort()
}

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** `--arch amd64 --arch arm64`; without it, this machine's. Throws `UsageError`. */
const parseArches = (asked: readonly string[] | undefined): Architecture[] => {
  const names = asked ?? [ownArchitecture() ?? '']
  return [...new Set(names)].map((name) => {
    const known = architectures.find((each) => each === name)
    if (known) return known
    throw new UsageError(
      asked
        ? `--arch ${name}: node images are there for ${architectures.join(' and ')}`
        : `node images are there for ${architectures.join(' and ')}, and not for this machine: say which one with --arch`,
    )
  })
}

const parseOutput = (io: Io, output: string): string => {
  const out = resolve(io.cwd, output)
  if (existsSync(out))
    throw new UsageError(
      statSync(out).isDirectory()
        ? `${output} is a folder: name a file in it, for example ${output.replace(/\/$/, '')}/bundle.tar`
        : `${output} is there already: name another file, or remove it`,
    )
  if (!existsSync(dirname(out))) throw new UsageError(`there is no folder ${dirname(out)}: make it first`)
  return out
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1)

export const bundle = async (io: Io, options: BundleOptions): Promise<number> => {
  const mesh = parseMeshName(options.mesh)
  const wanted = {
    mesh,
    version: parseVersion(options.meshVersion),
    out: parseOutput(io, options.output),
    arches: parseArches(options.arch),
    labImages: await imagesOfLabs(io, mesh, options.content),
  }
  const kind = { stateFolder: stateFolder(io.env), env: io.env }
  const { bundle: size, meanwhile } = estimate(wanted)
  const room = `about ${gigabytes(size)} GB in the end, ${gigabytes(meanwhile)} GB meanwhile in ${dirname(wanted.out)}, and as much as the images take where the runtime keeps them`
  if (options.dryRun) {
    const spec = await specifyBundle(kind, wanted, (missing) => note(io, `note: ${missing}`))
    print(io, `${describeBundle(spec)}\n\n${room}`)
    return exit.passed
  }
  const spec = await specifyBundle(kind, wanted)
  note(io, room)
  const made = await watched(io, `the same command goes on, and removing ${spec.folder} cleans up`, (watching) =>
    makeBundle(kind, spec, { ...watching, madeBy }),
  )
  if (!made) return exit.interrupted
  const bytes = made.files.reduce((sum, each) => sum + each.bytes, 0)
  const counts = Object.entries(made.images).map(([arch, all]) => `${all.length + 1} images for ${arch}`)
  note(io, `${mesh} ${spec.version}, ${counts.join(', ')}, ${gigabytes(bytes)} GB`)
  print(io, `ready ${spec.out}`)
  return exit.passed
}
