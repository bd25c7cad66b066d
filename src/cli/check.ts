/** `check`: grades a cluster without a TUI, once or after every change. */
import { type CatalogueItem, loadScenario } from '../content/load.ts'
import { didYouMean } from '../content/nearest.ts'
import { grade } from '../grading/grade.ts'
import type { Report } from '../grading/report.ts'
import { type ClusterWorld, worldOf, worldReads } from '../grading/world.ts'
import type { Cluster } from '../kube/api.ts'
import { watchCluster } from '../session/live.ts'
import { askedBy } from './asked.ts'
import { contentRoots } from './content.ts'
import { exit, type Io, note, print, printJson, UsageError, untilInterrupted } from './io.ts'
import { loadMesh } from './meshes.ts'
import { findKubeconfig, openTarget } from './target.ts'

export interface CheckOptions {
  step?: string
  kubeconfig?: string
  watch?: boolean
  json?: boolean
  content?: string
  wait?: string
  /** Only says what would be asked. */
  dryRun?: boolean
}

/** The embedded cluster is of one mind at once; a real mesh takes its time. */
const waitOf = (wait: string | undefined, context: string): number => {
  if (wait === undefined) return context.startsWith('meshdojo-') ? 0 : 30
  if (!/^\d{1,4}$/.test(wait)) throw new UsageError(`--wait ${wait}: a whole number of seconds is expected`)
  return Number(wait)
}

/** The report as people read it: a line for each check, and for a failed one what was expected, seen, and why. */
export const formatReport = (report: Report, { scenario }: CatalogueItem): string =>
  report.steps
    .flatMap((step) => {
      const title = scenario.spec.steps.find(({ id }) => id === step.id)?.title ?? step.id
      const checks = step.checks.flatMap((check) => {
        const mark = check.passed ? 'ok  ' : check.undecided ? '?   ' : check.notYet ? '…   ' : 'FAIL'
        const line = `  ${mark} ${check.says}`
        if (check.passed) return [line]
        const detail = [
          `expected ${check.expected}, saw ${check.seen}`,
          ...(check.because ? [check.because] : []),
          ...(check.feedback ? [check.feedback] : []),
        ]
        return [line, ...detail.map((text) => `       ${text}`)]
      })
      return [`${step.passed ? 'passed' : 'not passed'}: ${title}`, ...checks]
    })
    .join('\n')

export const check = async (io: Io, name: string, options: CheckOptions): Promise<number> => {
  const item = await loadScenario(name, contentRoots(io, options.content))
  const ids = item.scenario.spec.steps.map(({ id }) => id)
  if (options.step !== undefined && !ids.includes(options.step)) {
    const nearest = didYouMean(options.step, ids)
    throw new UsageError(`${name} has no step "${options.step}"${nearest}; steps are ${ids.join(', ')}`)
  }
  if (options.dryRun) {
    if (options.watch) throw new UsageError('--dry-run and --watch do not go together: leave one out')
    await tellCheck(io, item, options)
    return exit.passed
  }
  const { cluster, client } = await openTarget(io, options.kubeconfig)
  try {
    const mesh = await loadMesh(item.scenario.metadata.mesh)
    const context = { cluster, client, mesh, scenario: item.scenario, lab: item.lab }
    const seconds = waitOf(options.wait, cluster.connection.context)
    const gradeNow = (world?: ClusterWorld, isStale?: () => boolean) =>
      grade(context, {
        ...(options.step ? { steps: [options.step] } : {}),
        ...(world ? { world } : {}),
        ...(seconds > 0 ? { converge: { seconds, isStale } } : {}),
      })
    if (options.watch) return await watchAndGrade(io, item, options, { cluster, client, mesh, gradeNow })
    const report = await gradeNow()
    if (options.json) printJson(io, report)
    else print(io, formatReport(report, item))
    return report.passed ? exit.passed : exit.notPassed
  } finally {
    cluster.close()
  }
}

/** What grading would read and send, and from where: told without asking anything. */
const tellCheck = async (io: Io, { scenario }: CatalogueItem, options: CheckOptions): Promise<void> => {
  const kubeconfig = findKubeconfig(io, options.kubeconfig)
  const lists = worldReads(await loadMesh(scenario.metadata.mesh)).map(
    ({ group, resource }) => resource + (group && `.${group}`),
  )
  const steps = scenario.spec.steps
    .filter(({ id }) => options.step === undefined || id === options.step)
    .map(({ id, checks }) => ({ id, checks: checks.map((each) => ({ id: each.id, asks: askedBy(each) })) }))
  if (options.json) {
    printJson(io, { scenario: scenario.metadata.name, kubeconfig, lists, steps })
    return
  }
  const lines = steps.flatMap(({ id, checks }) => [id, ...checks.map((each) => `  ${each.id}: ${each.asks}`)])
  print(io, [`reads ${kubeconfig}`, `lists ${lists.join(', ')}`, ...lines].join('\n'))
}

interface Watching extends Pick<Parameters<typeof watchCluster>[0], 'client' | 'mesh'> {
  cluster: Cluster
  gradeNow: (world?: ClusterWorld, isStale?: () => boolean) => Promise<Report>
}

/** Grades at once when something changed, never two at a time, and prints when the answer is another one. */
const watchAndGrade = async (
  io: Io,
  item: CatalogueItem,
  options: CheckOptions,
  { cluster, client, mesh, gradeNow }: Watching,
): Promise<number> => {
  let printed = ''
  let busy = false
  let dirty = false
  const gradeAll = async (): Promise<void> => {
    do {
      dirty = false
      const report = await gradeNow(worldOf(live.objects(), mesh, cluster), () => dirty)
      const text = options.json ? JSON.stringify(report) : formatReport(report, item)
      if (text !== printed) print(io, printed && !options.json ? `\n${text}` : text)
      printed = text
    } while (dirty)
  }
  const failed = Promise.withResolvers<never>()
  const onChange = (): void => {
    dirty = true
    if (busy) return
    busy = true
    gradeAll()
      .catch(failed.reject)
      .finally(() => {
        busy = false
      })
  }
  // Everything that one write set off is graded together.
  const live = watchCluster({ client, mesh, onChange: () => queueMicrotask(onChange), onLost: failed.reject })
  try {
    const interrupted = untilInterrupted(io)
    await Promise.race([live.synced, failed.promise])
    if (!options.json) note(io, 'watching; ctrl-c ends')
    onChange()
    await Promise.race([interrupted, failed.promise])
    return exit.interrupted
  } finally {
    live.stop()
  }
}
