/** A lab as providers want it: its objects beside its name, and how its mesh is installed. */
import type { KubeObject } from '../kube/api.ts'
import { type CatalogueItem, labObjects } from './load.ts'
import type { Lab } from './schema.ts'

export interface LabToOpen {
  name: string
  mesh: Lab['metadata']['mesh']
  objects: KubeObject[]
  install?: Lab['spec']['install']
}

/** The lab of a scenario, with what the scenario sets up in it; or a lab alone. Throws `ContentError`. */
export const labToOpen = async (
  item: Pick<CatalogueItem, 'lab' | 'labFolder'> & Partial<CatalogueItem>,
): Promise<LabToOpen> => {
  const { metadata, spec } = item.lab
  return { name: metadata.name, mesh: metadata.mesh, objects: await labObjects(item), install: spec.install }
}
