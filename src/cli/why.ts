/**
 * `why`: what should happen to one request, and every rule that was asked, in order. Nothing is sent, unless `--send`
 * asks for it: then what it met stands beside what was predicted.
 */
import { agrees } from '../grading/converge.ts'
import { type Prediction, predictNow } from '../grading/predict.ts'
import { type Observation, probe } from '../grading/probe.ts'
import { readWorld } from '../grading/world.ts'
import type { Evidence, Problem, Step } from '../meshes/verdict.ts'
import { exit, type Io, print, printJson } from './io.ts'
import { detectMesh, loadMesh } from './meshes.ts'
import { checkWorkload, parseHeaders, type RequestOptions, requestTarget } from './request.ts'
import { openTarget } from './target.ts'

/** `AuthorizationPolicy production/deny-all spec.rules[0]` */
const formatEvidence = ({ object, field }: Evidence): string =>
  `${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name}${field ? ` ${field}` : ''}`

/** How the bytes travel; for what is not known nothing is claimed. */
const wire = ({ outcome, transport }: Pick<Prediction, 'outcome' | 'transport'>): string => {
  if (outcome === 'unknown' && transport === 'none') return 'on the wire: not known'
  return transport === 'none' ? 'nothing reaches the other pod' : `on the wire: ${transport}`
}

const headline: Record<Prediction['outcome'], string> = {
  ok: 'allowed',
  status: 'answered by a proxy',
  denied: 'denied',
  refused: 'refused',
  dropped: 'dropped',
  unreachable: 'unreachable',
  unknown: 'unknown',
}

const formatSteps = (steps: readonly Step[]): string[] =>
  steps.map(({ at, outcome, says, evidence }, index) => {
    const number = `${index + 1}`.padStart(3)
    const where = evidence ? `\n${' '.repeat(22)}${formatEvidence(evidence)}` : ''
    return `${number}  ${at.padEnd(7)} ${outcome.padEnd(8)} ${says}${where}`
  })

const formatProblem = ({ object, field, says, kind }: Problem): string =>
  `${kind === 'unmodelled' ? 'not modelled' : 'ignored by the mesh'}: ${formatEvidence({ object, field })}: ${says}`

/** What was seen, beside what was predicted; on a real cluster a change may still be on its way. */
const compare = (found: Prediction, seen: Observation): { agrees: boolean | undefined; says: string } => {
  if (!seen.ran) return { agrees: undefined, says: `not sent: ${seen.says}` }
  const { kind, says } = seen.outcome
  if (found.outcome === 'unknown')
    return { agrees: undefined, says: `${says}; there is no prediction to compare it with` }
  if (agrees(found, kind)) return { agrees: true, says: `${says}, as predicted` }
  return {
    agrees: false,
    says: `${says}, which is not what was predicted: a change may still be on its way; if it stays so, the prediction is wrong`,
  }
}

export interface WhyOptions extends RequestOptions {
  /** Also send the request, from the workload. */
  send?: boolean
}

export const why = async (io: Io, from: string, url: string, options: WhyOptions): Promise<number> => {
  requestTarget(from, url)
  const headers = Object.fromEntries(parseHeaders(options.header))
  const { cluster, client } = await openTarget(io, options.kubeconfig)
  try {
    const name = await detectMesh(client)
    const world = await readWorld(cluster, name && (await loadMesh(name)), { client })
    checkWorkload(world.network, from)
    const found = await predictNow(world, from, url, { method: options.method, headers })
    const { verdict } = found
    const request = { from, url, method: options.method, headers }
    const seen = options.send ? await probe(cluster, world.network, request) : undefined
    const compared = seen && compare(found, seen)
    if (options.json) {
      printJson(io, {
        from,
        url,
        method: options.method,
        outcome: found.outcome,
        because: found.because,
        destination: found.destination,
        transport: found.transport,
        identity: verdict?.identity,
        decidedBy: verdict?.decidedBy,
        effect: verdict?.effect,
        steps: verdict?.steps ?? found.steps.map((says) => ({ says })),
        problems: world.problems,
        observed: seen && compared && { outcome: seen.ran ? seen.outcome.kind : undefined, ...compared },
      })
      return exit.passed
    }
    const lines = [
      `${headline[found.outcome]}: ${found.because}`,
      ...(compared ? [`seen: ${compared.says}`] : []),
      '',
      `from ${from}${verdict?.identity ? ` (${verdict.identity})` : ''}`,
      `to   ${options.method} ${url}${found.destination ? ` (${found.destination})` : ''}`,
      `     ${wire(found)}`,
      '',
      ...(verdict
        ? formatSteps(verdict.steps)
        : found.steps.map((says, index) => `${`${index + 1}`.padStart(3)}  ${says}`)),
      ...(world.problems.length ? ['', ...world.problems.map(formatProblem)] : []),
      ...(found.outcome === 'unknown' && !options.send ? ['', 'With --send the request is sent, and tells.'] : []),
    ]
    print(io, lines.join('\n'))
    return exit.passed
  } finally {
    cluster.close()
  }
}
