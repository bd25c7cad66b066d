/** `lint`: content files against the schema. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { lintPaths } from '../content/lint.ts'
import { didYouMean } from '../content/nearest.ts'
import { formatProblem } from '../content/problem.ts'
import { exit, type Io, note, print, UsageError } from './io.ts'

const neighbours = (path: string): string[] => (existsSync(dirname(path)) ? readdirSync(dirname(path)) : [])

export const lint = async (io: Io, paths: readonly string[]): Promise<number> => {
  for (const path of paths) {
    const full = resolve(io.cwd, path)
    if (!existsSync(full)) {
      throw new UsageError(`there is no file or folder ${path}${didYouMean(basename(full), neighbours(full))}`)
    }
  }
  const problems = await lintPaths(paths)
  for (const problem of problems) print(io, formatProblem(problem))
  note(io, problems.length ? `${problems.length} problem${problems.length > 1 ? 's' : ''}` : 'no problems')
  return problems.length ? exit.notPassed : exit.passed
}
