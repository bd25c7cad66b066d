/** Grades steps of a scenario from the live cluster: reads the world once, runs every check, says why some failed. */
import type { Check, Lab, Scenario, ScenarioStep } from '../content/schema.ts'
import type { Cluster } from '../kube/api.ts'
import { type Client, createClient } from '../kube/client.ts'
import type { Mesh } from '../meshes/mesh.ts'
import { judgeBurst } from './burst.ts'
import { type Converge, untilConverged } from './converge.ts'
import { judgeEvent } from './event.ts'
import { explain } from './explain.ts'
import { feedbackFor } from './feedback.ts'
import { type Bench, type Finding, undecided } from './finding.ts'
import { judgeLog } from './log.ts'
import { takeMarks } from './marks.ts'
import { judgeMetric } from './metric.ts'
import { judgeObject } from './object.ts'
import { createLimit, mapLimited } from './pool.ts'
import { predictNow } from './predict.ts'
import { type Observation, type Probe, probe } from './probe.ts'
import type { CheckResult, Report, StepReport } from './report.ts'
import { expectationOf, judgeRequest, probeOf } from './request.ts'
import { type ClusterWorld, readWorld } from './world.ts'

export interface GradeContext {
  cluster: Cluster
  /** Absent: failures are told without the mesh's reasons. */
  mesh?: Mesh
  scenario: Scenario
  lab?: Lab
  /** A client of the same cluster, if there is one: it knows the cluster's discovery already. */
  client?: Client
}

export interface GradeOptions {
  /** Only these steps, by id. */
  steps?: readonly string[]
  /** Only the steps up to and including this one. */
  upTo?: string
  /** Only this check of theirs, by id, and those that it may look back on. */
  check?: string
  /** Judges one check after the other and ends with the first that does not pass: for whether all do, not which. */
  untilFailed?: boolean
  /** Probes at the same time. */
  limit?: number
  /** A world that has just been read; otherwise it is read. */
  world?: ClusterWorld
  /** Only whether checks pass, not why they fail: no reasons of the mesh, no feedback. */
  bare?: boolean
  /** Seconds a probe waits for an answer. Shorter is safe where there is no network in between. */
  probeSeconds?: number
  /** Gives changes the time to arrive, on a real cluster. Not for bursts: each of their requests counts. */
  converge?: Converge
  signal?: AbortSignal
}

const selectSteps = (scenario: Scenario, { steps, upTo }: GradeOptions): ScenarioStep[] => {
  const all = scenario.spec.steps
  const last = upTo === undefined ? all.length - 1 : all.findIndex((step) => step.id === upTo)
  return all.slice(0, last + 1).filter((step) => steps === undefined || steps.includes(step.id))
}

type Prober = Pick<Bench, 'probe' | 'burst'>

/** Sends each distinct probe once, however many checks ask for it. */
const createProber = (cluster: Cluster, world: ClusterWorld, options: GradeOptions): Prober => {
  const sent = new Map<string, Promise<Observation>>()
  const limit = createLimit(options.limit ?? 8)
  const seconds = options.probeSeconds === undefined ? {} : { seconds: options.probeSeconds }
  const send = (request: Probe): Promise<Observation> =>
    probe(cluster, world.network, { ...request, ...seconds }, options.signal, world.mesh?.identityHeader)
  return {
    probe: (request) => {
      const { from, url, method, headers, body, witness } = request
      const key = JSON.stringify([from, url, method, headers, body, witness ?? false])
      const known = sent.get(key)
      if (known !== undefined) return known
      const predict = () => predictNow(world, from, url, request)
      const observation = limit(() =>
        options.converge
          ? untilConverged(() => send(request), predict, options.converge, options.signal)
          : send(request),
      )
      sent.set(key, observation)
      return observation
    },
    burst: (request, times, parallel) =>
      mapLimited(
        Array.from({ length: times }, () => request),
        parallel,
        send,
      ),
  }
}

const judgeProbe = async (check: Check['request'] & {}, bench: Bench, bare: boolean): Promise<Finding> => {
  if (check.to.startsWith('tcp:')) return undecided('a TCP answer', 'probes over plain TCP are not supported yet')
  const request = probeOf(check)
  const { counts } = expectationOf(check)
  if (counts !== undefined)
    return judgeBurst(check, counts, await bench.burst(request, check.times ?? 1, check.parallel ?? 1))
  const observation = await bench.probe(request)
  const finding = judgeRequest(check, observation)
  if (bare || finding.passed || finding.because !== undefined) return finding
  const late = observation.ran && observation.waited !== undefined ? { notYet: true } : {}
  return { ...finding, ...late, because: await explain(bench.world, check, observation) }
}

