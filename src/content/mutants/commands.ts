/** What one kubectl command of a solution may wrongly be: another namespace, another value, a patch with a part missing. */
import { splitWords } from '../argv.ts'
import { type Edit, edits } from './tree.ts'
import type { Neighbours } from './values.ts'

const quote = (word: string): string => (/^[\w./:=@,+-]+$/.test(word) ? word : `'${word}'`)

/** Wrong versions of the command line. `value` is the line. */
export const wrongCommands = (line: string, neighbours: Neighbours): Edit[] => {
  const split = splitWords(line.trim())
  if ('problem' in split) return []
  const { words } = split
  const replaced = (index: number, word: string): string => words.with(index, word).map(quote).join(' ')
  return words.flatMap((word, index): Edit[] => {
    const flag = words[index - 1]
    if (flag === '-n' || flag === '--namespace') {
      const elsewhere = neighbours.namespaces.find((each) => each !== word) ?? 'default'
      return [{ says: `-n ${word} -> ${elsewhere}`, value: replaced(index, elsewhere) }]
    }
    if (flag === '-p' || flag === '--patch') {
      try {
        const patch: unknown = JSON.parse(word)
        return edits(patch, neighbours)
          .filter(({ value }) => JSON.stringify(value) !== '{}')
          .map(({ says, value }) => ({ says: `patch: ${says}`, value: replaced(index, JSON.stringify(value)) }))
      } catch {
        return []
      }
    }
    const label = /^([\w./-]+)=(.+)$/.exec(word)
    if (label === null || word.startsWith('-')) return []
    return [
      { says: `${word} -> ${label[1]}=${label[2]}-wrong`, value: replaced(index, `${label[1]}=${label[2]}-wrong`) },
    ]
  })
}
