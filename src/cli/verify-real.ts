/** `verify` on a real cluster: one scenario after the other, since they share it. How far labs are goes to stderr. */
import { labToOpen } from '../content/lab-spec.ts'
import type { CatalogueItem } from '../content/load.ts'
import { type OpenLab, type Proof, verifyScenario } from '../content/verify.ts'
import { LabDoesNotFit } from '../providers/lab-plan.ts'
import { type ContextChoice, providerOf } from './context-options.ts'
import { type Io, note } from './io.ts'
import { loadMesh } from './meshes.ts'
import { requireNeeds } from './needs.ts'
import { interruptible } from './step-lines.ts'

/** Milliseconds that rollouts may take: images are pulled meanwhile. */
const timeout = 300_000

interface Labs {
  open: OpenLab
  /** Resolves when nothing of the lab that was opened last is held any more. */
  close(): Promise<void>
}

const labsOf = async (io: Io, choice: ContextChoice, signal: AbortSignal): Promise<Labs> => {
  requireNeeds(io)
  const provider = await providerOf(io, choice)
  let last: ReturnType<typeof provider.open> | undefined
  return {
    open: async (item) => {
      let said = ''
      const onProgress = (says: string): void => {
        // Every step once, without its running time.
        const step = says.replace(/ \(\d+\/\d+.*$/, '')
        if (step !== said) note(io, step)
        said = step
      }
      const lab = await labToOpen(item)
      last = provider.open(lab, { onProgress, signal })
      return { ...(await last), mesh: await loadMesh(lab.mesh) }
    },
    close: async () => (await last?.catch(() => undefined))?.close(),
  }
}

interface Options extends ContextChoice {
  mutants?: boolean
  /** What does not fit is left out. */
  all: boolean
}

const proveEach = async (
  io: Io,
  openLab: OpenLab,
  items: readonly CatalogueItem[],
  { mutants, all }: Options,
  onProof: (proof: Proof) => void,
): Promise<Proof[]> => {
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

/**
 * Resolves with the proofs, or with undefined when it was interrupted: nothing is told or held from then on. Rejects when
 * a cluster cannot be made, may not be changed, or is not there any more.
 */
export const proveOnReal = async (
  io: Io,
  items: readonly CatalogueItem[],
  options: Options,
  onProof: (proof: Proof) => void,
): Promise<Proof[] | undefined> => {
  const { signal, giveBack } = interruptible(io)
  const interrupted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
  const tell = (proof: Proof): void => {
    if (!signal.aborted) onProof(proof)
  }
  try {
    const labs = await labsOf(io, options, signal)
    const proving = proveEach(io, labs.open, items, options, tell)
    try {
      return await Promise.race([proving, interrupted])
    } finally {
      // What is still being proven then ends without a lab.
      proving.catch(() => undefined)
      if (signal.aborted) await labs.close()
    }
  } finally {
    giveBack()
  }
}
