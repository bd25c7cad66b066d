/** A lab in an embedded cluster of this process: what `cluster serve` puts in, and what `verify` proves on. */
import { readFileSync } from 'node:fs'
import { findSnapshot } from '../content/lab-snapshots.ts'
import type { Clock } from '../embedded/clock.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../embedded/cluster.ts'
import type { Saved } from '../embedded/snapshot.ts'
import type { KubeObject } from '../kube/api.ts'
import { seedLab } from '../kube/seed.ts'
import type { Mesh } from '../meshes/mesh.ts'

export interface LabToSeed {
  name: string
  mesh: string
  objects: readonly KubeObject[]
}

export interface OpenOptions {
  clock?: Clock
  signal?: AbortSignal
  /** What is in a snapshot's file, for who opens the same lab many times. */
  savedIn?: (file: string) => Saved
}

/** The cluster with the mesh and, if there is one, the lab in it and running: from its snapshot where there is one. */
export const openEmbedded = async (
  mesh: Mesh | undefined,
  lab?: LabToSeed,
  { clock, signal, savedIn }: OpenOptions = {},
): Promise<EmbeddedCluster> => {
  const file = mesh && lab && findSnapshot(lab)
  if (file)
    return savedIn ? createEmbeddedCluster({ mesh, clock, snapshot: savedIn(file) }) : resumeEmbedded(mesh, file, clock)
  const embedded = await createEmbeddedCluster({ mesh, clock })
  try {
    if (lab) await seedLab(embedded.cluster, lab, { signal })
    return embedded
  } catch (error) {
    embedded.stop()
    throw error
  }
}

/** The cluster that a snapshot's file holds. */
export const resumeEmbedded = (mesh: Mesh, file: string, clock?: Clock): Promise<EmbeddedCluster> =>
  createEmbeddedCluster({ mesh, clock, snapshot: readFileSync(file, 'utf8') })
