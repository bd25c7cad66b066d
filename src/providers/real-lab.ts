/** A lab in a real cluster: put in fresh, within namespaces that are meshdojo's. */
import type { Cluster, KubeObject } from '../kube/api.ts'
import { ApplyFailed } from '../kube/apply.ts'
import { type Client, createClient } from '../kube/client.ts'
import { ClusterUnreachable } from '../kube/errors.ts'
import { seedLab } from '../kube/seed.ts'
import { labelled, marker, namespaces, requireRealImages, system, whatGoes } from './lab-plan.ts'
import type { LabSpec } from './provider.ts'

/** The lab's objects were refused, or its workloads do not run. The message ends with what to do. */
export class NotPut extends Error {
  override readonly name = 'NotPut'
}

/**
 * How long a change may take until every proxy has it. istiod gathers changes for 0.1 to 10 seconds before it pushes
 * (istio/istio pilot/pkg/features: PILOT_DEBOUNCE_AFTER, PILOT_DEBOUNCE_MAX), and a pod's readiness comes on top.
 */
export const realMeshSeconds = 30

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Removes objects, and waits until namespaces among them are gone with all that was in them. */
const clear = async (client: Client, old: readonly KubeObject[], signal?: AbortSignal): Promise<void> => {
  for (const { apiVersion, kind, metadata } of old) {
    signal?.throwIfAborted()
    await client.delete({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace })
  }
  const going = new Set(old.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.uid] : [])))
  const end = Date.now() + 180_000
  for (;;) {
    const left = (await client.list(namespaces)).items.find(({ metadata }) => going.has(metadata.uid))
    if (left === undefined) return
    signal?.throwIfAborted()
    const { name } = left.metadata
    if (Date.now() > end)
      throw new NotPut(
        `the namespace ${name} does not go away: "kubectl get namespace ${name} -o yaml" says what holds it`,
      )
    await sleep(250)
  }
}

/** Its namespaces are known again by their uids, whatever becomes of their labels. */
const remember = async (client: Client, lab: LabSpec): Promise<void> => {
  const own = new Set(lab.objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : [])))
  const { items } = await client.list(namespaces)
  const uids = items.flatMap(({ metadata: { name, uid } }) => (own.has(name) && !system.has(name) && uid ? [uid] : []))
  await client.patch(marker, 'merge', { data: { namespaces: uids.join(' ') } })
}

/** A webhook that has only just come up refuses at first: that passes. */
const webhookIsComing = (error: unknown): boolean =>
  error instanceof ApplyFailed && /failed calling webhook|connection refused|no endpoints available/.test(error.message)

const explained = (lab: LabSpec, error: unknown, signal?: AbortSignal): unknown =>
  signal?.aborted || !(error instanceof Error) || error instanceof ClusterUnreachable
    ? error
    : new NotPut(
        `${lab.name} could not be put in: ${error.message}\nto do: see "kubectl get pods --all-namespaces" and "kubectl get events --all-namespaces"; the same command tries again`,
        { cause: error },
      )

export interface PutOptions {
  /** The cluster is meshdojo's own: policies of an earlier lesson for the whole mesh are taken away as well. */
  whole: boolean
  signal?: AbortSignal
  onProgress?: (says: string) => void
  /** Milliseconds until the workloads must run: images are pulled meanwhile. */
  timeout?: number
}

/** Takes earlier labs out and puts this one in, fresh. Resolves when its workloads are ready. */
export const putLab = async (
  cluster: Cluster,
  lab: LabSpec,
  { whole, signal, onProgress, timeout = 600_000 }: PutOptions,
): Promise<void> => {
  requireRealImages(lab)
  const client = createClient(cluster)
  onProgress?.('Taking earlier labs out')
  await clear(client, await whatGoes(client, lab, { whole, signal }), signal)
  onProgress?.(`Putting ${lab.name} in; its images are pulled if they are not there yet`)
  for (let left = 10; ; left--) {
    try {
      await seedLab(cluster, { ...lab, objects: labelled(lab) }, { client, signal, timeout })
      await remember(client, lab)
      return
    } catch (error) {
      if (left === 0 || !webhookIsComing(error)) throw explained(lab, error, signal)
      signal?.throwIfAborted()
      await sleep(2_000)
    }
  }
}
