/** The `object` check: objects of a kind exist, hold a CEL condition, or are absent. */
import type { KubeObject } from '../kube/api.ts'
import { isNotFound } from '../kube/errors.ts'
import { compileCondition } from './cel.ts'
import { type Bench, type Finding, type Of, undecided } from './finding.ts'

type ObjectCheck = Of<'object'>

const describe = (check: ObjectCheck): string => {
  const named = check.name === undefined ? check.kind : `${check.kind} ${check.name}`
  return check.namespace === undefined ? named : `${named} in ${check.namespace}`
}

const refOf = (object: KubeObject): string =>
  object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`

/** Objects of the kind and place that the check names. A kind that the cluster does not serve has none. */
const candidates = async (check: ObjectCheck, { client, signal }: Bench): Promise<KubeObject[]> => {
  try {
    const { items } = await client.list(check, { namespace: check.namespace, signal })
    return items.filter((object) => check.name === undefined || object.metadata.name === check.name)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

/** Lists and judges. A condition that does not compile leaves the check undecided. */
export const judgeObject = async (check: ObjectCheck, bench: Bench): Promise<Finding> => {
  const what = describe(check)
  // The condition itself is not shown: it is the answer, and rarely fits a line.
  const expected = `${check.absent ? 'no ' : ''}${what}${check.where === undefined ? '' : ' with the content asked for'}`
  const found = await candidates(check, bench)
  let matching = found
  if (check.where !== undefined) {
    try {
      const condition = await compileCondition(check.where, 'object')
      matching = found.filter((object) => condition.holds(object))
    } catch (error) {
      return undecided(expected, `the check's condition is not valid CEL: ${String(error)}`)
    }
  }
  const passed = check.absent ? matching.length === 0 : matching.length > 0
  const listed = (matching.length > 0 ? matching : found).slice(0, 3).map(refOf).join(', ')
  const seen = matching.length > 0 || check.where === undefined ? listed : listed && `${listed}, other content`
  const because = passed
    ? undefined
    : check.absent
      ? `${listed} is still there`
      : found.length === 0
        ? `there is no ${what}`
        : `${listed} is there, but its content is not what is asked for`
  return { passed, expected, seen: seen || 'none', because }
}
