/**
 * Labs and scenarios from files. Nothing here throws for bad content except `loadScenario` and `loadLab`, which a
 * caller asks for one thing by name; the rest returns problems beside what could be read.
 */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { KubeObject } from '../kube/api.ts'
import { type PlacedDocument, parseDocument, readContentFile } from './document.ts'
import { type ContentRoots, contentBelow, labFolders, packageRoots, scenarioFolders } from './folders.ts'
import { includeTexts } from './include.ts'
import { parseManifests } from './manifests.ts'
import { didYouMean } from './nearest.ts'
import { ContentError, type Problem } from './problem.ts'
import { type Lab, labSchema, type Scenario, scenarioSchema } from './schema.ts'
import { validate } from './validate.ts'

/** A content file that is there, with what could be made of it. */
export interface Loaded<T> {
  /** Absent when the file does not fit the schema. */
  value?: T
  /** Absent when the file is not even YAML. */
  document?: PlacedDocument
  /** The file as problems name it, and the folder it lies in. */
  file: string
  folder: string
  /** Files beside it that it takes texts from. */
  included: string[]
  problems: Problem[]
}

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

/** Reads `<folder>/scenario.yaml`; `shown` is how problems name that file. */
export const readScenario = (folder: string, shown = join(folder, 'scenario.yaml')): Loaded<Scenario> => {
  const read = readContentFile(join(folder, 'scenario.yaml'), shown)
  if ('problem' in read) return { file: shown, folder, included: [], problems: [read.problem] }
  const { document, problems } = parseDocument(read.text, shown)
  if (document === undefined) return { file: shown, folder, included: [], problems }
  const texts = includeTexts(document, folder, shown)
  const { value, problems: found } = validate(scenarioSchema, document, shown, texts.value)
  return { value, document, file: shown, folder, included: texts.included, problems: [...texts.problems, ...found] }
}

/** Reads `<folder>/lab.yaml`; its manifests are read by `labObjects`. */
export const readLab = (folder: string, shown = join(folder, 'lab.yaml')): Loaded<Lab> => {
  const read = readContentFile(join(folder, 'lab.yaml'), shown)
  if ('problem' in read) return { file: shown, folder, included: [], problems: [read.problem] }
  const { document, problems } = parseDocument(read.text, shown)
  if (document === undefined) return { file: shown, folder, included: [], problems }
  const { value, problems: found } = validate(labSchema, document, shown)
  return { value, document, file: shown, folder, included: value?.spec.manifests ?? [], problems: found }
}

/** All scenarios, in the order of their folders; those that cannot be used are in `problems` instead. */
export const loadCatalogue = (roots: ContentRoots = packageRoots()): Catalogue => {
  const labs = new Map(labFolders(roots.labs).map((folder) => [basename(folder), readLab(folder)]))
  const problems = [...labs.values()].flatMap((lab) => lab.problems)
  const items: CatalogueItem[] = []
  for (const folder of scenarioFolders(roots.scenarios)) {
    const loaded = readScenario(folder)
    problems.push(...loaded.problems)
    if (loaded.value === undefined) continue
    const lab = labs.get(loaded.value.spec.lab)
    if (lab?.value !== undefined) items.push({ scenario: loaded.value, lab: lab.value, folder, labFolder: lab.folder })
    else if (lab === undefined) problems.push(unknownLab(loaded, loaded.value.spec.lab, [...labs.keys()]))
  }
  return { items, problems }
}

/** The problem of a scenario that names a lab which is not there. */
export const unknownLab = (loaded: Loaded<Scenario>, lab: string, known: string[]): Problem => ({
  file: loaded.file,
  ...(loaded.document?.at(['spec', 'lab']) ?? { line: 1, column: 1 }),
  message: `there is no lab "${lab}"${didYouMean(lab, known)}; labs are ${known.join(', ') || 'none'}`,
})

/** A scenario asked for by a name that does not exist. The message names the nearest one and all others. */
export class UnknownContent extends Error {
  override readonly name = 'UnknownContent'
}

/**
 * One scenario with its lab, by name (`istio-strict-mtls`), by folder name (`02-strict-mtls`), or by the path of its
 * folder or file. Throws `UnknownContent` when there is none, `ContentError` when it or its lab has problems.
 */
export const loadScenario = (nameOrPath: string, roots: ContentRoots = packageRoots()): CatalogueItem => {
  const byPath = /[/\\]/.test(nameOrPath) || nameOrPath.endsWith('.yaml') ? contentBelow(nameOrPath).scenarios : []
  if (byPath.length === 1) return withLab(readScenario(byPath[0]!), roots)
  const folders = scenarioFolders(roots.scenarios)
  const known: string[] = []
  for (const folder of folders) {
    const loaded = readScenario(folder)
    const name = loaded.value?.metadata.name ?? basename(folder)
    if (name === nameOrPath || basename(folder) === nameOrPath) return withLab(loaded, roots)
    known.push(name)
  }
  throw new UnknownContent(
    `there is no scenario "${nameOrPath}"${didYouMean(nameOrPath, known)}; scenarios are ${known.join(', ') || 'none'}`,
  )
}

const withLab = (loaded: Loaded<Scenario>, roots: ContentRoots): CatalogueItem => {
  if (loaded.value === undefined || loaded.problems.length > 0) throw new ContentError(loaded.problems)
  const known = labFolders(roots.labs)
  // A scenario outside the package may bring its labs along: `labs/` beside its `scenarios/`.
  const beside = labFolders(join(dirname(loaded.folder), '..', '..', 'labs'))
  const labFolder = [...beside, ...known].find((folder) => basename(folder) === loaded.value!.spec.lab)
  if (labFolder === undefined)
    throw new ContentError([
      unknownLab(
        loaded,
        loaded.value.spec.lab,
        [...beside, ...known].map((each) => basename(each)),
      ),
    ])
  const lab = readLab(labFolder)
  if (lab.value === undefined) throw new ContentError(lab.problems)
  return { scenario: loaded.value, lab: lab.value, folder: loaded.folder, labFolder }
}

/** One lab by name, with its folder. Throws `UnknownContent` or `ContentError`. */
export const loadLab = (name: string, roots: ContentRoots = packageRoots()): { lab: Lab; labFolder: string } => {
  const folders = labFolders(roots.labs)
  const labFolder = folders.find((folder) => basename(folder) === name)
  const known = folders.map((folder) => basename(folder))
  if (labFolder === undefined)
    throw new UnknownContent(
      `there is no lab "${name}"${didYouMean(name, known)}; labs are ${known.join(', ') || 'none'}`,
    )
  const loaded = readLab(labFolder)
  if (loaded.value === undefined) throw new ContentError(loaded.problems)
  return { lab: loaded.value, labFolder }
}

/** The lab's objects in the order they are to be applied. Throws `ContentError` when a manifest does not parse. */
export const labObjects = ({ lab, labFolder }: { lab: Lab; labFolder: string }): KubeObject[] =>
  lab.spec.manifests.flatMap((name) => {
    const file = join(labFolder, name)
    const { objects, problems } = parseManifests(readFileSync(file, 'utf8'))
    if (problems.length > 0) throw new ContentError(problems.map((problem) => ({ file, ...problem })))
    return objects
  })
