/**
 * The thread that proves scenarios for `verify`, one after the other, on a clock that leaps over waiting.
 * It is an entry of the build: `verify.ts` starts it by its file.
 */
import { parentPort } from 'node:worker_threads'
import { type CatalogueItem, labObjects } from '../content/load.ts'
import { type Proof, verifyScenario } from '../content/verify.ts'
import { leapingClock } from '../embedded/leaping-clock.ts'
import { openEmbedded } from './embedded-lab.ts'
import { loadMesh } from './meshes.ts'

/** What the thread is told. */
export interface ProveTask {
  item: CatalogueItem
  mutants?: boolean
}

/** What the thread tells. */
export type Proven = { proof: Proof } | { done: true } | { failed: unknown }

const port = parentPort
if (port === null) throw new Error('verify-worker is started by verify')
const tell = (message: Proven): void => port.postMessage(message)

const prove = async ({ item, mutants }: ProveTask): Promise<Proven> => {
  const clock = leapingClock()
  try {
    const { name, mesh: meshName } = item.lab.metadata
    const mesh = await loadMesh(meshName)
    const objects = await labObjects(item)
    const openLab = async () => {
      const embedded = await openEmbedded(mesh, { name, mesh: meshName, objects }, { clock })
      return { cluster: embedded.cluster, mesh, close: async () => embedded.stop() }
    }
    await verifyScenario(item, { openLab, onProof: (proof) => tell({ proof }), probeSeconds: 1, mutants, clock })
    return { done: true }
  } catch (failed) {
    return { failed }
  } finally {
    clock.stop()
  }
}

port.on('message', async (task: ProveTask) => {
  // Waiting for the next task would hold the loop; while there is one to prove, only the proof may.
  port.unref()
  const end = await prove(task)
  port.ref()
  tell(end)
})
