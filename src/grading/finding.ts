/** What one check found, before it is put into the report with its sentence. */
import type { Check } from '../content/schema.ts'
import type { Cluster } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import type { Marks } from './marks.ts'
import type { Observation, Probe } from './probe.ts'
import type { ClusterWorld } from './world.ts'

export interface Finding {
  passed: boolean
  expected: string
  seen: string
  because?: string
  /** The objects say otherwise, and no proxy did in the time that a change takes; never passed. */
  notYet?: boolean
  /** Could not be decided; never passed. */
  undecided?: boolean
}

/** A check of one kind: `Of<'request'>` is what stands under `request:`. */
export type Of<K extends 'request' | 'object' | 'event' | 'log' | 'metric'> = NonNullable<Check[K]>

/** What checks work with during one grading. */
export interface Bench {
  cluster: Cluster
  client: Client
  world: ClusterWorld
  /** Sends a probe; the same probe is sent once per grading, however many checks ask for it. */
  probe(request: Probe): Promise<Observation>
  /** Sends it `times` times, `parallel` at once. */
  burst(request: Probe, times: number, parallel: number): Promise<Observation[]>
  /** What proxies had written and counted before the first request of this grading, for checks that are `fresh`. */
  marks: Marks
  signal?: AbortSignal
}

export const undecided = (expected: string, because: string): Finding => ({
  passed: false,
  undecided: true,
  expected,
  seen: 'unknown',
  because,
})
