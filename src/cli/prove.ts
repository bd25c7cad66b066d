/** Proves scenarios on embedded clusters, each in a thread, as many at once as there are cores. */
import { Worker } from 'node:worker_threads'
import type { CatalogueItem } from '../content/load.ts'
import { ContentError } from '../content/problem.ts'
import type { Proof } from '../content/verify.ts'
import { ClusterUnreachable, StatusError } from '../kube/errors.ts'
import { packagePath } from '../root.ts'
import type { Failed, Proven, ProveTask } from './verify-worker.ts'

/** A thread's error as it was: between threads only its fields survive, and its class decides the exit code. */
const revived = ({ name, message, stack, status, problems }: Failed): Error => {
  if (status !== undefined) return new StatusError(status)
  if (problems !== undefined) return new ContentError(problems)
  if (name === 'ClusterUnreachable') return new ClusterUnreachable(message)
  return Object.assign(new Error(message), { name, stack })
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
      else end(() => ('failed' in message ? reject(revived(message.failed)) : resolve()))
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
export const proveAll = async (
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
