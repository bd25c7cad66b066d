/**
 * Labs in clusters made by kind. A cluster takes minutes to make, so it stays when a lesson ends, under its own name,
 * until `cluster delete`; each lesson gets its lab fresh. One program at a time uses it.
 */
import { connect } from '../../kube/transport.ts'
import type { OpenLab, Provider } from '../provider.ts'
import { putLab, realMeshSeconds, requireRealImages } from '../real-lab.ts'
import { claimCluster, filesOf, readRecord, writeRecord } from './files.ts'
import { installedItsOwnWay, type KindOptions, makeClaimed, specify, type Watching } from './make.ts'

export interface KindProviderOptions extends KindOptions {
  /** Default: one cluster for each mesh, or for a lab that wants its mesh installed in its own way. */
  clusterName?: string
}

export const createKindProvider = (options: KindProviderOptions): Provider => ({
  name: 'kind',

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
    requireRealImages(lab)
    const { stateFolder } = options
    const spec = await specify(options, {
      mesh: lab.mesh,
      name: options.clusterName ?? (installedItsOwnWay(lab) ? lab.name : undefined),
      version: lab.install?.version,
      settings: lab.install?.settings,
    })
    const release = await claimCluster(stateFolder, spec.name)
    try {
      const watching: Watching = { signal, onProgress }
      await makeClaimed(options, spec, watching)
      const { kubeconfig } = filesOf(stateFolder, spec.name)
      const cluster = await connect(kubeconfig)
      try {
        await putLab(cluster, lab, { whole: true, signal, onProgress })
        const record = readRecord(stateFolder, spec.name)
        if (record) await writeRecord(stateFolder, { ...record, lab: lab.name })
      } catch (error) {
        cluster.close()
        throw error
      }
      let closed: Promise<void> | undefined
      return {
        cluster,
        kubeconfig,
        convergeSeconds: realMeshSeconds,
        close: () => {
          closed ??= (async () => {
            cluster.close()
            await release()
          })()
          return closed
        },
      }
    } catch (error) {
      await release()
      throw error
    }
  },
})
