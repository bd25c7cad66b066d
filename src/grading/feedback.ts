/**
 * Whether a failed check looks like a mistake that the author knows: then the author's words help more than any engine's.
 * A mistake is recognised by its `signs` (object checks that all hold), or without them by its manifests: for each of
 * them a live object with the same kind, namespace and content, whatever its name. Commands cannot be recognised.
 */

import type { ScenarioStep } from '../content/schema.ts'
import type { KubeObject } from '../kube/api.ts'
import { lastAppliedAnnotation } from '../kube/apply.ts'
import { isNotFound } from '../kube/errors.ts'
import { parseManifests } from '../kube/manifests.ts'
import type { Bench } from './finding.ts'
import { judgeObject } from './object.ts'

type Mistake = ScenarioStep['mistakes'][number]

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equal, whatever the order of keys; absent, null and empty maps are the same to the API. */
const same = (a: unknown, b: unknown): boolean => {
  const blank = (value: unknown): boolean =>
    value === undefined || value === null || (isRecord(value) && Object.values(value).every(blank))
  if (blank(a) && blank(b)) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (isRecord(a) && isRecord(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]))
  return a === b
}

const content = ({ apiVersion: _, kind: __, metadata: ___, status: ____, ...rest }: KubeObject): unknown => rest

/** Whether all of `part` is in `whole`: the server only added to it. */
const holds = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(part))
    return Array.isArray(whole) && whole.length === part.length && part.every((item, i) => holds(whole[i], item))
  if (isRecord(part)) return Object.entries(part).every(([key, item]) => isRecord(whole) && holds(whole[key], item))
  return part === null || whole === part
}

/** What was applied, before the server filled in its defaults; the object itself where that is not known any more. */
const asWritten = (live: KubeObject): KubeObject => {
  try {
    const written = JSON.parse(live.metadata.annotations?.[lastAppliedAnnotation] ?? 'null') as KubeObject | null
    return written !== null && holds(content(live), content(written)) ? written : live
  } catch {
    return live
  }
}

const isThere = async (wanted: KubeObject, { client, signal }: Bench): Promise<boolean> => {
  const namespace = wanted.metadata.namespace
  try {
    const { items } = await client.list(wanted, { namespace, signal })
    return items.some((live) => [live, asWritten(live)].some((each) => same(content(each), content(wanted))))
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

/** Graded again and again, read once. */
const written = new WeakMap<Mistake, KubeObject[]>()

/** The objects of a mistake that is made by manifests alone; none where they cannot be read. */
const manifestsOf = (mistake: Mistake): KubeObject[] => {
  const known = written.get(mistake)
  if (known !== undefined) return known
  const { apply, run, delete: removed } = typeof mistake.apply === 'string' ? { apply: mistake.apply } : mistake.apply
  const { objects, problems } = run || removed ? { objects: [], problems: [] } : parseManifests(apply ?? '')
  const found = problems.length > 0 ? [] : objects.map(({ object }) => object)
  written.set(mistake, found)
  return found
}

const recognises = async (mistake: Mistake, bench: Bench): Promise<boolean> => {
  if (mistake.signs !== undefined) {
    for (const sign of mistake.signs) if (!(await judgeObject(sign, bench)).passed) return false
    return true
  }
  const wanted = manifestsOf(mistake)
  if (wanted.length === 0) return false
  for (const object of wanted) if (!(await isThere(object, bench))) return false
  return true
}

/** The feedback of the first known mistake that the failed check and the live objects look like. */
export const feedbackFor = async (step: ScenarioStep, check: string, bench: Bench): Promise<string | undefined> => {
  for (const mistake of step.mistakes)
    if (mistake.fails === check && (await recognises(mistake, bench))) return mistake.feedback
  return undefined
}
