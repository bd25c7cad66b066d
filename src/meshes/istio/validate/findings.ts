/** Collected errors and warnings, put into words as istiod does: one error as it is, several as a list. */

export class Findings {
  readonly errors: string[] = []
  readonly warnings: string[] = []
  /** Some checks report a list even of one error, and a list stays a list. */
  private listed = false

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

  warn(text: string): void {
    this.warnings.push(text)
  }

  /** Undefined when nothing is wrong. `prefix` goes before every error. */
  text(prefix = ''): string | undefined {
    const points = this.errors.map((error) => (prefix === '' ? error : `${prefix} ${error}`))
    if (points.length === 0) return undefined
    if (points.length === 1 && !this.listed) return points[0]
    const count = points.length === 1 ? '1 error occurred' : `${points.length} errors occurred`
    return `${count}:\n${points.map((point) => `\t* ${point}\n`).join('')}\n`
  }
}
