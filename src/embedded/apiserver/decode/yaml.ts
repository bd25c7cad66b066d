/**
 * YAML bodies by the rules of sigs.k8s.io/yaml: YAML 1.1 (`y`, `no`, `on` are booleans, `010` is 8), merge keys, keys
 * turned into strings. Timestamps and base-60 numbers stay strings.
 */
import type { Document, LineCounter, Tags } from 'yaml'
import type { Json } from '../../../kube/api.ts'

/** YAML that does not parse; the message is in the words of Go's converter. */
export class YamlError extends Error {
  override readonly name = 'YamlError'
}

export interface ParsedYaml {
  value: Json
  /** `line 4: key "data" already set in map`, in document order. */
  duplicates: string[]
}

const toJson = (value: unknown): Json => {
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]))
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return (value ?? null) as Json
}

/** Leaves dates and base-60 numbers text. */
const withoutTimes = (tags: Tags): Tags =>
  tags.filter(
    (tag) => typeof tag === 'string' || !(tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME')),
  )

/** Keys that come again in their map, in document order. */
const findDuplicates = (
  { visit, isScalar }: Pick<typeof import('yaml'), 'visit' | 'isScalar'>,
  document: Document.Parsed,
  lines: LineCounter,
): string[] => {
  const duplicates: string[] = []
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === '<<') continue
        const name = String(key.value)
        const line = lines.linePos(key.range?.[0] ?? 0).line
        if (seen.has(name)) duplicates.push(`line ${line}: key ${JSON.stringify(name)} already set in map`)
        seen.add(name)
      }
    },
  })
  return duplicates
}

/**
 * The first document of a YAML text; later ones are ignored, as Go's parser does.
 * @throws YamlError, also for aliases that unfold to too much
 */
export const parseYaml = async (text: string): Promise<ParsedYaml> => {
  const yaml = await import('./yaml-library.ts')
  const lines = new yaml.LineCounter()
  const documents = yaml.parseAllDocuments(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    lineCounter: lines,
    customTags: withoutTimes,
  })
  const document = Array.isArray(documents) ? documents[0] : undefined
  if (!document) return { value: null, duplicates: [] }
  const problem = document.errors[0]
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1
    throw new YamlError(
      `error converting YAML to JSON: yaml: line ${line}: ${problem.message.split(/ at line |\n/)[0]}`,
    )
  }
  try {
    return { value: toJson(document.toJS({ mapAsMap: true })), duplicates: findDuplicates(yaml, document, lines) }
  } catch (error) {
    throw new YamlError(
      `error converting YAML to JSON: yaml: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
