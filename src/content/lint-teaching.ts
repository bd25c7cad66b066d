/**
 * Lint of what a step teaches: the task says what to reach and never how, the first hint is only a nudge, there are
 * several right answers and real mistakes, and something is explained at the end.
 */
import type { KubeObject } from '../kube/api.ts'
import { parseManifests } from '../kube/manifests.ts'
import { partsOf } from './change.ts'
import type { Path, PlacedDocument } from './document.ts'
import type { Problem } from './problem.ts'
import type { Change, ScenarioStep } from './schema.ts'

/** Words of an explanation that is worth rereading. */
const fewestWords = 30

/** Fields that are no everyday words; others count when they are written in camel case. */
const telling = new Set(['principals', 'selector', 'mtls'])
/** Fields whose values are the answer, not part of the question. */
const deciding = new Set(['mode', 'action'])

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const wordsOfSpec = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(wordsOfSpec)
  if (!isTree(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(/^[a-z]+[A-Z][a-zA-Z]*$/.test(key) || telling.has(key) ? [key] : []),
    ...(deciding.has(key) && typeof inner === 'string' ? [inner] : []),
    ...wordsOfSpec(inner),
  ])
}

const isOfMesh = ({ apiVersion }: KubeObject): boolean =>
  apiVersion.includes('.') && !/\.k8s\.io\//.test(apiVersion) && apiVersion.includes('/')

/** What a solution is made of, in words that only the solution would use. */
const answerWords = (solution: Change): { kinds: string[]; words: string[] } => {
  const { apply, run } = partsOf(solution)
  const objects = apply === undefined ? [] : parseManifests(apply).objects.map(({ object }) => object)
  const commands = (run ?? []).map((line) => /kubectl (rollout \w+|\w+)/.exec(line)?.[0] ?? '').filter(Boolean)
  return {
    kinds: [...new Set(objects.filter(isOfMesh).map(({ kind }) => kind))],
    words: [...new Set([...objects.flatMap(({ spec }) => wordsOfSpec(spec)), ...commands])],
  }
}

/** Where a word stands in a text, from 1; undefined: nowhere. */
const find = (text: string, word: string): { line: number; column: number } | undefined => {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const found = new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`).exec(text)
  if (found === null) return undefined
  const before = text.slice(0, found.index).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

const isAnswered = ({ request }: ScenarioStep['checks'][number]): boolean => {
  if (request === undefined) return false
  const { expect } = request
  if (typeof expect === 'string') return expect === 'ok'
  const counted = (expect.counts ?? []).flatMap(({ status, atLeast = 0 }) => (atLeast > 0 ? [status ?? []].flat() : []))
  const statuses = [[expect.status ?? []].flat(), counted].flat()
  return expect.outcome === 'ok' || statuses.some((status) => status < 400) || expect.mtls !== undefined
}

/** Problems of one step. */
export const lintTeaching = (step: ScenarioStep, path: Path, document: PlacedDocument, file: string): Problem[] => {
  const problems: Problem[] = []
  const report = (where: Path, message: string): void => {
    problems.push({ file, ...document.at(where), message })
  }
  const { kinds, words } = answerWords(step.solution)
  for (const word of [...kinds, ...words]) {
    const place = find(step.task, word)
    if (place === undefined) continue
    const message = `the task says "${word}", which is how, not what: its solution says that too`
    problems.push({ file, ...document.inText([...path, 'task'], place.line, place.column), message })
  }
  const given = words.find((word) => find(step.hints[0] ?? '', word) !== undefined)
  if (given !== undefined)
    report([...path, 'hints', 0], `the first hint gives the answer away: "${given}" is from the solution`)
  if (step.hints.length !== 3)
    report(
      [...path, 'hints'],
      `three hints are expected, from a nudge to nearly the answer; there are ${step.hints.length}`,
    )
  const expectTwo = (field: 'mistakes' | 'alternatives', what: string): void => {
    const count = (step[field] ?? []).length
    if (count < 2)
      report(step[field] ? [...path, field] : path, `at least two ${what} are expected; there are ${count}`)
  }
  expectTwo('mistakes', 'mistakes that learners really make')
  expectTwo('alternatives', 'alternatives, other right answers,')
  if (step.checks.some(({ request }) => request) && !step.checks.some(isAnswered))
    report([...path, 'checks'], 'no request is expected to be answered: a check that something still works is missing')
  if (step.explanation.trim().split(/\s+/).length < fewestWords)
    report([...path, 'explanation'], `the explanation is missing: it has fewer than ${fewestWords} words`)
  return problems
}
