/**
 * Labs and scenarios by name, path, or all of them. It is on the way to the first paint: what the build has read already
 * (`index-file.ts`) is taken as it is, and the YAML parser and the schema are loaded only for the rest.
 * `loadCatalogue` never throws for bad content; who asks for one thing by name gets it, or an error that says why not.
 */
import { basename, dirname, join } from 'node:path'
import type { KubeObject } from '../kube/api.ts'
import {
  allLabFolders,
  allScenarioFolders,
  type ContentRoots,
  contentBelow,
  labFolders,
  packageRoots,
} from './folders.ts'
import { type ContentIndex, folderHash, readIndex } from './index-file.ts'
import { didYouMean } from './nearest.ts'
import { ContentError, type Problem } from './problem.ts'
import type { Lab, Scenario } from './schema.ts'

/** A scenario with the lab it plays in. */
export interface CatalogueItem {
  scenario: Scenario
  lab: Lab
  folder: string
  labFolder: string
}

export interface Catalogue {
  items: CatalogueItem[]
  problems: Problem[]
}

/** What loading one folder gives. */
interface Found<T> {
  folder: string
  value?: T
  problems: Problem[]
}

/** Something asked for by a name that does not exist. The message names the nearest one and all others. */
export class UnknownContent extends Error {
  override readonly name = 'UnknownContent'
}

const openScenario = async (folder: string, index: ContentIndex): Promise<Found<Scenario>> => {
  const known = index.scenarios[folderHash(folder) ?? '']
  if (known !== undefined) return { folder, value: known, problems: [] }
  const { readScenario } = await import('./read.ts')
  return readScenario(folder)
}

const openLab = async (folder: string, index: ContentIndex): Promise<Found<Lab>> => {
  const known = index.labs[folderHash(folder) ?? '']
  if (known !== undefined) return { folder, value: known, problems: [] }
  const { readLab } = await import('./read.ts')
  return readLab(folder)
}

/** A scenario may show another table than its lab. */
const itemOf = (scenario: Scenario, lab: Lab, folder: string, labFolder: string): CatalogueItem => {
  const { matrix } = scenario.spec
  return { scenario, lab: matrix ? { ...lab, spec: { ...lab.spec, matrix } } : lab, folder, labFolder }
}

/** The problem of a scenario that names a lab which is not there. */
export const unknownLab = (file: string, lab: string, known: string[], place = { line: 1, column: 1 }): Problem => ({
  file,
  ...place,
  message: `there is no lab "${lab}"${didYouMean(lab, known)}; labs are ${known.join(', ') || 'none'}`,
})

/** All scenarios, in the order of their folders; what cannot be used is in `problems` instead. */
export const loadCatalogue = async (
  roots: ContentRoots = packageRoots(),
  index: ContentIndex = readIndex(),
): Promise<Catalogue> => {
  const labs = new Map<string, Found<Lab>>()
  for (const folder of allLabFolders(roots).toReversed()) labs.set(basename(folder), await openLab(folder, index))
  const problems = [...labs.values()].flatMap((lab) => lab.problems)
  const items: CatalogueItem[] = []
  for (const folder of allScenarioFolders(roots)) {
    const { value: scenario, problems: found } = await openScenario(folder, index)
    problems.push(...found)
    if (scenario === undefined) continue
    const lab = labs.get(scenario.spec.lab)
    if (lab?.value !== undefined) items.push(itemOf(scenario, lab.value, folder, lab.folder))
    else if (lab === undefined)
      problems.push(unknownLab(join(folder, 'scenario.yaml'), scenario.spec.lab, [...labs.keys()]))
  }
  return { items, problems }
}

