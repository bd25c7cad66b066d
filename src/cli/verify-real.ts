/** `verify` on a real cluster: one scenario after the other, since they share it. How far labs are goes to stderr. */
import { type CatalogueItem, labObjects } from '../content/load.ts'
import { type OpenLab, type Proof, verifyScenario } from '../content/verify.ts'
import { chooseProvider } from '../providers/choose.ts'
import { LabDoesNotFit } from '../providers/real-lab.ts'
import { packagePath } from '../root.ts'
import { stateFolder } from '../session/state-folder.ts'
import type { ContextChoice } from './context-options.ts'
import { type Io, note } from './io.ts'
import { loadMesh } from './meshes.ts'
import { requireNeeds } from './needs.ts'

/** Milliseconds that rollouts may take: images are pulled meanwhile. */
const timeout = 300_000

const labsOf = async (io: Io, choice: ContextChoice): Promise<OpenLab> => {
  requireNeeds(io)
  const provider = await chooseProvider(choice.provider, {
    ...choice,
    stateFolder: stateFolder(io.env),
    program: [process.execPath, packagePath('bin/meshdojo.js')],
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

/** Rejects when a cluster cannot be made, may not be changed, or is not there any more. */
export const proveOnReal = async (
  io: Io,
  items: readonly CatalogueItem[],
  {
    mutants,
    all,
    ...choice
  }: ContextChoice & { mutants?: boolean /** What does not fit is left out. */; all: boolean },
  onProof: (proof: Proof) => void,
): Promise<Proof[]> => {
  const openLab = await labsOf(io, choice)
  const proofs: Proof[] = []
  for (const item of items) {
    try {
      proofs.push(...(await verifyScenario(item, { openLab, timeout, mutants, onProof })))
    } catch (error) {
      if (!all || !(error instanceof LabDoesNotFit)) throw error
      note(io, `left out ${item.scenario.metadata.name}: ${error.message}`)
    }
  }
  return proofs
}