const judge = (check: Check, bench: Bench, bare: boolean): Promise<Finding> => {
  if (check.request) return judgeProbe(check.request, bench, bare)
  if (check.object) return judgeObject(check.object, bench)
  if (check.event) return judgeEvent(check.event, bench)
  if (check.log) return judgeLog(check.log, bench)
  if (check.metric) return judgeMetric(check.metric, bench)
  return Promise.resolve(undecided('something', 'the check asks for nothing'))
}

/**
 * When a check's turn is: requests first, then one burst after the other, so that nothing else is under its load, then
 * what proxies wrote down and counted meanwhile.
 */
const turns = ['requests', 'bursts', 'records'] as const

const turnOf = ({ request, log, metric }: Check): (typeof turns)[number] => {
  if (request !== undefined) return expectationOf(request).counts === undefined ? 'requests' : 'bursts'
  return log !== undefined || metric !== undefined ? 'records' : 'requests'
}

interface Due {
  step: ScenarioStep
  check: Check
}

/**
 * The checks to judge, in the order of their turns. For one check alone, only what may come before it stays, since it may
 * look back on that: earlier turns, and earlier bursts. Others of its turn are judged in any order, so it knows nothing
 * of them.
 */
const dueOf = (steps: readonly ScenarioStep[], only: string | undefined): Due[] => {
  const all = turns.flatMap((turn) =>
    steps.flatMap((step) => step.checks.filter((check) => turnOf(check) === turn).map((check) => ({ step, check }))),
  )
  const at = all.findIndex(({ check }) => check.id === only)
  if (at < 0) return all
  const turn = turnOf(all[at]!.check)
  return all.slice(0, at + 1).filter(({ check }, index) => index === at || turn === 'bursts' || turnOf(check) !== turn)
}

const gradeCheck = async (step: ScenarioStep, check: Check, bench: Bench, bare: boolean): Promise<CheckResult> => {
  const { id, says } = check
  const { passed, expected, seen, because, notYet, undecided: open } = await judge(check, bench, bare)
  const result: CheckResult = { id, says, passed, expected, seen }
  if (because !== undefined) result.because = because
  if (open) result.undecided = true
  if (notYet) result.notYet = true
  if (!passed && !open && !notYet && !bare) {
    const feedback = await feedbackFor(step, id, bench)
    if (feedback !== undefined) result.feedback = feedback.trim()
  }
  return result
}

/**
 * Grades the scenario's steps (all, or as the options say) from the cluster as it is now. Changes nothing.
 * Rejects with `ClusterUnreachable`, with `StatusError` when objects may not be read, or when `signal` aborts.
 */
export const grade = async (context: GradeContext, options: GradeOptions = {}): Promise<Report> => {
  const { cluster, scenario } = context
  const client = context.client ?? createClient(cluster)
  const world = options.world ?? (await readWorld(cluster, context.mesh, { client, signal: options.signal }))
  const { signal, bare = false, untilFailed = false } = options
  const selected = selectSteps(scenario, options)
  const due = dueOf(selected, options.check)
  const checks = due.map(({ check }) => check)
  const marks = await takeMarks(checks, { cluster, client, world, signal })
  const bench: Bench = { cluster, client, world, ...createProber(cluster, world, options), marks, signal }
  const results = new Map<Check, CheckResult>()
  let hasFailed = false
  for (const turn of turns) {
    const now = due.filter(({ check }) => turnOf(check) === turn)
    await mapLimited(now, turn === 'bursts' || untilFailed ? 1 : now.length, async ({ step, check }) => {
      if (hasFailed && untilFailed) return
      const isWanted = options.check === undefined || options.check === check.id
      const result = await gradeCheck(step, check, bench, bare || !isWanted)
      results.set(check, result)
      hasFailed ||= !result.passed
    })
  }
  const steps = selected.map((step): StepReport => {
    const own = step.checks.filter((check) => checks.includes(check))
    const judged = own.flatMap((check) => results.get(check) ?? [])
    return { id: step.id, passed: judged.length === own.length && judged.every(({ passed }) => passed), checks: judged }
  })
  return { scenario: scenario.metadata.name, passed: steps.every((step) => step.passed), steps }
}
