/**
 * The `log` check: a line of a container's log. Access logs are off in a default Istio, and then nothing can be told
 * from a proxy that logs nothing: such a check is undecided.
 */
import { StatusError } from '../kube/errors.ts'
import { findWorkloadPods } from '../meshes/network.ts'
import { type Bench, type Finding, type Of, undecided } from './finding.ts'
import { compilePattern } from './pattern.ts'
import { mapLimited } from './pool.ts'

const tailLines = 1000

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
    if (lines.length === 0 && check.container === 'istio-proxy')
      return undecided(expected, `the proxy of ${check.from} has not written any line: access logs may be off`)
    return { passed: false, expected, seen: `no such line among ${lines.length}` }
  } catch (error) {
    if (error instanceof StatusError) return undecided(expected, error.message)
    throw error
  }
}
