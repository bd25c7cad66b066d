/** One content folder as a value with problems: YAML, included texts, schema. Slow to load (yaml, zod): see `load.ts`. */
import { join } from 'node:path'
import { type PlacedDocument, parseDocument, readContentFile } from './document.ts'
import { includeTexts } from './include.ts'
import type { Problem } from './problem.ts'
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
  /** Files beside it that it takes texts or manifests from. */
  included: string[]
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
