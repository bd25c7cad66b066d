/** Kubernetes manifests as text: one or several YAML (or JSON) documents, Lists taken apart. */
import { LineCounter, parseAllDocuments } from 'yaml'
import type { KubeObject } from '../kube/api.ts'

export interface ManifestProblem {
  /** Inside the text; both count from 1. */
  line: number
  column: number
  message: string
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isKubeObject = (value: unknown): value is KubeObject =>
  isRecord(value) &&
  typeof value.apiVersion === 'string' &&
  typeof value.kind === 'string' &&
  isRecord(value.metadata) &&
  typeof value.metadata.name === 'string'

const missing = (value: unknown): string => {
  if (!isRecord(value)) return 'a manifest must be an object with apiVersion, kind and metadata'
  const absent = ['apiVersion', 'kind'].filter((field) => typeof value[field] !== 'string')
  if (!isRecord(value.metadata) || typeof value.metadata.name !== 'string') absent.push('metadata.name')
  return `the manifest has no ${absent.join(', no ')}`
}

/** Reads manifests; empty documents are skipped. A text without any object is a problem. */
export const parseManifests = (text: string): { objects: KubeObject[]; problems: ManifestProblem[] } => {
  const lines = new LineCounter()
  const objects: KubeObject[] = []
  const problems: ManifestProblem[] = []
  const at = (offset: number, message: string): void => {
    const { line, col } = lines.linePos(offset)
    problems.push({ line: Math.max(line, 1), column: Math.max(col, 1), message })
  }
  try {
    for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })) {
      for (const error of document.errors) at(error.pos[0], `YAML: ${error.message}`)
      if (document.errors.length > 0) continue
      const value: unknown = document.toJS({ maxAliasCount: 50 })
      if (value === null || value === undefined) continue
      const offset = document.contents?.range?.[0] ?? document.range?.[0] ?? 0
      const items = isRecord(value) && value.kind === 'List' && Array.isArray(value.items) ? value.items : [value]
      for (const item of items)
        if (isKubeObject(item)) objects.push(item)
        else at(offset, missing(item))
    }
  } catch (error) {
    problems.push({ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) })
  }
  if (objects.length === 0 && problems.length === 0)
    problems.push({ line: 1, column: 1, message: 'there is no manifest in this text' })
  return { objects, problems }
}
