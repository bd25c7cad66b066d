/** Installing a mesh, as steps: by its own tool, or by Helm where that is missing. */
import type { Step } from '../steps.ts'
import { ciliumSteps } from './cilium.ts'
import { consulSteps } from './consul.ts'
import { istioSteps } from './istio.ts'
import { linkerdSteps } from './linkerd.ts'
import type { MeshName } from './tools.ts'

export interface InstallSpec {
  /** The kind cluster's name. */
  cluster: string
  version: string
  by: 'tool' | 'helm'
  /** Chart or profile values of the lab: `meshConfig.accessLogFile: /dev/stdout`. */
  settings: Readonly<Record<string, string>>
  /** A folder of the cluster's own, for values and certificates. */
  folder: string
  /** Where an unpacked bundle lies: nothing is fetched then. */
  bundle?: string
}

const meshes: Record<MeshName, (spec: InstallSpec) => Step[]> = {
  istio: istioSteps,
  linkerd: linkerdSteps,
  cilium: ciliumSteps,
  consul: consulSteps,
}

export const installSteps = (mesh: MeshName, spec: InstallSpec): Step[] => meshes[mesh](spec)

/** Charts by file name in a bundle, and where they come from otherwise. */
export const chartFrom = (
  { bundle }: Pick<InstallSpec, 'bundle'>,
  chart: string,
  repo: string,
  version: string,
): { chart: string; repo?: string; version?: string } =>
  bundle === undefined ? { chart, repo, version } : { chart: `${bundle}/charts/${chart}-${version}.tgz` }
