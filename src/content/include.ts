/**
 * Long texts may lie beside `scenario.yaml`: wherever a step has a text, `{file: 01-task.md}` stands for that file's.
 * Only plain names: content comes from other people, and may not reach outside its folder.
 */
import { join } from 'node:path'
import { type Path, type PlacedDocument, readContentFile } from './document.ts'
import type { Problem } from './problem.ts'

/** Fields whose text may stand in a file. */
export const textFields: ReadonlySet<string> = new Set([
  'task',
  'explanation',
  'solution',
  'apply',
  'content',
  'summary',
  'feedback',
  'setup',
])

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The document's value with the named files put in, and which files those were. */
export const includeTexts = (
  document: PlacedDocument,
  folder: string,
  file: string,
): { value: unknown; included: string[]; problems: Problem[] } => {
  const included: string[] = []
  const problems: Problem[] = []

  const read = (name: string, path: Path): string => {
    const fail = (message: string): string => {
      problems.push({ file, ...document.at([...path, 'file']), message })
      return '(missing)'
    }
    if (!/^[\w][\w.-]*$/.test(name)) return fail(`"${name}" must be the name of a file in the same folder`)
    included.push(name)
    const found = readContentFile(join(folder, name), name)
    return 'text' in found ? found.text : fail(`${name}: ${found.problem.message}`)
  }

  const walk = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]))
    if (!isRecord(value)) return value
    const isReference =
      textFields.has(String(path.at(-1))) && Object.keys(value).length === 1 && typeof value.file === 'string'
    if (isReference) return read(String(value.file), path)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]))
  }

  return { value: walk(document.value, []), included, problems }
}
