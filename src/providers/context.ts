/**
 * Labs in a cluster that the learner has already: one context of a kubeconfig. Nothing is changed in it unless it
 * carries the marker of a lab, or the learner names it; and then only in namespaces that are meshdojo's.
 */
import { delimiter, join } from 'node:path'
import { type Client, createClient } from '../kube/client.ts'
import { readKubeconfigText, writeKubeconfig } from '../kube/kubeconfig.ts'
import { extractContext, kubeconfigFiles, readMerged } from '../kube/merge-kubeconfig.ts'
import { connectTo, type RemoteCluster } from '../kube/transport.ts'
import { type Claim, claimKubeconfig, kubeconfigOf } from './claim.ts'
import { type Inspected, inspectCluster } from './inspect.ts'
import { embeddedImage, LabDoesNotFit, NotALab, readMarker, whatGoes } from './lab-plan.ts'
import type { LabSpec, OpenLab, Provider } from './provider.ts'
import { putLab, realMeshSeconds } from './real-lab.ts'
import { labStep } from './steps.ts'

export interface ContextOptions {
  stateFolder: string
  env: NodeJS.ProcessEnv
  /** Absent: the current one. */
  context?: string
  /** The context that the learner allows to be changed, by name. */
  mayChange?: string
}

/** One context, connected to. */
interface OpenContext {
  name: string
  cluster: RemoteCluster
  /** A kubeconfig with this context alone: the learner's own is read and never written. */
  text: string
}

/** Writes nothing. Throws `ClusterUnreachable` when the context is not there, or nobody can sign in with it. */
const openContext = async ({ env, context }: ContextOptions): Promise<OpenContext> => {
  const files = kubeconfigFiles(env)
  const { name, text } = extractContext(await readMerged(files), context)
  return { name, text, cluster: connectTo(await readKubeconfigText(text, files.join(delimiter), name)) }
}

/** What a context is, as far as labs care. Changes nothing. */
export const lookAtContext = async (
  options: ContextOptions,
): Promise<Inspected & { name: string; lab: string | undefined }> => {
  const { name, cluster } = await openContext(options)
  try {
    const client = createClient(cluster)
    const [marker, found] = [await readMarker(client), await inspectCluster(client)]
    return { name, lab: marker?.lab, ...found }
  } finally {
    cluster.close()
  }
}

/** Why the lab cannot be put there; undefined when it can. */
export const unfit = ({ mesh, objects }: Pick<LabSpec, 'mesh' | 'objects'>, found: Inspected): string | undefined => {
  const image = embeddedImage(objects)
  if (image) return `it needs the image ${image}, which only the embedded cluster has`
  if (found.mesh !== mesh) return `it needs ${mesh}, and there is ${found.mesh ?? 'no mesh that meshdojo knows'}`
  if (found.mode !== undefined && found.mode !== 'sidecar')
    return `it is for ${mesh} with sidecars, and ${mesh} runs in ${found.mode} mode`
  return undefined
}

/** Throws `NotALab` or `LabDoesNotFit` unless the lab may be put there. */
const requireFit = async (client: Client, name: string, lab: LabSpec, { mayChange }: ContextOptions): Promise<void> => {
  const [marker, found] = [await readMarker(client), await inspectCluster(client)]
  if (!marker && mayChange !== name)
    throw new NotALab(
      `${name} is not a lab: nothing is changed in it. If it may be, say so by its name: --yes-change-this-cluster ${name}`,
    )
  const problem = unfit(lab, found)
  if (problem)
    throw new LabDoesNotFit(
      `the lab ${lab.name} does not fit ${name}: ${problem}; "meshdojo cluster list --provider context" says which scenarios fit`,
    )
}

/** Where the context's kubeconfig is for the time of a lab. */
const placeOf = ({ stateFolder }: ContextOptions, lab: LabSpec): [folder: string, name: string] => [
  join(stateFolder, 'clusters'),
  `context-${lab.name}`,
]

/** In a cluster that is not meshdojo's alone. */
const whole = false

export const createContextProvider = (options: ContextOptions): Provider => ({
  name: 'context',

  async plan(lab) {
    const { name, cluster } = await openContext(options)
    try {
      const client = createClient(cluster)
      await requireFit(client, name, lab, options)
      return {
        says: `${name}: the cluster that ${cluster.connection.server} is`,
        env: {},
        files: [kubeconfigOf(...placeOf(options, lab))],
        steps: [labStep(lab, await whatGoes(client, lab, { whole }))],
      }
    } finally {
      cluster.close()
    }
  },

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
    onProgress?.('Connecting')
    const { name, text, cluster } = await openContext(options)
    // A server that never answers must not hold up who gives up.
    signal?.addEventListener('abort', cluster.close, { once: true })
    let claim: Claim | undefined
    const close = async (): Promise<void> => {
      cluster.close()
      await claim?.release()
    }
    try {
      await requireFit(createClient(cluster), name, lab, options)
      claim = await claimKubeconfig(...placeOf(options, lab))
      await writeKubeconfig(claim.kubeconfig, text)
      await putLab(cluster, lab, { whole, signal, onProgress })
      return { cluster, kubeconfig: claim.kubeconfig, convergeSeconds: realMeshSeconds, close }
    } catch (error) {
      await close()
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', cluster.close)
    }
  },
})
