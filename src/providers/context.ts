/**
 * Labs in a cluster that the learner has already: one context of a kubeconfig. Nothing is changed in it unless it
 * carries the marker of a lab, or the learner names it; and then only in namespaces that are meshdojo's.
 */
import { join } from 'node:path'
import { createClient } from '../kube/client.ts'
import { writeKubeconfig } from '../kube/kubeconfig.ts'
import { extractContext, kubeconfigFiles, readMerged } from '../kube/merge-kubeconfig.ts'
import { connect } from '../kube/transport.ts'
import { claimKubeconfig } from './claim.ts'
import { inspectCluster } from './inspect.ts'
import type { OpenLab, Provider } from './provider.ts'
import { NotALab, putLab, readMarker } from './real-lab.ts'

export interface ContextOptions {
  stateFolder: string
  env: NodeJS.ProcessEnv
  /** Absent: the current one. */
  context?: string
  /** The context that the learner allows to be changed, by name. */
  mayChange?: string
}

export const createContextProvider = ({ stateFolder, env, context, mayChange }: ContextOptions): Provider => ({
  name: 'context',

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
    const { name, text } = extractContext(await readMerged(kubeconfigFiles(env)), context)
    const claim = await claimKubeconfig(join(stateFolder, 'clusters'), `context-${lab.name}`)
    try {
      await writeKubeconfig(claim.kubeconfig, text)
      onProgress?.(`Connecting to ${name}`)
      const cluster = await connect(claim.kubeconfig)
      try {
        const client = createClient(cluster)
        const [marker, found] = [await readMarker(client), await inspectCluster(client)]
        if (!marker && mayChange !== name)
          throw new NotALab(
            `${name} is not a lab: nothing is changed in it. If it may be, say so by its name: --yes-change-this-cluster ${name}`,
          )
        if (found.mesh !== lab.mesh)
          throw new NotALab(
            `the lab ${lab.name} needs ${lab.mesh}, and ${name} has ${found.mesh ?? 'no mesh that meshdojo knows'}: install it, or choose a scenario that fits ("meshdojo cluster list --provider context")`,
          )
        if (found.mode !== undefined && found.mode !== 'sidecar')
          throw new NotALab(`the labs are for ${lab.mesh} with sidecars, and ${name} runs it in ${found.mode} mode`)
        await putLab(cluster, lab, { whole: false, signal, onProgress })
      } catch (error) {
        cluster.close()
        throw error
      }
      return {
        cluster,
        kubeconfig: claim.kubeconfig,
        close: async () => {
          cluster.close()
          await claim.release()
        },
      }
    } catch (error) {
      await claim.release()
      throw error
    }
  },
})
