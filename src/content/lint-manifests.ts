/** Lint of manifests and commands: they parse, and the commands are ones that this program can carry out. */
import { parseManifests } from '../kube/manifests.ts'
import { partsOf } from './change.ts'
import { type Path, type PlacedDocument, readContentFile } from './document.ts'
import { parseKubectl } from './kubectl-lite.ts'
import type { Problem } from './problem.ts'
import type { Change } from './schema.ts'

const emptyText = { line: 1, column: 1, message: 'there is no manifest in this text' }

const problemsOf = (text: string): { line: number; column: number; message: string }[] => {
  const { objects, problems } = parseManifests(text)
  return problems.length === 0 && objects.length === 0 ? [emptyText] : problems
}

/** A manifest file beside `lab.yaml`. */
export const lintManifestText = (path: string, file: string): Problem[] => {
  const read = readContentFile(path, file)
  return 'problem' in read ? [read.problem] : problemsOf(read.text).map((problem) => ({ ...problem, file }))
}

/** A solution's or mistake's change; problems stand where the text stands in the scenario file. */
export const lintChange = (change: Change, path: Path, document: PlacedDocument, file: string): Problem[] => {
  const problems: Problem[] = []
  const parts = partsOf(change)
  const manifests = (text: string, where: Path): void => {
    for (const { line, column, message } of problemsOf(text))
      problems.push({ file, ...document.inText(where, line, column), message })
  }
  if (parts.apply !== undefined) manifests(parts.apply, typeof change === 'string' ? path : [...path, 'apply'])
  if (parts.delete !== undefined) manifests(parts.delete, [...path, 'delete'])
  for (const [index, line] of (parts.run ?? []).entries()) {
    const parsed = parseKubectl(line)
    if ('problem' in parsed) problems.push({ file, ...document.at([...path, 'run', index]), message: parsed.problem })
  }
  if (parts.apply === undefined && parts.delete === undefined && parts.run === undefined)
    problems.push({ file, ...document.at(path), message: 'the change is empty: apply, delete or run is expected' })
  return problems
}
