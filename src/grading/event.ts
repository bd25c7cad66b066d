/** The `event` check: the cluster has told of something, in a core/v1 Event. */
import type { KubeObject } from '../kube/api.ts'
import type { Bench, Finding, Of } from './finding.ts'
import { compilePattern } from './pattern.ts'

interface Event extends KubeObject {
  reason?: string
  message?: string
  involvedObject?: { kind?: string; name?: string }
}

/** Lists the namespace's events and looks for one that fits everything the check says. */
export const judgeEvent = async (check: Of<'event'>, { client, signal }: Bench): Promise<Finding> => {
  const parts = [check.reason, check.object && `for ${check.object}`, check.matches && `matching ${check.matches}`]
  const expected = `an event ${parts.filter(Boolean).join(' ')} in ${check.namespace}`
  const [kind, name] = (check.object ?? '').split('/')
  const pattern = check.matches === undefined ? undefined : await compilePattern(check.matches)
  const { items } = await client.list<Event>(
    { group: '', version: 'v1', resource: 'events' },
    { namespace: check.namespace, signal },
  )
  const found = items.find(
    (event) =>
      (check.reason === undefined || event.reason === check.reason) &&
      (!kind || event.involvedObject?.kind === kind) &&
      (!name || event.involvedObject?.name === name) &&
      (pattern === undefined || pattern.test(event.message ?? '')),
  )
  return found === undefined
    ? { passed: false, expected, seen: `none of ${items.length} events` }
    : { passed: true, expected, seen: `${found.reason ?? 'event'}: ${found.message ?? ''}` }
}
