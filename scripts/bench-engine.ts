/**
 * `npm run bench -- engine`: how many calls the engine judges in a second on one core, with ever more policies over
 * 1,000 workloads, and how long a matrix of 200 workloads takes after one change. Medians of several runs, in processor
 * time.
 */
import { matrix as tableOf } from '../src/grading/matrix.ts'
import { worldOf } from '../src/grading/world.ts'
import type { KubeObject } from '../src/kube/api.ts'
import type { Call } from '../src/meshes/call.ts'
import { decideWhole } from '../src/meshes/istio/decide.ts'
import { type IstioModel, istio } from '../src/meshes/istio/index.ts'
import type { Verdict } from '../src/meshes/verdict.ts'
import {
  callTo,
  destinationRule,
  type EngineWorld,
  engineWorld,
  namespaceOf,
  peerAuthentication,
  policy,
} from './lib/engine-world.ts'

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const spread = (values: number[]): string => `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`

/** Processor time of this process in milliseconds: what a busy machine changes least. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

type Judge = (model: IstioModel, call: Call) => Verdict

/** Milliseconds that the calls take; with `reason`, the sentence that a person would read is made too. */
const timed = (model: IstioModel, calls: readonly Call[], judge: Judge, reason: boolean): number => {
  let sum = 0
  const began = cpu()
  for (const call of calls) {
    const verdict = judge(model, call)
    sum += verdict.outcome.length + (reason ? verdict.because.length : 0)
  }
  if (sum === 0) throw new Error('nothing was judged')
  return cpu() - began
}

const pathOf = (index: number): string => `/api/v${index % 10}/x`

/** Calls between that many different pairs, far from each other in memory. */
const callsOf = (world: EngineWorld, count: number, first = 0): Call[] => {
  const size = world.pods.length
  return Array.from({ length: count }, (_, at) => {
    const index = first + at
    const to = (index * 7919) % size
    const from = (index * 104_729 + Math.floor(index / size)) % size
    return callTo(world, from, to, pathOf(index))
  })
}

const report = (name: string, rates: number[]): void => {
  const each = spread(rates.map((rate) => rate / 1000))
  console.log(`  ${name.padEnd(55)} ${Math.round(median(rates)).toLocaleString('en').padStart(9)}  (${each})`)
}

const decisions = (): void => {
  const world = engineWorld(1000)
  const known = callsOf(world, 4096)
  console.log('decisions a second of one core, 1,000 workloads (median, spread in thousands)')
  for (const count of [10, 100, 1000, 10_000]) {
    const policies = Array.from({ length: count }, (_, index) => policy(index, 1000))
    const { model } = istio.compile([...world.objects, ...policies])
    const rateOf = (calls: readonly Call[], judge: Judge, reason = false): number =>
      (calls.length / timed(model, calls, judge, reason)) * 1000
    const often = Array.from({ length: 32 }, () => known).flat()
    for (let round = 0; round < 3; round++) rateOf(known, istio.decide)
    const runs = Array.from({ length: 5 }, (_, run) => run)
    report(
      `${count} policies, pairs asked before`,
      runs.map(() => rateOf(often, istio.decide)),
    )
    report(
      `${count} policies, pairs asked for the first time`,
      runs.map((run) => rateOf(callsOf(world, 20_000, 10_000 + run * 20_000), istio.decide)),
    )
    report(
      `${count} policies, whole, with the reason`,
      runs.map(() => rateOf(known, decideWhole, true)),
    )
  }
}

/** How long a matrix takes after one change, run by run: the objects that are there beside the workloads. */
const changes: Record<string, (run: number) => KubeObject[]> = {
  'an AuthorizationPolicy': (run) => [policy(1000 + run, 200)],
  'a PeerAuthentication of one namespace': (run) => [peerAuthentication(namespaceOf(run), 'STRICT')],
  'the PeerAuthentication of the whole mesh': (run) => [
    peerAuthentication('istio-system', run % 2 ? 'STRICT' : 'PERMISSIVE'),
  ],
  'a DestinationRule': (run) => [destinationRule(run)],
}

const matrix = (): void => {
  const world = engineWorld(200)
  const policies = Array.from({ length: 100 }, (_, index) => policy(index, 200))
  const calls = world.pods.flatMap((_, from) => world.services.map((_, to) => callTo(world, from, to, '/')))
  console.log('matrix of 200 workloads (40,000 pairs), compiled and judged after one change, ms of one core')
  for (const [name, change] of Object.entries(changes)) {
    let last: IstioModel | undefined
    const times = Array.from({ length: 20 }, (_, run) => {
      const objects = [...world.objects, ...policies, ...change(run)]
      const began = cpu()
      const { model } = istio.compile(objects, { last })
      last = model
      for (const call of calls) istio.decide(model, call)
      return cpu() - began
    }).slice(5)
    console.log(`  ${name.padEnd(55)} ${median(times).toFixed(1)}  (${spread(times)})`)
  }
  const tables = Array.from({ length: 7 }, (_, run) => {
    const now = worldOf([...world.objects, ...policies, policy(1000 + run, 200)], istio)
    const began = cpu()
    tableOf(now)
    return cpu() - began
  }).slice(2)
  const name = 'the table of `meshdojo matrix`, names resolved'
  console.log(`  ${name.padEnd(55)} ${median(tables).toFixed(1)}  (${spread(tables)})`)
}

decisions()
matrix()
