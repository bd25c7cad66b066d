/** An opened lab made real: a cluster, watches over it, and what the session asks of it. */

import { labToOpen } from '../content/lab-spec.ts'
import type { CatalogueItem } from '../content/load.ts'
import { grade } from '../grading/grade.ts'
import { readWorld, worldOf } from '../grading/world.ts'
import type { Cluster } from '../kube/api.ts'
import { createClient } from '../kube/client.ts'
import type { Mesh } from '../meshes/mesh.ts'
import type { Provider } from '../providers/provider.ts'
import { applyFile } from './apply-file.ts'
import type { LabHandle, Opened } from './context.ts'
import { describeChange } from './feed.ts'
import { type Change, watchCluster } from './live.ts'
import { meshedWorkloads, restoreWork } from './restore.ts'
import { tapRequestOf } from './tap-request.ts'
import { createTraffic } from './traffic.ts'
import { diffWork, type Work } from './work.ts'

export interface LabDeps {
  provider: Pick<Provider, 'name' | 'open'>
  /** The engine for a mesh; undefined where there is none yet. */
  loadMesh: (name: CatalogueItem['lab']['metadata']['mesh']) => Promise<Mesh | undefined>
  /** What is done to the lab before it counts as untouched; resolves when the change has arrived. */
  prepare?: (cluster: Cluster, signal: AbortSignal) => Promise<void>
}

/** Between two tellings of changes. Milliseconds. */
const between = 100

/** Gets a cluster with the lab and the learner's earlier work in it. Leaves nothing behind when it fails or is aborted. */
export const openLab = async (
  { provider, loadMesh, prepare }: LabDeps,
  item: CatalogueItem,
  work: Work,
  say: (says: string) => void,
  signal: AbortSignal,
): Promise<Opened> => {
  const mesh = await loadMesh(item.lab.metadata.mesh)
  const open = await provider.open(await labToOpen(item), { signal, onProgress: say })
  try {
    await prepare?.(open.cluster, signal)
  } catch (error) {
    await open.close()
    throw error
  }
  const client = createClient(open.cluster)
  const heard = createHearing()
  const live = watchCluster({ client, mesh, onChange: heard.hear, onLost: ({ message }) => heard.lose(message) })
  try {
    await live.synced
    const baseline = live.objects()
    const podsOf = () => live.objects().filter(({ kind }) => kind === 'Pod')
    const meshedNow = () => meshedWorkloads(podsOf(), mesh)
    if (work.present.length + work.absent.length) say('Putting your work back')
    const refused = await restoreWork(client, work, mesh, signal)
    signal.throwIfAborted()
    heard.forget()
    let meshed = meshedNow().join()
    const traffic = createTraffic(open.cluster, item.lab, item.scenario)

    const lab: LabHandle = {
      kubeconfig: open.kubeconfig,
      grade: async (upTo, gradingSignal) => {
        const world = worldOf(live.objects(), mesh, open.cluster)
        const context = { cluster: open.cluster, client, mesh, scenario: item.scenario, lab: item.lab }
        const converge = open.convergeSeconds === undefined ? undefined : { seconds: open.convergeSeconds }
        const { steps } = await grade(context, { upTo: upTo.id, world, converge, signal: gradingSignal })
        return { reports: steps, matrix: traffic.graded(world, upTo, steps) }
      },
      observe: traffic.observe,
      forgetSeen: () => traffic.forget('all'),
      apply: async (path) => {
        const { written = [], ...applied } = await applyFile(client, path)
        // What is shown as applied must be kept already: the work is told first.
        await live.wrote(written)
        heard.tell()
        return applied
      },
      tap: async (step, from, to, tapSignal) => {
        const request = tapRequestOf(item.lab, step, from, to)
        if (!request) throw new Error(`there is no ${to} in the map`)
        const { tapRequest } = await import('../tap/capture.ts')
        const world = await readWorld(open.cluster, mesh, { client, signal: tapSignal })
        return tapRequest(open.cluster, world, request, tapSignal)
      },
      onChange: (listener) =>
        heard.listen((changes) => {
          const meshedBefore = meshed
          meshed = meshedNow().join()
          const byLearner = changes.some(({ authored }) => authored) || meshed !== meshedBefore
          if (byLearner) traffic.forget('unpredicted')
          listener({ says: changes.flatMap((change) => describeChange(change) ?? []), byLearner })
        }),
      onLost: (listener) => heard.listenLost(listener),
      work: () => diffWork(baseline, live.objects(), meshedNow()),
      close: async () => {
        live.stop()
        await open.close()
      },
    }
    return { lab, notices: refused.map((says) => `could not put back ${says}`) }
  } catch (error) {
    live.stop()
    await open.close()
    throw error
  }
}

/** Gathers changes: the first is told at once, what follows within a moment together. */
const createHearing = () => {
  let changes: Change[] = []
  let timer: NodeJS.Timeout | undefined
  let listener: ((changes: Change[]) => void) | undefined
  let lostListener: ((says: string) => void) | undefined
  const flush = (): void => {
    timer = undefined
    if (!listener || changes.length === 0) return
    const told = changes
    changes = []
    timer = setTimeout(flush, between)
    listener(told)
  }
  return {
    hear: (change: Change): void => {
      changes.push(change)
      // A microtask gathers what one write set off.
      if (!timer) queueMicrotask(() => timer ?? flush())
    },
    /** Tells what was heard now. */
    tell: (): void => {
      clearTimeout(timer)
      flush()
    },
    /** What putting work back set off is no news. */
    forget: (): void => {
      changes = []
    },
    lose: (says: string): void => lostListener?.(says),
    listen: (next: (changes: Change[]) => void) => {
      listener = next
      flush()
      return () => {
        clearTimeout(timer)
        timer = undefined
        listener = undefined
      }
    },
    listenLost: (next: (says: string) => void) => {
      lostListener = next
      return () => {
        lostListener = undefined
      }
    },
  }
}
