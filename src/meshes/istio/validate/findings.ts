/** Collected errors and warnings, put into words as istiod does: one error as it is, several as a list. */

/** How go-multierror writes a list. */
export const asList = (points: readonly string[]): string => {
  const count = points.length === 1 ? '1 error occurred' : `${points.length} errors occurred`
  return `${count}:\n${points.map((point) => `\t* ${point}\n`).join('')}\n`
}

export class Findings {
  readonly errors: string[] = []
  readonly warnings: string[] = []
  /** Why the object cannot be read at all, which is then all that is said. */
  undecodable: string | undefined
  /** What Go says of a regular expression that is none. */
  readonly regexProblem: (expression: string) => string | undefined
  /** Some checks report a list even of one error, and a list stays a list. */
  private listed = false

  constructor(regexProblem: (expression: string) => string | undefined = () => undefined) {
    this.regexProblem = regexProblem
  }

  error(text: string | undefined): void {
    if (text !== undefined) this.errors.push(text)
  }

  /** Errors of a check that collects: never shown on one line. */
  list(texts: readonly string[]): void {
    if (texts.length > 0) this.listed = true
    this.errors.push(...texts)
  }

  /** An error after which nothing else is said. */
  only(text: string): void {
    this.errors.splice(0, this.errors.length, text)
    this.listed = false
  }

  /** A value that protobuf does not read. */
  decode(problem: string | undefined): void {
    this.undecodable ??= problem
  }

  warn(text: string): void {
    this.warnings.push(text)
  }

  /** A check whose warnings istiod loses on the way: it hands on errors alone (`appendErrors`). */
  quietly(check: () => void): void {
    const before = this.warnings.length
    check()
    this.warnings.length = before
  }

  /** Undefined when nothing is wrong. `prefix` goes before every error. */
  text(prefix = ''): string | undefined {
    const points = this.errors.map((error) => (prefix === '' ? error : `${prefix} ${error}`))
    if (points.length === 0) return undefined
    return points.length === 1 && !this.listed ? points[0] : asList(points)
  }
}
