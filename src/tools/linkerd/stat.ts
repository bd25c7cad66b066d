/**
 * `linkerd viz stat` of workloads and `linkerd viz authz`: what came in, what of it went well, what a policy refused.
 * Layout and order: linkerd2 viz/cmd/{stat,authz}.go, cli/table/table.go. Not modelled: Services, Servers and policies as
 * resources, --to and --from, -o json; TCP_CONN counts nothing, because no connection of a simulated program stays open.
 */
import type { Pod } from '../../kube/kinds.ts'
import { isMeshed } from '../../meshes/linkerd/pods.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'
import { kinds, nameAs } from './kinds.ts'
import { add, inboundNames, type Numbers, noNumbers, rate, requestCells, secondsUp, seriesIn } from './numbers.ts'
import { hasViz, proxyPages } from './viz.ts'

/** `deploy`, `deploy/api`, `deploy api`: of these namespaces. */
interface Wanted {
  label: string
  name?: string
}

const wantedOf = (command: string, args: readonly string[]): Wanted => {
  const [kind = '', name] = args.length === 2 ? args : (args[0] ?? '').split('/')
  if (args.length === 0) throw new ToolError('requires at least 1 arg(s), only received 0')
  const known = kinds.find(({ names }) => names.includes(kind))
  if (!known)
    throw new ToolError(`viz ${command} ${kind} is not modelled: ${kinds.map(({ names }) => names[1]).join(', ')} are`)
  return { label: known.label, ...(name === undefined ? {} : { name }) }
}

const isRunning = ({ status }: Pod): boolean => status?.phase === 'Running'

/** Pods that belong to the workloads asked for, with their pages. */
const pagesOf = async (
  context: ToolContext,
  { label, name }: Wanted,
): Promise<{ pods: Pod[]; pageOf: Map<string, string> }> => {
  const { items } = await context.client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, {})
  const home = context.namespace ?? 'default'
  const pods = items.filter((pod) => {
    const own = nameAs(pod, label)
    if (own === undefined || !isRunning(pod) || (name !== undefined && own !== name)) return false
    return context.allNamespaces || pod.metadata.namespace === home
  })
  const uids = new Set(pods.map(({ metadata }) => metadata.uid))
  const pages = await proxyPages(context, ({ metadata }) => uids.has(metadata.uid))
  return { pods, pageOf: new Map(pages.map(({ pod, page }) => [pod.metadata.uid ?? '', page])) }
}

/** The first column as it is, the others with three spaces before the widest of their cells. */
const rightAligned = (rows: readonly (readonly string[])[], left: number): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const cell = (text: string, at: number): string =>
    at < left ? (at === 0 ? '' : '   ') + text.padEnd(widths[at] ?? 0) : text.padStart((widths[at] ?? 0) + 3)
  return rows.map((row) => `${row.map(cell).join('')}\n`).join('')
}

export const stat = async (context: ToolContext, args: readonly string[]): Promise<number> => {
  const wanted = wantedOf('stat', args)
  if (!(await hasViz(context))) return 1
  const { pods, pageOf } = await pagesOf(context, wanted)
  const groups = Map.groupBy(pods, (pod) => `${pod.metadata.namespace}/${nameAs(pod, wanted.label)}`)
  const rows = [...groups]
    .filter(([, own]) => own.some(isMeshed))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, own]) => {
      const [namespace = '', name = ''] = key.split('/')
      const numbers = noNumbers()
      for (const { metadata } of own)
        for (const series of seriesIn(pageOf.get(metadata.uid ?? '') ?? '', inboundNames))
          if (series.labels.direction === 'inbound') add(numbers, series)
      const status = wanted.label === 'pod' ? [String(own[0]?.status?.phase ?? '')] : []
      const meshed = `${own.filter(isMeshed).length}/${own.length}`
      const isEmpty = numbers.success + numbers.failure === 0
      const cells = isEmpty ? Array(6).fill('-') : [...requestCells(numbers, secondsUp(own, Date.now())), '0']
      return [...(context.allNamespaces ? [namespace] : []), name, ...status, meshed, ...cells]
    })
  if (rows.length === 0) {
    context.err('No traffic found.\n')
    return 0
  }
  const latencies = ['LATENCY_P50', 'LATENCY_P95', 'LATENCY_P99']
  const status = wanted.label === 'pod' ? ['STATUS'] : []
  const head = [
    ...(context.allNamespaces ? ['NAMESPACE'] : []),
    'NAME',
    ...status,
    'MESHED',
    'SUCCESS',
    'RPS',
    ...latencies,
  ]
  context.out(rightAligned([[...head, 'TCP_CONN'], ...rows], context.allNamespaces ? 2 : 1))
  return 0
}

/** `default:all-unauthenticated`, or the name of a Server. */
const serverIn = ({ srv_kind, srv_name }: Record<string, string>): string =>
  srv_kind === 'default' ? `default:${srv_name}` : (srv_name ?? '')

export const vizAuthz = async (context: ToolContext, args: readonly string[]): Promise<number> => {
  const wanted = wantedOf('authz', args)
  if (context.allNamespaces && wanted.name !== undefined)
    throw new ToolError('stats for a resource cannot be retrieved by name across all namespaces')
  if (!(await hasViz(context))) return 1
  const { pods, pageOf } = await pagesOf(context, wanted)
  const found = new Map<string, Numbers>()
  for (const { metadata } of pods)
    for (const series of seriesIn(pageOf.get(metadata.uid ?? '') ?? '', inboundNames)) {
      const { labels } = series
      if (series.name !== 'inbound_http_authz_deny_total' && labels.direction !== 'inbound') continue
      if (labels.srv_name === undefined) continue
      const authz = labels.authz_kind ? `${labels.authz_kind}/${labels.authz_name}` : ''
      const key = [serverIn(labels), labels.route_name ?? '', authz].join('\0')
      const numbers = found.get(key) ?? noNumbers()
      found.set(key, numbers)
      add(numbers, series)
    }
  const seconds = secondsUp(pods, Date.now())
  const rows = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, numbers]) => {
      const [server = '', route = '', authz = ''] = key.split('\0')
      return [route, server, authz, rate(numbers.denied, seconds), ...requestCells(numbers, seconds)]
    })
  const head = [
    'ROUTE',
    'SERVER',
    'AUTHORIZATION',
    'UNAUTHORIZED',
    'SUCCESS',
    'RPS',
    'LATENCY_P50',
    'LATENCY_P95',
    'LATENCY_P99',
  ]
  const all = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at < 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')
  context.out(all.map((row) => `${line(row)}  \n`).join(''))
  return 0
}
