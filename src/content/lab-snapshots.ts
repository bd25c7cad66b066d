/** The snapshots of labs that the build made: found by what is in the lab, so that an edited lab has none. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { KubeObject } from '../kube/api.ts'
import { packagePath } from '../root.ts'

export interface LabContents {
  mesh: string
  objects: readonly KubeObject[]
}

export const snapshotFolder = (): string => packagePath('dist/snapshots')

/** A file name for the lab's snapshot: a hash of its mesh and objects. */
export const snapshotName = ({ mesh, objects }: LabContents): string =>
  `${createHash('sha1').update(`${mesh}\0`).update(JSON.stringify(objects)).digest('hex')}.json`

/** The file of the lab's snapshot; undefined when the build did not meet this lab. */
export const findSnapshot = (lab: LabContents): string | undefined => {
  const file = `${snapshotFolder()}/${snapshotName(lab)}`
  return existsSync(file) ? file : undefined
}
