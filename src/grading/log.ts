/**
 * The `log` check: a line of a container's log. Access logs are off in a default Istio: a check that fails on a sidecar
 * says whether it has written any.
 */
import { StatusError } from '../kube/errors.ts'
import { findWorkloadPods } from '../meshes/network.ts'
import { type Bench, type Finding, type Of, undecided } from './finding.ts'
import { compilePattern } from './pattern.ts'
import { mapLimited } from './pool.ts'

const tailLines = 1000

/** Text or JSON, and not a line of pilot-agent or Envoy itself, which begins with a time. */
const accessLine = /^(\[\d{4}-|\{)/

/** Reads the last lines of every pod of the workload. */
export const judgeLog = async (check: Of<'log'>, { client, world }: Bench): Promise<Finding> => {
  const expected = `a line of ${check.from} ${check.container} that matches ${check.matches}`
  const pods = findWorkloadPods(world.network, check.from)
  if (pods.length === 0) return undecided(expected, `${check.from} has no pod`)
  const pattern = await compilePattern(check.matches)
  try {
    const logs = await mapLimited(pods, 4, ({ metadata }) =>
      client.logs(
        { namespace: metadata.namespace ?? 'default', pod: metadata.name, container: check.container },
        { tailLines },
      ),
    )
    const lines = logs.flatMap((log) => log.split('\n')).filter((line) => line !== '')
    const found = lines.findLast((line) => pattern.test(line))
    if (found !== undefined) return { passed: true, expected, seen: found }
    const seen = `no such line among ${lines.length}`
    if (check.container !== 'istio-proxy') return { passed: false, expected, seen }
    const written = lines.filter((line) => accessLine.test(line))
    const last = written.at(-1)
    const because =
      last === undefined
        ? `the sidecar of ${check.from} has written no access log: nothing turns it on (a Telemetry, accessLogFile), or nothing came since`
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
