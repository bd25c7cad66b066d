/** Where in a manifest the field is that a server's refusal names: servers know objects, and learners know lines. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml'

/** A field path as API servers write it: `spec.mtls.mode`, `spec.rules[0].from`, `metadata.labels`. */
const fieldPath = /\b(?:spec|metadata|data|rules|subjects|roleRef)(?:\.[A-Za-z][\w-]*|\[\d+\])*/g

const segmentsOf = (path: string): (string | number)[] =>
  path
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** The offset of the deepest part of the path that is written there, and how deep that is. */
const locate = (root: Node | null, path: readonly (string | number)[]): { offset?: number; depth: number } => {
  let node: unknown = root
  let offset: number | undefined
  let depth = 0
  for (const segment of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === segment) : undefined
    const item = isSeq(node) && typeof segment === 'number' ? node.items[segment] : undefined
    const place = (pair?.key ?? item) as Node | undefined
    if (!place?.range) break
    offset = place.range[0]
    node = pair ? pair.value : item
    depth++
  }
  return { offset, depth }
}

/** The line, from 1, of the field that `message` is about, in the document that starts at line `start`. */
export const refusalLine = (text: string, start: number, message: string): number | undefined => {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines })
  const document = [...documents].find(
    ({ contents }) => contents?.range && lines.linePos(contents.range[0]).line === start,
  )
  if (!document) return undefined
  const found = [...message.matchAll(fieldPath)].map(([path]) => locate(document.contents, segmentsOf(path)))
  const deepest = found.toSorted((a, b) => b.depth - a.depth)[0]
  return deepest?.offset === undefined ? undefined : lines.linePos(deepest.offset).line
}
