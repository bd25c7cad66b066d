/**
 * The content that ships with the program, read once when the program is built. Parsing YAML and checking a schema cost
 * more than everything else before the first paint; reading JSON does not. An entry is used only while the folder's
 * files are what they were: the key is a hash of them, so edited or new content is simply parsed again.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../kube/api.ts'
import { packagePath } from '../root.ts'
import { type ContentRoots, labFolders, packageRoots, scenarioFolders } from './folders.ts'
import type { Lab, Scenario } from './schema.ts'

export interface ContentIndex {
  scenarios: Record<string, Scenario>
  labs: Record<string, Lab>
  /** The objects of a lab's manifests, or of a scenario's setup; only of what lies in the folder that the key is a hash of. */
  objects: Record<string, KubeObject[]>
}

const indexFile = (): string => packagePath('dist/content.json')

/** A hash of the names and bytes of a folder's files, or undefined when they cannot be read. */
export const folderHash = (folder: string): string | undefined => {
  try {
    const hash = createHash('sha1')
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
    for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
      hash
        .update(`${name}\0`)
        .update(readFileSync(join(folder, name)))
        .update('\0')
    return hash.digest('hex')
  } catch {
    return undefined
  }
}

/** The index of the built program; empty when there is none, or it is not readable. */
export const readIndex = (file = indexFile()): ContentIndex => {
  const empty: ContentIndex = { scenarios: {}, labs: {}, objects: {} }
  try {
    return existsSync(file) ? { ...empty, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<ContentIndex>) } : empty
  } catch {
    return empty
  }
}

/** Reads all content that has no problems into an index. For the build, which writes it to `dist/content.json`. */
export const buildIndex = async (roots: ContentRoots = packageRoots()): Promise<ContentIndex> => {
  const { readLab, readScenario } = await import('./read.ts')
  const { parseLabObjects, parseSetup } = await import('./lab-objects.ts')
  const index: ContentIndex = { scenarios: {}, labs: {}, objects: {} }
  for (const folder of scenarioFolders(roots.scenarios)) {
    const { value, problems } = readScenario(folder)
    const key = folderHash(folder)
    if (value === undefined || problems.length > 0 || key === undefined) continue
    index.scenarios[key] = value
    try {
      if (value.spec.setup !== undefined) index.objects[key] = parseSetup(value.spec.setup, folder)
    } catch {
      // As below: reported by who asks for it.
    }
  }
  for (const folder of labFolders(roots.labs)) {
    const { value, problems } = readLab(folder)
    const key = folderHash(folder)
    if (value === undefined || problems.length > 0 || key === undefined) continue
    index.labs[key] = value
    if (value.spec.manifests.some((name) => name.includes('/'))) continue
    try {
      index.objects[key] = parseLabObjects(value, folder)
    } catch {
      // A manifest with problems is reported by who asks for the lab.
    }
  }
  return index
}
