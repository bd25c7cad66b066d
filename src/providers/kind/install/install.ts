/** Installing a mesh, as steps: by its own tool, or by Helm where that is missing. */

import type { Step } from '../../steps.ts'
import { type BundleUse, chartFile } from '../bundle/contents.ts'
import { ciliumSteps } from './cilium.ts'
import { consulSteps } from './consul.ts'
import type { Chart } from './helm.ts'
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
  /** Nothing is fetched then. */
  bundle?: BundleUse
}

const meshes: Record<MeshName, (spec: InstallSpec) => Step[]> = {
  istio: istioSteps,
  linkerd: linkerdSteps,
  cilium: ciliumSteps,
  consul: consulSteps,
}

export const installSteps = (mesh: MeshName, spec: InstallSpec): Step[] => meshes[mesh](spec)

/** A chart of one version, where it comes from: a repository, or an unpacked bundle. */
export const chartFrom = (
  { bundle }: Pick<InstallSpec, 'bundle'>,
  chart: string,
  repo: string,
  version: string,
): Pick<Chart, 'chart' | 'repo' | 'version'> =>
  bundle ? { chart: `${bundle.folder}/${chartFile({ chart, version })}` } : { chart, repo, version }
