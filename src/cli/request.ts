/** One request as `why` and `tap` are told it: who asks, for what, with which headers. */
import { didYouMean } from '../content/nearest.ts'
import { findWorkload, parseTarget, type World, workloadOf } from '../meshes/network.ts'
import { UsageError } from './io.ts'

export interface RequestOptions {
  method: string
  header?: string[]
  kubeconfig?: string
  json?: boolean
}

/** `Name: value`, as curl takes it. Throws `UsageError`. */
export const parseHeaders = (lines: readonly string[] = []): [name: string, value: string][] =>
  lines.map((line) => {
    const colon = line.indexOf(':')
    if (colon <= 0) throw new UsageError(`-H "${line}" is no header: "Name: value" is expected`)
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })

/** Throws `UsageError` for what is no workload's name, and for what is no URL. */
export const requestTarget = (from: string, url: string): NonNullable<ReturnType<typeof parseTarget>> => {
  if (!/^[^/]+\/[^/]+$/.test(from)) {
    throw new UsageError(`"${from}" is no workload: namespace/workload is expected, for example legacy/client`)
  }
  const target = parseTarget(url)
  // As for curl, the scheme may be left out.
  if (!URL.canParse(url.includes('://') ? url : `http://${url}`) || !target) {
    throw new UsageError(`"${url}" is no URL: for example http://orders.production/api/orders is expected`)
  }
  return target
}

/** Throws `UsageError` when nothing of that name runs. */
export const checkWorkload = (world: World, from: string): void => {
  if (findWorkload(world, from)) return
  const known = [...new Set([...world.pods.values()].map(workloadOf))].sort()
  throw new UsageError(`there is no pod of "${from}"${didYouMean(from, known)}; workloads are ${known.join(', ')}`)
}
