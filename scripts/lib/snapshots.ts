/** A snapshot of each world that a scenario plays in, taken when its workloads run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadMesh } from '../../src/cli/meshes.ts'
import { findSnapshot, snapshotFolder, snapshotName } from '../../src/content/lab-snapshots.ts'
import { labObjects, loadCatalogue } from '../../src/content/load.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import { saveSnapshot, snapshotClock } from '../../src/embedded/snapshot.ts'
import { seedLab } from '../../src/kube/seed.ts'

/** Nothing has been written for a while: what the controllers had to do about the last change is done. */
const settled = async (revision: () => number): Promise<void> => {
  for (let before = -1; before !== revision(); ) {
    before = revision()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** A lab that does not come up gets no snapshot: whoever opens it is told why. */
export const writeSnapshots = async (): Promise<void> => {
  mkdirSync(snapshotFolder(), { recursive: true })
  const { items } = await loadCatalogue()
  for (const item of items) {
    const { name, mesh: meshName } = item.lab.metadata
    const mesh = await loadMesh(meshName)
    const lab = { name, mesh: meshName, objects: await labObjects(item) }
    // Most scenarios play in the same world.
    if (!mesh || findSnapshot(lab)) continue
    const embedded = await createEmbeddedCluster({ mesh, clock: snapshotClock })
    try {
      await seedLab(embedded.cluster, lab, { timeout: 10_000 })
      await settled(() => embedded.registry.revision)
      writeFileSync(`${snapshotFolder()}/${snapshotName(lab)}`, saveSnapshot(embedded.registry.store, mesh))
    } catch {
      // Content with problems is reported by lint, verify, and whoever opens it.
    } finally {
      embedded.stop()
    }
  }
}
