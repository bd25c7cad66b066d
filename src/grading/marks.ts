/**
 * Marks for checks that are `fresh`: how long the logs were, and what the sidecars had counted, before the first
 * request of a grading. Pods that come later have no mark: all of theirs is new.
 */
import type { Check } from '../content/schema.ts'
import { StatusError } from '../kube/errors.ts'
import type { Pod } from '../kube/kinds.ts'
import { findWorkloadPods } from '../meshes/network.ts'
import type { Bench } from './finding.ts'
import { readPage } from './page.ts'

export interface Marks {
  /** Number of lines, by `keyOf` of pod and container. */
  lines: ReadonlyMap<string, number>
  /** The whole page, by `keyOf` the pod. */
  pages: ReadonlyMap<string, string>
}

type Reader = Pick<Bench, 'cluster' | 'client' | 'world' | 'signal'>

/** A pod made anew under the same name is another one. */
export const keyOf = ({ metadata }: Pod, container = ''): string => `${metadata.uid ?? metadata.name}/${container}`

/** Whose log a check reads: where it does not say, the sidecar's of the mesh. */
export const containerOf = ({ container }: { container?: string }, { world }: Pick<Bench, 'world'>): string =>
  container ?? world.mesh?.proxyContainer ?? 'istio-proxy'

/** All lines of a container's log. Throws `StatusError`. */
export const readLines = async ({ client }: Pick<Bench, 'client'>, { metadata }: Pod, container: string) => {
  const log = await client.logs({ namespace: metadata.namespace ?? 'default', pod: metadata.name, container })
  return log.split('\n').filter((line) => line !== '')
}

/** Reads what the fresh ones of these checks will be compared with; nothing when there are none. */
export const takeMarks = async (checks: readonly Check[], reader: Reader): Promise<Marks> => {
  const lines = new Map<string, number>()
  const pages = new Map<string, string>()
  const podsOf = (workload: string): Pod[] => findWorkloadPods(reader.world.network, workload)
  const logs = checks.flatMap(({ log }) =>
    log?.fresh ? podsOf(log.from).map((pod) => ({ pod, container: containerOf(log, reader) })) : [],
  )
  const counted = checks.flatMap(({ metric }) => (metric?.fresh ? podsOf(metric.from) : []))
  const both = [
    ...[...new Map(logs.map((each) => [keyOf(each.pod, each.container), each]))].map(async ([key, each]) => {
      try {
        lines.set(key, (await readLines(reader, each.pod, each.container)).length)
      } catch (error) {
        // A container that has no log yet; one that may not be read is told when the check reads it.
        if (!(error instanceof StatusError)) throw error
      }
    }),
    ...[...new Map(counted.map((pod) => [keyOf(pod), pod]))].map(async ([key, pod]) => {
      const page = await readPage(reader, pod)
      if (typeof page === 'string') pages.set(key, page)
    }),
  ]
  await Promise.all(both)
  return { lines, pages }
}
