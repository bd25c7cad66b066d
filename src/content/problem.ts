/** What is wrong with a content file, where, in words that say what was expected. */

export interface Problem {
  /** As the caller named the file or folder. */
  file: string
  /** Both count from 1. A problem with the file as a whole stands at 1:1. */
  line: number
  column: number
  message: string
}

/** `file:line:column message`, the form that editors and terminals make clickable. */
export const formatProblem = (problem: Problem): string =>
  `${problem.file}:${problem.line}:${problem.column} ${problem.message}`

export const byPlace = (a: Problem, b: Problem): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column

/** Content that cannot be used. `problems` says why; the message is all of them, one per line. */
export class ContentError extends Error {
  override readonly name = 'ContentError'
  readonly problems: Problem[]
  constructor(problems: Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}
