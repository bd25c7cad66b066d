/** A lab on which content is tried: changes are made, graded, and taken back, by hand or with a fresh cluster. */
import { grade } from '../grading/grade.ts'
import type { StepReport } from '../grading/report.ts'
import type { Cluster, KubeObject } from '../kube/api.ts'
import { type Client, createClient } from '../kube/client.ts'
import type { Mesh } from '../meshes/mesh.ts'
import { applyChange } from './change.ts'
import { type CatalogueItem, labObjects } from './load.ts'
import type { Change } from './schema.ts'
import { type SettleOptions, settle } from './settle.ts'
import { takeSnapshot } from './snapshot.ts'

/** A cluster with a fresh lab in it. */
export interface OpenedLab {
  cluster: Cluster
  mesh?: Mesh
  /** See `Converge.seconds`; absent on the embedded cluster, where changes are there at once. */
  convergeSeconds?: number
  /** Remembers the lab as it is now: the function opens another one like that. Absent where that cannot be done. */
  save?(): () => Promise<OpenedLab>
  close(): Promise<void>
}

export type OpenLab = (item: CatalogueItem) => Promise<OpenedLab>

export interface StageOptions extends SettleOptions {
  openLab: OpenLab
  /** The lab's, where they are at hand; otherwise they are read. */
  objects?: readonly KubeObject[]
  /** See `GradeOptions.probeSeconds`. */
  probeSeconds?: number
}

export interface GradeScope {
  /** This step and all before it, or this one alone. */
  earlier?: boolean
  /** See `GradeOptions.check`. */
  check?: string
  /** Only whether all checks pass: no reasons, and none is judged after the first that does not. */
  quick?: boolean
}

export interface Stage {
  /** Makes a change for good. Throws in the server's words. */
  advance(change: Change): Promise<void>
  /**
   * Makes a change, asks `judge`, and takes the change back. What making it throws is thrown afterwards. With
   * `patience` (milliseconds) a change that has not arrived by then is judged as far as it got.
   */
  attempt<T>(change: Change, judge: () => Promise<T>, patience?: number): Promise<T>
  /** The reports of the step, its own last. */
  grade(step: string, scope?: GradeScope): Promise<StepReport[]>
  close(): Promise<void>
}

interface Lab extends OpenedLab {
  client: Client
}

/**
 * On a clock that stands while code runs, two attempts would fall into the same instant, and what the first used up, a
 * share of so many requests a second, would never be there again for the second. No learner is that fast.
 */
const aMomentLater = ({ clock }: SettleOptions): Promise<void> =>
  new Promise((resolve) => (clock ? void clock.after(1000, resolve) : resolve()))

/** Opens the scenario's lab. Rejects when the cluster cannot be opened or reached. */
export const openStage = async (item: CatalogueItem, options: StageOptions): Promise<Stage> => {
  const objects = options.objects ?? (await labObjects(item))
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)
  const open = async (opening: Promise<OpenedLab>): Promise<Lab> => {
    const opened = await opening
    return { ...opened, client: createClient(opened.cluster) }
  }
  const make = async ({ cluster, client }: Lab, change: Change): Promise<void> => {
    await applyChange(cluster, change, client)
    await settle(client, namespaces, options)
  }

  const done: Change[] = []
  let lab = await open(options.openLab(item))
  let again = lab.save?.()
  const reopen = async (): Promise<void> => {
    await lab.close()
    if (again) {
      lab = await open(again())
      return
    }
    lab = await open(options.openLab(item))
    for (const change of done) await make(lab, change)
  }
  return {
    advance: async (change) => {
      await make(lab, change)
      done.push(change)
      again = lab.save?.()
    },
    attempt: async (change, judge, patience) => {
      const undo = await takeSnapshot(lab.client, change)
      try {
        if (patience === undefined) await make(lab, change)
        else {
          await applyChange(lab.cluster, change, lab.client)
          await settle(lab.client, namespaces, { ...options, timeout: patience }).catch(() => undefined)
        }
        return await judge()
      } finally {
        if (!(await undo())) await reopen()
      }
    },
    grade: async (step, { earlier = false, quick = false, check } = {}) => {
      await aMomentLater(options)
      const { cluster, mesh, client, convergeSeconds } = lab
      const converge = convergeSeconds === undefined ? undefined : { seconds: convergeSeconds }
      const scope = earlier ? { upTo: step } : { steps: [step] }
      const context = { cluster, mesh, client, scenario: item.scenario, lab: item.lab }
      const { probeSeconds, signal } = options
      const how = { bare: quick, untilFailed: quick, probeSeconds, converge, signal }
      return (await grade(context, { ...scope, ...(check === undefined ? {} : { check }), ...how })).steps
    },
    close: () => lab.close(),
  }
}
