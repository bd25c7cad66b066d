/** Makes a step's or mistake's change on a cluster: manifests applied, manifests deleted, commands run, in that order. */

import type { Cluster, ObjectRef } from '../kube/api.ts'
import { type Client, createClient } from '../kube/client.ts'
import { parseManifests } from '../kube/manifests.ts'
import { parseKubectl, runKubectl } from './kubectl-lite.ts'
import { formatProblem } from './problem.ts'
import type { Change } from './schema.ts'

/** The short form, a text, means manifests to apply. */
export const partsOf = (change: Change): { apply?: string; delete?: string; run?: string[] } =>
  typeof change === 'string' ? { apply: change } : change

const objectsOf = (text: string) => {
  const { objects, problems } = parseManifests(text)
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  return objects.map(({ object }) => object)
}

/**
 * Applies a change. Throws in the server's words when it refuses (`ApplyFailed`, `StatusError`), and an `Error` for
 * content that lint would have refused.
 */
export const applyChange = async (
  cluster: Cluster,
  change: Change,
  client: Client = createClient(cluster),
): Promise<void> => {
  const { apply, delete: removed, run } = partsOf(change)
  if (apply !== undefined) await client.apply(objectsOf(apply))
  for (const { apiVersion, kind, metadata } of removed === undefined ? [] : objectsOf(removed)) {
    const ref: ObjectRef = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
    await client.delete(ref)
  }
  for (const line of run ?? []) {
    const parsed = parseKubectl(line)
    if ('problem' in parsed) throw new Error(`${line}: ${parsed.problem}`)
    await runKubectl(client, parsed.command)
  }
}
