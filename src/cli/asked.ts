/** What a check asks of a cluster, as a line: for who wants to know before it is asked. */
import type { Check } from '../content/schema.ts'
import { curlCommand } from '../grading/curl.ts'
import { probeOf } from '../grading/request.ts'
import { formatCommand } from '../shell/run.ts'

type Asks<K extends keyof Check> = Check[K] & {}

/** curl reads a newline in its format as well as it reads `\n`. */
const curlLine = (check: Asks<'request'>): string => {
  const [program = 'curl', ...args] = curlCommand(probeOf(check))
  return formatCommand({ run: [program, ...args], says: '' }).replaceAll('\n', '\\n')
}

const askedByRequest = (check: Asks<'request'>): string => {
  const { times, parallel } = check
  const often = times === undefined ? '' : `${times} times${parallel ? `, ${parallel} at once` : ''}, `
  return `${often}in a pod of ${check.from}: ${curlLine(check)}`
}

const askedByObject = ({ kind, apiVersion, namespace, name }: Asks<'object'>): string =>
  `list ${kind} (${apiVersion})${namespace ? ` in ${namespace}` : ''}${name ? `, for ${name}` : ''}`

export const askedBy = ({ request, object, log, metric, event }: Check): string => {
  if (request) return askedByRequest(request)
  if (object) return askedByObject(object)
  if (log) return `read the log of ${log.container ?? 'the sidecar'} in each pod of ${log.from}`
  if (metric) return `read what the sidecar of each pod of ${metric.from} has counted`
  return `list Event (v1) in ${event?.namespace}`
}
