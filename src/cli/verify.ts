/** `verify`: proves content on embedded clusters of this process. */
import { type CatalogueItem, labObjects, loadCatalogue, loadScenario } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { type ReporterName, reporters } from '../content/reporters/index.ts'
import { type OpenedLab, type Proof, verifyScenario } from '../content/verify.ts'
import { contentRoots } from './content.ts'
import { openEmbedded } from './embedded-lab.ts'
import { exit, type Io, note, UsageError } from './io.ts'
import { loadMesh } from './meshes.ts'

export interface VerifyOptions {
  provider: 'embedded' | 'kind' | 'context'
  reporter: ReporterName
  mutants?: boolean
  content?: string
}

const openLab = async (item: CatalogueItem): Promise<OpenedLab> => {
  const { name, mesh: meshName } = item.lab.metadata
  const mesh = await loadMesh(meshName)
  const embedded = await openEmbedded(mesh, { name, mesh: meshName, objects: await labObjects(item) })
  return { cluster: embedded.cluster, mesh, close: async () => embedded.stop() }
}

export const verify = async (io: Io, names: readonly string[], options: VerifyOptions): Promise<number> => {
  if (options.provider !== 'embedded') {
    throw new UsageError(
      `verify on ${options.provider} is not there yet: leave --provider out for the embedded cluster`,
    )
  }
  const roots = contentRoots(io, options.content)
  const { items, problems } = names.length
    ? { items: await Promise.all(names.map((name) => loadScenario(name, roots))), problems: [] }
    : await loadCatalogue(roots)
  for (const problem of problems) note(io, formatProblem(problem))
  const reporter = reporters[options.reporter]
  const proofs: Proof[] = []
  // Nothing of an embedded cluster keeps the process alive, not even a probe that waits for an answer.
  const awake = setInterval(() => undefined, 60_000)
  try {
    for (const item of items) {
      const onProof = (proof: Proof): void => void io.stdout.write(reporter.onProof(proof))
      proofs.push(...(await verifyScenario(item, { openLab, onProof, probeSeconds: 1, mutants: options.mutants })))
    }
  } finally {
    clearInterval(awake)
  }
  io.stdout.write(reporter.onEnd(proofs))
  return problems.length === 0 && proofs.every(({ passed }) => passed) ? exit.passed : exit.notPassed
}
