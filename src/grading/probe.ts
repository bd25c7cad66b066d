/** Really sends a request from one workload to another, and says what came of it. */
import type { Cluster, PodTarget } from '../kube/api.ts'
import { StatusError } from '../kube/errors.ts'
import type { World } from '../meshes/network.ts'
import { notModelled } from '../meshes/verdict.ts'
import { type CurlResult, curlCommand, type ProbeRequest, parseCurl, probeSeconds } from './curl.ts'
import { classify, type Outcome } from './outcome.ts'
import { findSource } from './source.ts'
import { type Witness, witnessIn, witnessInHeaderAnswer, witnessUrl } from './witness.ts'

export type Observation =
  | {
      ran: true
      outcome: Outcome
      result: CurlResult
      witness?: Witness
      /** Seconds for which it was sent again and again and never met what the objects say. */
      waited?: number
    }
  /** The probe could not be sent, or met what is not modelled: nothing is known about the request. */
  | { ran: false; says: string }

export interface Probe extends ProbeRequest {
  /** `namespace/workload` */
  from: string
  /** Whether it matters how the connection travelled: may cost a second request. */
  witness?: boolean
}

/** Runs a command in a container and collects its output as text. */
export const execText = async (
  cluster: Cluster,
  target: PodTarget,
  argv: readonly string[],
  signal?: AbortSignal,
): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
  const stdout = new TextDecoder()
  const stderr = new TextDecoder()
  const text = { stdout: '', stderr: '' }
  const { exitCode } = await cluster.exec(target, argv, {
    stdout: (chunk) => {
      text.stdout += stdout.decode(chunk, { stream: true })
    },
    stderr: (chunk) => {
      text.stderr += stderr.decode(chunk, { stream: true })
    },
    signal,
  })
  return { exitCode, ...text }
}

const noCurl = /executable file not found|not found|no such file/i

/**
 * Sends a probe. Never rejects for what happens to the request, nor for a pod that cannot run it (`ran: false`);
 * rejects with `ClusterUnreachable` when the cluster is gone.
 */
export const probe = async (
  cluster: Cluster,
  world: World,
  request: Probe,
  signal?: AbortSignal,
  identityHeader?: string,
): Promise<Observation> => {
  const source = findSource(world, request.from)
  if (!source.found) return { ran: false, says: source.says }
  const where = `${source.target.namespace}/${source.target.pod}`
  const limit = AbortSignal.timeout((probeSeconds + 10) * 1000)
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit])

  const curl = async (each: ProbeRequest): Promise<CurlResult | { ran: false; says: string }> => {
    try {
      const { exitCode, stdout, stderr } = await execText(cluster, source.target, curlCommand(each), either)
      if ((exitCode === 126 || exitCode === 127) && noCurl.test(stderr))
        return { ran: false, says: `container ${source.target.container} of ${where} has no curl` }
      const [, unmodelled] = stderr.split(notModelled)
      if (unmodelled !== undefined)
        return { ran: false, says: `it meets something that is not modelled: ${unmodelled.trim()}` }
      return parseCurl(exitCode, stdout, stderr)
    } catch (error) {
      if (error instanceof StatusError)
        return { ran: false, says: `curl could not be started in ${where}: ${error.message}` }
      if (limit.aborted && !signal?.aborted) return { ran: false, says: `curl in ${where} did not come back` }
      throw error
    }
  }

  const result = await curl(request)
  if ('ran' in result) return result
  const outcome = classify(result)
  const asked = request.witness ? witnessUrl(request.url, result, identityHeader) : undefined
  if (asked === undefined) return { ran: true, outcome, result, witness: witnessIn(result, identityHeader) }
  const second = await curl({ url: asked, method: 'GET', headers: {} })
  return {
    ran: true,
    outcome,
    result,
    witness: 'ran' in second ? undefined : witnessInHeaderAnswer(second, identityHeader),
  }
}
