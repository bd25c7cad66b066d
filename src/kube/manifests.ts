/**
 * Manifests as people write them: several YAML (or JSON) documents in one text, each one object or a List of them.
 * Problems come back as data with `file:line:column`; the good documents come back all the same.
 *
 * Scalars are read as kubectl's YAML library reads them: YAML 1.1 booleans (`yes`, `on`), but no timestamps and no
 * base-60 numbers. Not modelled: a repeated key is an error here, where kubectl quietly takes the last one.
 */
import { isMap, LineCounter, parseAllDocuments, type Tags } from 'yaml'
import type { KubeObject } from './api.ts'

export interface ManifestProblem {
  file: string
  /** Both from 1. */
  line: number
  column: number
  message: string
}

export interface ManifestObject {
  object: KubeObject
  /** Where its document starts, from 1. */
  line: number
}

/** More than any manifest that an API server would take (etcd's limit is 1.5 MB an object). */
const longestText = 10_000_000

/** `file:line:column message`, as compilers write it. */
export const formatProblem = ({ file, line, column, message }: ManifestProblem): string =>
  `${file}:${line}:${column} ${message}`

const go1_1 = (tags: Tags): Tags =>
  tags.filter((tag) => {
    if (typeof tag === 'string') return true
    return !(tag.tag === 'tag:yaml.org,2002:timestamp' || ('format' in tag && tag.format === 'TIME'))
  })

/** What is wrong with a parsed document as a Kubernetes object, if anything. */
const complaint = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected a Kubernetes object'
  const { apiVersion, kind, metadata } = value as Partial<KubeObject>
  if (typeof apiVersion !== 'string' || !apiVersion) return 'apiVersion is not set'
  if (typeof kind !== 'string' || !kind) return 'kind is not set'
  if (kind.endsWith('List') && Array.isArray((value as { items?: unknown }).items)) return undefined
  if (typeof metadata !== 'object' || metadata === null) return 'metadata is not set'
  if (typeof metadata.name !== 'string' && typeof metadata.generateName !== 'string') return 'metadata.name is not set'
  return undefined
}

/** Every object of a text. `file` only names it in problems. */
export const parseManifests = (
  text: string,
  file = 'manifest',
): { objects: ManifestObject[]; problems: ManifestProblem[] } => {
  if (text.length > longestText) {
    return { objects: [], problems: [{ file, line: 1, column: 1, message: 'larger than 10 MB: no manifest is' }] }
  }
  const lines = new LineCounter()
  const objects: ManifestObject[] = []
  const problems: ManifestProblem[] = []
  const complain = (offset: number, message: string): void => {
    const { line, col } = lines.linePos(offset)
    problems.push({ file, line: Math.max(1, line), column: Math.max(1, col), message })
  }

  const documents = parseAllDocuments(text, {
    version: '1.1',
    schema: 'yaml-1.1',
    customTags: go1_1,
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
  })
  for (const document of 'empty' in documents ? [] : documents) {
    const start = document.contents?.range?.[0] ?? document.range[0]
    if (document.errors.length) {
      for (const error of document.errors) complain(error.pos[0], error.message)
      continue
    }
    let value: unknown
    try {
      value = document.toJS({ maxAliasCount: 100 })
    } catch (error) {
      complain(start, error instanceof Error ? error.message : String(error))
      continue
    }
    if (value === null || value === undefined) continue
    const wrong = complaint(value)
    if (wrong) {
      complain(isMap(document.contents) ? (document.contents.range?.[0] ?? start) : start, wrong)
      continue
    }
    const object = value as KubeObject
    const items = object.kind.endsWith('List') && Array.isArray(object.items) ? object.items : [object]
    for (const item of items) {
      const nested = complaint(item)
      if (nested) complain(start, nested)
      else objects.push({ object: item as KubeObject, line: lines.linePos(start).line })
    }
  }
  return { objects, problems }
}
