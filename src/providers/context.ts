/**
 * Labs in a cluster that the learner has already: one context of a kubeconfig. Nothing is changed in it unless it
 * carries the marker of a lab, or the learner names it; and then only in namespaces that are meshdojo's.
 */
import { join } from 'node:path'
import { createClient } from '../kube/client.ts'
import { writeKubeconfig } from '../kube/kubeconfig.ts'
import { extractContext, kubeconfigFiles, readMerged } from '../kube/merge-kubeconfig.ts'
import { connect, type RemoteCluster } from '../kube/transport.ts'
import { claimKubeconfig } from './claim.ts'
import { type Inspected, inspectCluster } from './inspect.ts'
import type { LabSpec, OpenLab, Provider } from './provider.ts'
import { embeddedImage, LabDoesNotFit, NotALab, putLab, readMarker, realMeshSeconds } from './real-lab.ts'

export interface ContextOptions {
  stateFolder: string
  env: NodeJS.ProcessEnv
  /** Absent: the current one. */
  context?: string
  /** The context that the learner allows to be changed, by name. */
  mayChange?: string
}

/** One context, connected to through a kubeconfig of its own: the learner's is read and never written. */
export interface OpenContext {
  name: string
  cluster: RemoteCluster
  kubeconfig: string
  /** Safe to call twice. */
  close(): Promise<void>
}

/** Throws `ClusterUnreachable` when the context is not there, or nobody can sign in with it. */
export const openContext = async ({ stateFolder, env, context }: ContextOptions, as: string): Promise<OpenContext> => {
  const { name, text } = extractContext(await readMerged(kubeconfigFiles(env)), context)
  const claim = await claimKubeconfig(join(stateFolder, 'clusters'), as)
  try {
    await writeKubeconfig(claim.kubeconfig, text)
    const cluster = await connect(claim.kubeconfig)
    const close = async (): Promise<void> => {
      cluster.close()
      await claim.release()
    }
    return { name, cluster, kubeconfig: claim.kubeconfig, close }
  } catch (error) {
    await claim.release()
    throw error
  }
}

/** What a context is, as far as labs care. Changes nothing. */
export const lookAtContext = async (
  options: ContextOptions,
): Promise<Inspected & { name: string; lab: string | undefined }> => {
  const { name, cluster, close } = await openContext(options, 'look')
  try {
    const client = createClient(cluster)
    const [marker, found] = [await readMarker(client), await inspectCluster(client)]
    return { name, lab: marker?.lab, ...found }
  } finally {
    await close()
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

export const createContextProvider = (options: ContextOptions): Provider => ({
  name: 'context',

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
    onProgress?.('Connecting')
    const { name, cluster, kubeconfig, close } = await openContext(options, `context-${lab.name}`)
    try {
      const client = createClient(cluster)
      const [marker, found] = [await readMarker(client), await inspectCluster(client)]
      if (!marker && options.mayChange !== name)
        throw new NotALab(
          `${name} is not a lab: nothing is changed in it. If it may be, say so by its name: --yes-change-this-cluster ${name}`,
        )
      const problem = unfit(lab, found)
      if (problem)
        throw new LabDoesNotFit(
          `the lab ${lab.name} does not fit ${name}: ${problem}; "meshdojo cluster list --provider context" says which scenarios fit`,
        )
      await putLab(cluster, lab, { whole: false, signal, onProgress })
      return { cluster, kubeconfig, convergeSeconds: realMeshSeconds, close }
    } catch (error) {
      await close()
      throw error
    }
  },
})
