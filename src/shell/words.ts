/**
 * Splitting `$EDITOR` into words as a POSIX shell would: blanks separate, quotes and backslashes join.
 * Not modelled: expansions, which people do not write there; they stay as they are.
 */

/** `code --wait "a b"` → `['code', '--wait', 'a b']`. An unclosed quote runs to the end. */
export const splitWords = (text: string): string[] => {
  const words: string[] = []
  let word: string | undefined
  let quote: '"' | "'" | undefined
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    const next = text[index + 1]
    if (quote) {
      if (character === quote) quote = undefined
      else if (character === '\\' && quote === '"' && next !== undefined && '"\\$`'.includes(next)) {
        word += next
        index++
      } else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '\\' && next !== undefined) {
      word = (word ?? '') + next
      index++
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  return words
}
