/** Applies a file as `kubectl apply -f` would, and says what came of it. Never rejects for what is in the file. */
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { KubeObject } from '../kube/api.ts'
import { ApplyFailed, type ApplyResult } from '../kube/apply.ts'
import type { Client } from '../kube/client.ts'
import { describeResults } from './feed.ts'

export interface Applied {
  ok: boolean
  says: string
  /** Objects that were written, as they are now; also those of a file of which others were refused. */
  written?: KubeObject[]
}

const writtenOf = (results: readonly ApplyResult[]): KubeObject[] =>
  results.flatMap(({ outcome, object }) => (object && outcome !== 'unchanged' ? [object] : []))

const longestFile = 10_000_000

export const applyFile = async (client: Client, path: string): Promise<Applied> => {
  const name = basename(path)
  let text: string
  try {
    if ((await stat(path)).size > longestFile)
      return { ok: false, says: `${name} is larger than 10 MB: no manifest is` }
    text = await readFile(path, 'utf8')
  } catch (error) {
    return { ok: false, says: `${name} cannot be read: ${(error as Error).message}` }
  }
  const { formatProblem, parseManifests } = await import('../kube/manifests.ts')
  const { objects, problems } = parseManifests(text, name)
  if (problems.length) return { ok: false, says: problems.map(formatProblem).join('; ') }
  if (objects.length === 0) return { ok: true, says: `nothing to apply in ${name} yet` }
  try {
    const results = await client.apply(objects.map(({ object }) => object))
    return { ok: true, says: describeResults(results), written: writtenOf(results) }
  } catch (error) {
    if (!(error instanceof ApplyFailed)) throw error
    const { refusalLine } = await import('./refusal-line.ts')
    const says = error.results.map((result, index) => {
      const message = result.error?.message
      const start = objects[index]?.line
      const line = message && start ? refusalLine(text, start, message) : undefined
      return `${line ? `${name}:${line} ` : ''}${describeResults([result])}`
    })
    return { ok: false, says: says.join('; '), written: writtenOf(error.results) }
  }
}
