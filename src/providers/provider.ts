/** Ways to get a cluster, the same few methods each. Only this folder and `cli/` know which one is in use. */
import type { Cluster, KubeObject } from '../kube/api.ts'
import type { Plan } from './steps.ts'

export interface LabSpec {
  mesh: 'istio' | 'linkerd' | 'cilium' | 'consul'
  /** Objects of the lab, in order. */
  objects: KubeObject[]
  /** Lab name, for markers and messages. */
  name: string
  /** How the mesh is to be installed in a real cluster; the embedded one has its own. */
  install?: { version?: string; settings?: Readonly<Record<string, string>> }
}

/** A cluster that is there, with the lab in it. */
export interface OpenLab {
  cluster: Cluster
  /** Path of the kubeconfig that a learner can `export KUBECONFIG=`. */
  kubeconfig: string
  /** Seconds that a change may take until every proxy has it. Absent: none, as in the embedded cluster. */
  convergeSeconds?: number
  /** Leaves nothing running that this provider started. Safe to call twice. */
  close(): Promise<void>
}

export interface Provider {
  readonly name: 'embedded' | 'kind' | 'context'
  /** Gets a cluster and puts the lab into it; resolves when its workloads are ready. */
  open(lab: LabSpec, options: { signal?: AbortSignal; onProgress?: (says: string) => void }): Promise<OpenLab>
  /**
   * What `open` would do with the lab, for `--dry-run`: the same values, and nothing is started or written. A context is
   * read. Throws what `open` would refuse the lab with; `onMissing` hears of programs that would have to be there.
   */
  plan(lab: LabSpec, onMissing?: (says: string) => void): Promise<Plan>
}
