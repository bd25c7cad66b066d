/** A command line as words, without a shell: single and double quotes group, nothing is expanded. */

/** The words, or why there are none: an open quote, or something that only a shell could carry out. */
export const splitWords = (line: string): { words: string[] } | { problem: string } => {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let index = 0; index < line.length; index++) {
    const char = line[index]!
    if (quote !== '') {
      if (char === quote) quote = ''
      else if (char === '\\' && quote === '"' && /["\\]/.test(line[index + 1] ?? ''))
        word = (word ?? '') + line[++index]
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (/[|&;<>$`]/.test(char)) {
      return { problem: `"${char}" needs a shell, and commands run without one` }
    } else word = (word ?? '') + char
  }
  if (quote !== '') return { problem: `a quote ${quote} is not closed` }
  if (word !== undefined) words.push(word)
  return { words }
}
