/** `verify`: proves content, on embedded clusters of this process or on a real one. */
import { labObjects, loadCatalogue, loadScenario } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { type ReporterName, reporters } from '../content/reporters/index.ts'
import { type OpenLab, type Proof, verifyScenario } from '../content/verify.ts'
import { chooseProvider } from '../providers/choose.ts'
import { packagePath } from '../root.ts'
import { stateFolder } from '../session/state-folder.ts'
import { contentRoots } from './content.ts'
import { type ContextChoice, checkContextOptions } from './context-options.ts'
import { openEmbedded } from './embedded-lab.ts'
import { exit, type Io, note } from './io.ts'
import { loadMesh } from './meshes.ts'

export interface VerifyOptions extends ContextChoice {
  reporter: ReporterName
  mutants?: boolean
  content?: string
}

const openEmbeddedLab: OpenLab = async (item) => {
  const { name, mesh: meshName } = item.lab.metadata
  const mesh = await loadMesh(meshName)
  const embedded = await openEmbedded(mesh, { name, mesh: meshName, objects: await labObjects(item) })
  return { cluster: embedded.cluster, mesh, close: async () => embedded.stop() }
}

/** Labs of a real cluster, one after the other; how far they are goes to stderr. */
const realLabs = async (io: Io, options: VerifyOptions): Promise<OpenLab> => {
  const program = [process.execPath, packagePath('bin/meshdojo.js')] as const
  const provider = await chooseProvider(options.provider, {
    ...options,
    stateFolder: stateFolder(io.env),
    program,
    env: io.env,
  })
  return async (item) => {
    const { name, mesh } = item.lab.metadata
    let said = ''
    const onProgress = (says: string): void => {
      // Every step once, without its running time.
      const step = says.replace(/ \(\d+\/\d+.*$/, '')
      if (step !== said) note(io, step)
      said = step
    }
    const lab = { name, mesh, objects: await labObjects(item), install: item.lab.spec.install }
    const open = await provider.open(lab, { onProgress })
    return { ...open, mesh: await loadMesh(mesh) }
  }
}

/** Milliseconds that rollouts on a real cluster may take: images are pulled meanwhile. */
const realPatience = 300_000

export const verify = async (io: Io, names: readonly string[], options: VerifyOptions): Promise<number> => {
  checkContextOptions(options)
  const roots = contentRoots(io, options.content)
  const { items, problems } = names.length
    ? { items: await Promise.all(names.map((name) => loadScenario(name, roots))), problems: [] }
    : await loadCatalogue(roots)
  for (const problem of problems) note(io, formatProblem(problem))
  const how =
    options.provider === 'embedded'
      ? { openLab: openEmbeddedLab, probeSeconds: 1 }
      : { openLab: await realLabs(io, options), timeout: realPatience }
  const reporter = reporters[options.reporter]
  const proofs: Proof[] = []
  // Nothing of an embedded cluster keeps the process alive, not even a probe that waits for an answer.
  const awake = setInterval(() => undefined, 60_000)
  try {
    for (const item of items) {
      const onProof = (proof: Proof): void => void io.stdout.write(reporter.onProof(proof))
      proofs.push(...(await verifyScenario(item, { ...how, onProof, mutants: options.mutants })))
    }
  } finally {
    clearInterval(awake)
  }
  io.stdout.write(reporter.onEnd(proofs))
  return problems.length === 0 && proofs.every(({ passed }) => passed) ? exit.passed : exit.notPassed
}
