/** The nearest known word to a misspelt one. */

/** Edits (insert, delete, replace, swap of neighbours) between two words. */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : replace
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replace, swap))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** Undefined when nothing known is near enough to be what was meant: more than a third of the word would change. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((each) => ({ each, edits: distance(word.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
  const best = ranked[0]
  return best !== undefined && best.edits <= Math.max(1, Math.ceil(word.length / 3)) ? best.each : undefined
}

/** ` (did you mean "steps"?)`, or nothing. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const best = nearest(word, known)
  return best === undefined ? '' : ` (did you mean "${best}"?)`
}
