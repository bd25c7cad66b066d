/** `verify` on a real cluster: one scenario after the other, since they share it. How far labs are goes to stderr. */

import { labToOpen } from '../content/lab-spec.ts'
import type { CatalogueItem } from '../content/load.ts'
import { type OpenLab, type Proof, verifyScenario } from '../content/verify.ts'
import { LabDoesNotFit } from '../providers/lab-plan.ts'
import { type ContextChoice, providerOf } from './context-options.ts'
import { type Io, note } from './io.ts'
import { loadMesh } from './meshes.ts'
import { requireNeeds } from './needs.ts'

/** Milliseconds that rollouts may take: images are pulled meanwhile. */
const timeout = 300_000

const labsOf = async (io: Io, choice: ContextChoice): Promise<OpenLab> => {
  requireNeeds(io)
  const provider = await providerOf(io, choice)
  return async (item) => {
    let said = ''
    const onProgress = (says: string): void => {
      // Every step once, without its running time.
      const step = says.replace(/ \(\d+\/\d+.*$/, '')
      if (step !== said) note(io, step)
      said = step
    }
    const lab = await labToOpen(item)
    const open = await provider.open(lab, { onProgress })
    return { ...open, mesh: await loadMesh(lab.mesh) }
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
