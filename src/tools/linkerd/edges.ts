/**
 * `linkerd viz edges`: who talks to whom, and whether it is mTLS, as the caller's proxy sees it: an unmeshed caller never
 * appears. Layout and order: linkerd2 viz/cmd/edges.go, viz/metrics-api/edges.go.
 * Not as upstream: an edge is what a proxy has counted since it started, not what is open now.
 */
import type { Pod } from '../../kube/kinds.ts'
import { identityOf } from '../../meshes/linkerd/pods.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'
import { kinds, nameAs } from './kinds.ts'
import { labelsIn } from './numbers.ts'
import { hasViz, proxyPages } from './viz.ts'

interface Edge {
  src: string
  src_namespace: string
  dst: string
  dst_namespace: string
  client_id: string
  server_id: string
  no_tls_reason: string
}

const unsupported: Record<string, string> = {
  au: 'authority',
  authority: 'authority',
  authorities: 'authority',
  svc: 'service',
  service: 'service',
  services: 'service',
  all: 'all',
}

const reasons: Record<string, string> = {
  disabled: 'Disabled',
  loopback: 'Loopback',
  no_authority_in_http_request: 'No Authority In HTTP Request',
  not_http: 'Not HTTP',
  not_provided_by_remote: 'Not Provided By Remote',
  not_provided_by_service_discovery: 'Not Provided By Service Discovery',
}

const short = (identity: string): string => identity.split('.').slice(0, 2).join('.')

const edgesOf = (pod: Pod, page: string, label: string): Edge[] => {
  const src = nameAs(pod, label)
  if (src === undefined) return []
  return page
    .split('\n')
    .filter((line) => /^(request_total|tcp_open_total)\{/.test(line))
    .map(labelsIn)
    .filter((labels) => labels.direction === 'outbound' && labels[`dst_${label}`] !== undefined)
    .map((labels) => ({
      src,
      src_namespace: pod.metadata.namespace ?? 'default',
      dst: labels[`dst_${label}`] ?? '',
      dst_namespace: labels.dst_namespace ?? '',
      client_id: short(identityOf(pod)),
      server_id: short(labels.server_id ?? ''),
      no_tls_reason: reasons[labels.no_tls_reason ?? ''] ?? '',
    }))
}

const byPlace = (a: Edge, b: Edge): number => {
  const key = (edge: Edge): string => edge.src_namespace + edge.dst_namespace + edge.src + edge.dst
  return key(a) < key(b) ? -1 : 1
}

/** Every column is padded, the last one too. */
const render = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `${row.map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3)).join('')}\n`).join('')
}

const failure = (says: string): ToolError => new ToolError(`Error creating edges request: ${says}`)

const kindOf = (wanted: string, output: string): { label: string } => {
  const [kind = '', name] = wanted.split('/')
  const known = kinds.find(({ names }) => names.includes(kind))
  const not = Object.hasOwn(unsupported, kind) ? unsupported[kind] : undefined
  if (!known && not === undefined) throw failure(`cannot find Kubernetes canonical name from friendly name [${kind}]`)
  if (name !== undefined)
    throw failure(`Edges cannot be returned for a specific resource name; remove ${name} from query`)
  if (!known) throw failure(`Resource type is not supported: ${not}`)
  if (!['table', 'json', 'wide'].includes(output)) throw failure('--output supports table, json and wide')
  return known
}

export const edges = async (context: ToolContext, args: readonly string[]): Promise<number> => {
  const { output = 'table' } = context
  if (args.length !== 1) throw new ToolError(`accepts 1 arg(s), received ${args.length}`)
  const { label } = kindOf(args[0] ?? '', output)
  if (!(await hasViz(context))) return 1
  const home = context.namespace ?? 'default'
  const all = (await proxyPages(context)).flatMap(({ pod, page }) => edgesOf(pod, page, label))
  const inScope = ({ src_namespace, dst_namespace }: Edge): boolean =>
    context.allNamespaces || src_namespace === home || dst_namespace === home
  const keyOf = (edge: Edge): string => [edge.src_namespace, edge.src, edge.dst_namespace, edge.dst].join('\0')
  const found = [...new Map(all.filter(inScope).map((edge) => [keyOf(edge), edge])).values()].sort(byPlace)
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
        ...(wide ? [edge.client_id, edge.server_id] : []),
        edge.no_tls_reason === '' ? '√' : edge.no_tls_reason,
      ]),
    ]),
  )
  return 0
}
