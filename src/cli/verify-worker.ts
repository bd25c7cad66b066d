/**
 * The thread that proves scenarios for `verify`, one after the other, on a clock that leaps over waiting.
 * It is an entry of the build: `prove.ts` starts it by its file.
 */
import { readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { readIndex } from '../content/index-file.ts'
import { type CatalogueItem, labObjects } from '../content/load.ts'
import { ContentError, type Problem } from '../content/problem.ts'
import { type OpenedLab, type Proof, verifyScenario } from '../content/verify.ts'
import { systemClock } from '../embedded/clock.ts'
import { createEmbeddedCluster, type EmbeddedCluster, readAsOfNow } from '../embedded/cluster.ts'
import { leapingClock } from '../embedded/leaping-clock.ts'
import type { Saved } from '../embedded/snapshot.ts'
import type { Status } from '../kube/api.ts'
import { StatusError } from '../kube/errors.ts'
import { openEmbedded } from './embedded-lab.ts'
import { loadMesh } from './meshes.ts'

/** What the thread is told. */
export interface ProveTask {
  item: CatalogueItem
  mutants?: boolean
}

/** What the thread tells. */
export type Proven = { proof: Proof } | { done: true } | { failed: Failed }

/** An error as plain data. */
export interface Failed {
  name: string
  message: string
  stack?: string
  /** Of a `StatusError`. */
  status?: Status
  /** Of a `ContentError`. */
  problems?: Problem[]
}

const asData = (error: unknown): Failed => {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  if (error instanceof StatusError) return { name, message, stack, status: error.status }
  return error instanceof ContentError
    ? { name, message, stack, problems: [...error.problems] }
    : { name, message, stack }
}

const port = parentPort
if (port === null) throw new Error('verify-worker is started by prove.ts')
const tell = (message: Proven): void => port.postMessage(message)

/** Labs that were opened before in this thread: most scenarios play in the same few. */
const opened = new Map<string, Saved>()
const savedIn = (file: string): Saved => {
  const known = opened.get(file)
  if (known) return known
  // As of real time: no lab was made after what the next scenario's clock shows.
  const saved = readAsOfNow(readFileSync(file, 'utf8'), systemClock)
  opened.set(file, saved)
  return saved
}
const index = readIndex()

const prove = async ({ item, mutants }: ProveTask): Promise<Proven> => {
  const clock = leapingClock()
  try {
    const { name, mesh: meshName } = item.lab.metadata
    const mesh = await loadMesh(meshName)
    const objects = await labObjects(item, index)
    const labOf = (embedded: EmbeddedCluster): OpenedLab => ({
      cluster: embedded.cluster,
      mesh,
      save: () => {
        const snapshot = embedded.save()
        return async () => labOf(await createEmbeddedCluster({ mesh, clock, snapshot }))
      },
      close: async () => embedded.stop(),
    })
    const lab = { name, mesh: meshName, objects }
    const openLab = async () => labOf(await openEmbedded(mesh, lab, { clock, savedIn }))
    const onProof = (proof: Proof): void => tell({ proof })
    await verifyScenario(item, { openLab, objects, onProof, probeSeconds: 1, mutants, clock })
    return { done: true }
  } catch (error) {
    return { failed: asData(error) }
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
