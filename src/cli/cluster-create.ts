/** `cluster create`: a real cluster with a mesh, made by kind; the same command goes on where an earlier one ended. */
import { resolve } from 'node:path'
import { labToOpen } from '../content/lab-spec.ts'
import { didYouMean } from '../content/nearest.ts'
import type { MeshName } from '../meshes/mesh.ts'
import { describePlan } from '../providers/describe.ts'
import { readIndex } from '../providers/kind/bundle/unpack.ts'
import { makeCluster } from '../providers/kind/make.ts'
import { planCluster } from '../providers/kind/plan.ts'
import { installedItsOwnWay, specify, type CreateOptions as Wanted } from '../providers/kind/specify.ts'
import { requireRealImages } from '../providers/lab-plan.ts'
import type { LabSpec, Provider } from '../providers/provider.ts'
import { stateFolder } from '../session/state-folder.ts'
import { contentRoots } from './content.ts'
import { exit, type Io, note, print, UsageError } from './io.ts'
import { requireNeeds } from './needs.ts'
import { watched } from './step-lines.ts'

export interface CreateOptions {
  provider: Provider['name']
  mesh?: string
  meshVersion?: string
  name?: string
  lab?: string
  scenario?: string
  content?: string
  dryRun?: boolean
  bundle?: string
}

const meshes: readonly MeshName[] = ['istio', 'linkerd', 'cilium', 'consul']

/** Throws `UsageError` for what is no mesh. */
export const parseMeshName = (name: string): MeshName => {
  const known = meshes.find((each) => each === name)
  if (known) return known
  throw new UsageError(`there is no mesh "${name}"${didYouMean(name, meshes)}; meshes are ${meshes.join(', ')}`)
}

/** `--mesh-version`. Throws `UsageError`. */
export const parseVersion = (version: string | undefined): string | undefined => {
  if (version !== undefined && !/^\d+\.\d+\.\d+$/.test(version))
    throw new UsageError(`--mesh-version ${version}: three numbers are expected, for example 1.30.3`)
  return version
}

/** Only kind makes clusters. Throws `UsageError`. */
export const requireKind = (verb: string, provider: Provider['name']): void => {
  if (provider === 'embedded')
    throw new UsageError(`cluster ${verb} is for real clusters; "meshdojo cluster serve" starts an embedded one`)
  if (provider === 'context')
    throw new UsageError(
      `cluster ${verb} is for clusters that kind makes: a context is a cluster that you have already`,
    )
}

const chooseLab = async (io: Io, { lab, scenario, content }: CreateOptions): Promise<LabSpec | undefined> => {
  if (lab === undefined && scenario === undefined) return undefined
  const { loadLab, loadScenario } = await import('../content/load.ts')
  const roots = contentRoots(io, content)
  return labToOpen(await (scenario === undefined ? loadLab(lab!, roots) : loadScenario(scenario, roots)))
}

const wantedOf = async (io: Io, options: CreateOptions, lab: LabSpec | undefined): Promise<Wanted> => {
  const bundle = options.bundle === undefined ? undefined : resolve(io.cwd, options.bundle)
  const mesh = parseMeshName(options.mesh ?? lab?.mesh ?? (bundle ? (await readIndex(bundle)).mesh : 'istio'))
  if (lab && lab.mesh !== mesh)
    throw new UsageError(`the lab ${lab.name} is for ${lab.mesh}, not for ${mesh}: leave --mesh out`)
  const meshVersion = parseVersion(options.meshVersion)
  return {
    mesh,
    name: options.name ?? (lab && installedItsOwnWay(lab) ? lab.name : undefined),
    version: meshVersion ?? lab?.install?.version,
    settings: lab?.install?.settings,
    lab,
    bundle,
  }
}

export const create = async (io: Io, options: CreateOptions): Promise<number> => {
  requireKind('create', options.provider)
  const lab = await chooseLab(io, options)
  const kind = { stateFolder: stateFolder(io.env), env: io.env }
  const wanted = await wantedOf(io, options, lab)
  if (lab) requireRealImages(lab)
  if (options.dryRun) {
    const spec = await specify(kind, wanted, (missing) => note(io, `note: ${missing}`))
    print(io, describePlan(planCluster(spec)))
    return exit.passed
  }
  requireNeeds(io)
  const spec = await specify(kind, wanted)
  const cleans = `"meshdojo cluster delete --name ${spec.name}" cleans up`
  const made = await watched(io, `the same command goes on, and ${cleans}`, (watching) =>
    makeCluster(kind, spec, watching),
  )
  if (!made) return exit.interrupted
  print(io, `ready ${spec.kubeconfig}`)
  if (io.stdout.isTTY)
    note(io, `export KUBECONFIG=${spec.kubeconfig}\n"meshdojo cluster delete --name ${spec.name}" removes it`)
  return exit.passed
}
