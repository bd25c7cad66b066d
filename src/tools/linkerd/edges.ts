/**
 * `linkerd viz edges`: who talks to whom, and whether it is mTLS, as the caller's proxy sees it: an unmeshed caller never
 * appears. Layout and order: linkerd2 viz/cmd/edges.go, viz/metrics-api/edges.go.
 * Not as upstream: without linkerd-viz there is no Prometheus; the proxies' own pages are read by `curl` in a pod of the
 * cluster, and an edge is what a proxy has counted since it started, not what is open now.
 */

import { StatusError } from '../../kube/errors.ts'
import type { Pod } from '../../kube/kinds.ts'
import { proxyContainer } from '../../meshes/linkerd/pods.ts'
import { ownerName } from '../../meshes/workloads.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'

interface Edge {
  src: string
  src_namespace: string
  dst: string
  dst_namespace: string
  client_id: string
  server_id: string
  no_tls_reason: string
}

const reasons: Record<string, string> = {
  disabled: 'Disabled',
  loopback: 'Loopback',
  no_authority_in_http_request: 'No Authority In HTTP Request',
  not_http: 'Not HTTP',
  not_provided_by_remote: 'Not Provided By Remote',
  not_provided_by_service_discovery: 'Not Provided By Service Discovery',
}

const isMeshed = ({ spec }: Pod): boolean =>
  [...(spec.initContainers ?? []), ...spec.containers].some(({ name }) => name === proxyContainer)

const isRunning = ({ status }: Pod): boolean => status?.phase === 'Running' && status.podIP !== undefined

/** What curl in that container gets; undefined: it gets nothing, or there is no curl. */
const fetchFrom = async (
  { client }: ToolContext,
  asker: Pod,
  container: string,
  url: string,
): Promise<string | undefined> => {
  let page = ''
  const decoder = new TextDecoder()
  const stdout = (chunk: Uint8Array): void => {
    page += decoder.decode(chunk, { stream: true })
  }
  const target = { namespace: asker.metadata.namespace ?? 'default', pod: asker.metadata.name, container }
  try {
    const argv = ['curl', '-sf', '--max-time', '5', url]
    const { exitCode } = await client.cluster.exec(target, argv, { stdout, stderr: () => {} })
    return exitCode === 0 ? page : undefined
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

/** The proxy's page, asked from whichever pod has curl; port 4191 is not redirected to a proxy. */
const metricsOf = async (context: ToolContext, askers: readonly Pod[], pod: Pod): Promise<string> => {
  for (const asker of askers)
    for (const { name } of asker.spec.containers) {
      if (name === proxyContainer) continue
      const page = await fetchFrom(context, asker, name, `http://${pod.status?.podIP}:4191/metrics`)
      if (page !== undefined) return page
    }
  throw new ToolError(
    `the metrics of ${pod.metadata.name} cannot be read: no pod of the cluster that has curl gets them`,
  )
}

const labelsIn = (line: string): Record<string, string> =>
  Object.fromEntries(
    [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']),
  )

const edgesOf = (pod: Pod, page: string): Edge[] =>
  page
    .split('\n')
    .filter((line) => /^(request_total|tcp_open_total)\{/.test(line))
    .map(labelsIn)
    .filter((labels) => labels.direction === 'outbound' && labels.dst_deployment !== undefined)
    .map((labels) => ({
      src: ownerName(pod),
      src_namespace: pod.metadata.namespace ?? 'default',
      dst: labels.dst_deployment ?? '',
      dst_namespace: labels.dst_namespace ?? '',
      client_id:
        labels.tls === 'true'
          ? `${pod.spec.serviceAccountName ?? 'default'}.${pod.metadata.namespace}.serviceaccount.identity.linkerd.cluster.local`
          : '',
      server_id: labels.server_id ?? '',
      no_tls_reason: labels.tls === 'true' ? '' : (reasons[labels.no_tls_reason ?? ''] ?? labels.no_tls_reason ?? ''),
    }))

const byPlace = (a: Edge, b: Edge): number => {
  const key = (edge: Edge): string => [edge.src_namespace + edge.dst_namespace, edge.src, edge.dst].join('\0')
  return key(a) < key(b) ? -1 : 1
}

const short = (identity: string): string => identity.split('.').slice(0, 2).join('.')

/** Every column is padded, the last one too. */
const render = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `${row.map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3)).join('')}\n`).join('')
}

export const edges = async (context: ToolContext, [wanted = '']: readonly string[]): Promise<number> => {
  const { client, output = 'table' } = context
  const [kind = '', name] = wanted.split('/')
  if (name !== undefined)
    throw new ToolError(`Edges cannot be returned for a specific resource name; remove ${name} from query`)
  if (['authority', 'service', 'svc', 'all'].includes(kind))
    throw new ToolError(`Resource type is not supported: ${kind === 'svc' ? 'service' : kind}`)
  if (!/^(deploy|deployments?)$/.test(kind))
    throw new ToolError(`only deployments are modelled: linkerd viz edges deployment [-n namespace]`)
  if (!['table', 'json', 'wide'].includes(output)) throw new ToolError('--output supports table, json and wide')
  const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, {})
  const running = items.filter(isRunning)
  const askers = [...running].sort((a, b) => Number(isMeshed(a)) - Number(isMeshed(b)))
  const home = context.namespace ?? 'default'
  const all: Edge[] = []
  for (const pod of running.filter(isMeshed)) all.push(...edgesOf(pod, await metricsOf(context, askers, pod)))
  const inScope = ({ src_namespace, dst_namespace }: Edge): boolean =>
    context.allNamespaces || src_namespace === home || dst_namespace === home
  const found = [...new Map(all.filter(inScope).map((edge) => [JSON.stringify(edge), edge])).values()].sort(byPlace)
  if (output === 'json') {
    context.out(`${JSON.stringify(found, null, 2)}\n`)
    return 0
  }
  if (found.length === 0) {
    context.err('No edges found.\n')
    return 0
  }
  const wide = output === 'wide'
  context.out(
    render([
      ['SRC', 'DST', 'SRC_NS', 'DST_NS', ...(wide ? ['CLIENT_ID', 'SERVER_ID'] : []), 'SECURED'],
      ...found.map((edge) => [
        ...[edge.src, edge.dst, edge.src_namespace, edge.dst_namespace],
        ...(wide ? [short(edge.client_id), short(edge.server_id)] : []),
        edge.no_tls_reason === '' ? '√' : edge.no_tls_reason,
      ]),
    ]),
  )
  return 0
}
