/** Reads a page in Prometheus' text format. Upstream: the Prometheus documentation "Exposition formats". */

export interface Exposed {
  labels: Record<string, string>
  value: number
}

const label = /\s*([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"\s*,?/y
const escapes: Record<string, string> = { n: '\n', '"': '"', '\\': '\\' }

const readLabels = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  for (let found = label.exec(text); found !== null; found = label.exec(text))
    labels[found[1]!] = found[2]!.replace(/\\(.)/g, (_whole, char: string) => escapes[char] ?? char)
  return labels
}

const numberOf = (text: string): number =>
  text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)

/** Every sample of the page; lines that are none are skipped. */
export const readExposition = (page: string): Exposed[] =>
  page.split('\n').flatMap((line) => {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\d+)?\s*$/.exec(line)
    if (parts === null) return []
    return { labels: { __name__: parts[1]!, ...readLabels(parts[2] ?? '') }, value: numberOf(parts[3]!) }
  })