const withLab = async (
  { folder, value, problems }: Found<Scenario>,
  roots: ContentRoots,
  index: ContentIndex,
): Promise<CatalogueItem> => {
  if (value === undefined || problems.length > 0) throw new ContentError(problems)
  // A scenario outside the package may bring its labs along: `labs/` beside its `scenarios/`.
  const folders = [...labFolders(join(dirname(folder), '..', '..', 'labs')), ...allLabFolders(roots)]
  const labFolder = folders.find((each) => basename(each) === value.spec.lab)
  const known = [...new Set(folders.map((each) => basename(each)))]
  if (labFolder === undefined)
    throw new ContentError([unknownLab(join(folder, 'scenario.yaml'), value.spec.lab, known)])
  const lab = await openLab(labFolder, index)
  if (lab.value === undefined) throw new ContentError(lab.problems)
  return itemOf(value, lab.value, folder, labFolder)
}

/**
 * One scenario with its lab, by name (`istio-strict-mtls`), by folder name (`02-strict-mtls`), or by the path of its
 * folder or file. Throws `UnknownContent` when there is none, `ContentError` when it or its lab has problems.
 */
export const loadScenario = async (
  nameOrPath: string,
  roots: ContentRoots = packageRoots(),
  index: ContentIndex = readIndex(),
): Promise<CatalogueItem> => {
  const byPath = /[/\\]/.test(nameOrPath) || nameOrPath.endsWith('.yaml') ? contentBelow(nameOrPath).scenarios : []
  if (byPath.length === 1) return withLab(await openScenario(byPath[0]!, index), roots, index)
  const known: string[] = []
  for (const folder of allScenarioFolders(roots)) {
    const found = await openScenario(folder, index)
    const name = found.value?.metadata.name ?? basename(folder)
    if (name === nameOrPath || basename(folder) === nameOrPath) return withLab(found, roots, index)
    known.push(name)
  }
  throw new UnknownContent(
    `there is no scenario "${nameOrPath}"${didYouMean(nameOrPath, known)}; scenarios are ${known.join(', ') || 'none'}`,
  )
}

/** One lab by name, with its folder. Throws `UnknownContent` or `ContentError`. */
export const loadLab = async (
  name: string,
  roots: ContentRoots = packageRoots(),
): Promise<{ lab: Lab; labFolder: string }> => {
  const folders = allLabFolders(roots)
  const labFolder = folders.find((folder) => basename(folder) === name)
  const known = folders.map((folder) => basename(folder))
  if (labFolder === undefined)
    throw new UnknownContent(
      `there is no lab "${name}"${didYouMean(name, known)}; labs are ${known.join(', ') || 'none'}`,
    )
  const loaded = await openLab(labFolder, readIndex())
  if (loaded.value === undefined) throw new ContentError(loaded.problems)
  return { lab: loaded.value, labFolder }
}

/** What makes two objects the same one, whatever version they are written in. */
const placeOf = ({ apiVersion, kind, metadata }: KubeObject): string =>
  `${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`

/**
 * The objects of a lab, and of the scenario's setup on top, in the order they are to be applied. Throws `ContentError`
 * when a manifest does not parse.
 */
export const labObjects = async (
  { lab, labFolder, scenario, folder }: Pick<CatalogueItem, 'lab' | 'labFolder'> & Partial<CatalogueItem>,
  index: ContentIndex = readIndex(),
): Promise<KubeObject[]> => {
  const indexed = index.objects[folderHash(labFolder) ?? '']
  const objects = indexed ?? (await import('./lab-objects.ts')).parseLabObjects(lab, labFolder)
  if (scenario?.spec.setup === undefined) return objects
  const setup = folder === undefined ? undefined : index.objects[folderHash(folder) ?? '']
  const added = setup ?? (await import('./lab-objects.ts')).parseSetup(scenario.spec.setup, folder)
  const replacing = new Map(added.map((object) => [placeOf(object), object]))
  const known = new Set(objects.map(placeOf))
  return [
    ...objects.map((object) => replacing.get(placeOf(object)) ?? object),
    ...added.filter((object) => !known.has(placeOf(object))),
  ]
}
