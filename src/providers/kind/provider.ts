/**
 * Labs in clusters made by kind. A cluster takes minutes to make, so it stays when a lesson ends, under its own name,
 * until `cluster delete`; each lesson gets its lab fresh. One program at a time uses it.
 */
import { connect } from '../../kube/transport.ts'
import { requireRealImages } from '../lab-plan.ts'
import type { LabSpec, OpenLab, Provider } from '../provider.ts'
import { realMeshSeconds } from '../real-lab.ts'
import { claimCluster } from './files.ts'
import { makeClaimed } from './make.ts'
import { type ClusterSpec, planCluster } from './plan.ts'
import { installedItsOwnWay, type KindOptions, specify } from './specify.ts'

export interface KindProviderOptions extends KindOptions {
  /** Default: one cluster for each mesh, or for a lab that wants its mesh installed in its own way. */
  clusterName?: string
}

/** The cluster for a lab, with the lab in it at the end. Throws `LabDoesNotFit`, `NotOurs`, `ToolMissing`. */
const specifyFor = async (
  options: KindProviderOptions,
  lab: LabSpec,
  onMissing?: (says: string) => void,
): Promise<ClusterSpec> => {
  requireRealImages(lab)
  const { mesh, install } = lab
  const name = options.clusterName ?? (installedItsOwnWay(lab) ? lab.name : undefined)
  return specify(options, { mesh, name, version: install?.version, settings: install?.settings, lab }, onMissing)
}

export const createKindProvider = (options: KindProviderOptions): Provider => ({
  name: 'kind',

  plan: async (lab, onMissing) => planCluster(await specifyFor(options, lab, onMissing)),

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
    const spec = await specifyFor(options, lab)
    const release = await claimCluster(options.stateFolder, spec.name)
    try {
      await makeClaimed(options, spec, { signal, onProgress })
      const cluster = await connect(spec.kubeconfig)
      let closed: Promise<void> | undefined
      return {
        cluster,
        kubeconfig: spec.kubeconfig,
        convergeSeconds: realMeshSeconds,
        close: () => {
          cluster.close()
          closed ??= release()
          return closed
        },
      }
    } catch (error) {
      await release()
      throw error
    }
  },
})
