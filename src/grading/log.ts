/**
 * The `log` check: a line of a container's log, or none. Access logs are off in a default Istio: a check that fails on a
 * sidecar says whether it has written any. Not modelled: a proxy that writes its lines a while after it answered.
 */
import { StatusError } from '../kube/errors.ts'
import type { Pod } from '../kube/kinds.ts'
import { findWorkloadPods } from '../meshes/network.ts'
import { type Bench, type Finding, type Of, undecided } from './finding.ts'
import { containerOf, keyOf, readLines } from './marks.ts'
import { compilePattern } from './pattern.ts'
import { mapLimited } from './pool.ts'

const tailLines = 1000

/** Text or JSON, and not a line of pilot-agent or Envoy itself, which begins with a time. */
const accessLine = /^(\[\d{4}-|\{)/

/** The lines that count: the last ones, or with `fresh` those since the first request. A log that is shorter now began anew. */
const linesOf = async (check: Of<'log'>, bench: Bench, pod: Pod): Promise<string[]> => {
  const container = containerOf(check, bench)
  const lines = await readLines(bench, pod, container)
  if (!check.fresh) return lines.slice(-tailLines)
  const before = bench.marks.lines.get(keyOf(pod, container)) ?? 0
  return before > lines.length ? lines : lines.slice(before)
}

/** Reads the last lines of every pod of the workload. */
export const judgeLog = async (check: Of<'log'>, bench: Bench): Promise<Finding> => {
  const { from, matches, fresh, absent } = check
  const container = containerOf(check, bench)
  const expected = `${absent ? 'no' : 'a'}${fresh ? ' new' : ''} line of ${from} ${container} that matches ${matches}`
  const pods = findWorkloadPods(bench.world.network, from)
  if (pods.length === 0) return undecided(expected, `${from} has no pod`)
  const pattern = await compilePattern(matches)
  try {
    const lines = (await mapLimited(pods, 4, (pod) => linesOf(check, bench, pod))).flat()
    const found = lines.findLast((line) => pattern.test(line))
    if (found !== undefined) return { passed: !absent, expected, seen: found }
    const seen = `no such line among ${lines.length}${fresh ? ' new ones' : ''}`
    if (absent || container !== 'istio-proxy') return { passed: absent ?? false, expected, seen }
    const written = lines.filter((line) => accessLine.test(line))
    const last = written.at(-1)
    const because =
      last === undefined
        ? `the sidecar of ${from} has written no access log: nothing turns it on (a Telemetry, accessLogFile), or nothing came since`
        : `its last access log line is ${last}`
    return {
      passed: false,
      expected,
      seen: last === undefined ? seen : `no such line among ${written.length}`,
      because,
    }
  } catch (error) {
    if (error instanceof StatusError) return undecided(expected, error.message)
    throw error
  }
}
