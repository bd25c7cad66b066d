/**
 * `verify`: proves content on embedded clusters, each scenario in a thread, as many at once as there are cores; or on a
 * real cluster.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type CatalogueItem, loadCatalogue, loadScenario } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { type ReporterName, reporters } from '../content/reporters/index.ts'
import type { Proof } from '../content/verify.ts'
import { packagePath } from '../root.ts'
import { contentRoots } from './content.ts'
import { type ContextChoice, checkContextOptions } from './context-options.ts'
import { exit, type Io, note, UsageError } from './io.ts'
import type { Proven, ProveTask } from './verify-worker.ts'

export interface VerifyOptions extends ContextChoice {
  reporter: ReporterName
  mutants?: boolean
  content?: string
  /** Scenarios at the same time; absent: one for each core. */
  jobs?: string
}

const jobsOf = (given: string | undefined): number => {
  if (given === undefined) return availableParallelism()
  if (/^[1-9]\d?$/.test(given)) return Number(given)
  throw new UsageError(`--jobs ${given}: a whole number from 1 to 99 is expected`)
}

/** Proves one scenario in a thread that is free. Rejects when the thread ends or the lab cannot be opened. */
const proveIn = (worker: Worker, task: ProveTask, onProof: (proof: Proof) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (finish: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      finish()
    }
    const onMessage = (message: Proven): void => {
      if ('proof' in message) onProof(message.proof)
      else end(() => ('failed' in message ? reject(message.failed) : resolve()))
    }
    const onError = (error: unknown): void => end(() => reject(error))
    const onExit = (): void =>
      end(() =>
        reject(new Error(`the proof of ${task.item.scenario.metadata.name} waits for something that never comes`)),
      )
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(task)
  })

/** The longest first, so that no thread is left alone with one at the end. */
const bySize = (items: readonly CatalogueItem[]): number[] => {
  const size = ({ scenario: { spec } }: CatalogueItem): number =>
    spec.steps.reduce(
      (sum, step, index) => sum + (step.mistakes.length + (step.alternatives?.length ?? 0) + 1) * (index + 1),
      0,
    )
  return [...items.keys()].sort((a, b) => size(items[b]!) - size(items[a]!) || a - b)
}

/**
 * Proves all scenarios. `onProof` is called in the order of `items`, whichever is proven first: what comes too early
 * waits for its turn.
 */
const proveAll = async (
  items: readonly CatalogueItem[],
  { mutants, jobs }: { mutants?: boolean; jobs: number },
  onProof: (proof: Proof) => void,
): Promise<Proof[]> => {
  const proofs: Proof[][] = items.map(() => [])
  const isDone = items.map(() => false)
  let turn = 0
  const tell = (index: number, proof: Proof): void => {
    proofs[index]!.push(proof)
    if (index === turn) onProof(proof)
  }
  const finish = (index: number): void => {
    isDone[index] = true
    while (isDone[turn]) for (const proof of proofs[++turn] ?? []) onProof(proof)
  }
  const due = bySize(items)
  const thread = async (): Promise<void> => {
    const worker = new Worker(packagePath('dist/verify-worker.js'))
    try {
      for (let index = due.shift(); index !== undefined; index = due.shift()) {
        const at = index
        await proveIn(worker, { item: items[at]!, mutants }, (proof) => tell(at, proof))
        finish(at)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, thread))
  return proofs.flat()
}

export const verify = async (io: Io, names: readonly string[], options: VerifyOptions): Promise<number> => {
  checkContextOptions(options)
  const jobs = jobsOf(options.jobs)
  const roots = contentRoots(io, options.content)
  const { items, problems } = names.length
    ? { items: await Promise.all(names.map((name) => loadScenario(name, roots))), problems: [] }
    : await loadCatalogue(roots)
  for (const problem of problems) note(io, formatProblem(problem))
  const reporter = reporters[options.reporter]
  const { mutants } = options
  const onProof = (proof: Proof): void => void io.stdout.write(reporter.onProof(proof))
  const proofs =
    options.provider === 'embedded'
      ? await proveAll(items, { mutants, jobs }, onProof)
      : await (await import('./verify-real.ts')).proveOnReal(
          io,
          items,
          { ...options, all: names.length === 0 },
          onProof,
        )
  io.stdout.write(reporter.onEnd(proofs))
  return problems.length === 0 && proofs.every(({ passed }) => passed) ? exit.passed : exit.notPassed
}
