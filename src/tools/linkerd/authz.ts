/**
 * `linkerd authz`: which authorizations there are for the Servers of a workload, from objects alone, in the order of the
 * real one (linkerd2 cli/cmd/authz.go, pkg/k8s/policy.go AuthorizationsForResource, cli/table).
 * Not modelled: routes of the Gateway API are not listed upstream either; CronJobs and Jobs.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector, Pod } from '../../kube/kinds.ts'
import { selects } from '../../meshes/match/labels.ts'
import { type Fields, fields, list, text } from '../../meshes/read.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'

const group = 'policy.linkerd.io'
type Row = [route: string, server: string, policy: string, older: string]

const kinds: { names: RegExp; apiVersion: string; kind: string; plural: string }[] = [
  { names: /^(deploy|deployments?)$/, apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments.apps' },
  { names: /^(po|pods?)$/, apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
  { names: /^(sts|statefulsets?)$/, apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets.apps' },
  { names: /^(ds|daemonsets?)$/, apiVersion: 'apps/v1', kind: 'DaemonSet', plural: 'daemonsets.apps' },
  { names: /^(rs|replicasets?)$/, apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets.apps' },
]

const podsFor = async ({ client, namespace = 'default' }: ToolContext, wanted: string): Promise<Pod[]> => {
  const [type = '', name, more] = wanted.split('/')
  const found = kinds.find(({ names }) => names.test(type))
  if (!found || more !== undefined) throw new ToolError(`invalid resource: ${wanted}`)
  const { apiVersion, kind, plural } = found
  const owners =
    name === undefined
      ? (await client.list<KubeObject>({ apiVersion, kind }, { namespace })).items
      : [await client.find<KubeObject>({ apiVersion, kind, namespace, name })]
  const all = (await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace })).items
  return owners.flatMap((owner) => {
    if (!owner) throw new ToolError(`failed to get pods: ${plural} "${name}" not found`)
    if (kind === 'Pod') return [owner as Pod]
    const selector = fields(owner.spec).selector as LabelSelector | undefined
    return all.filter(({ metadata }) => selects(selector, metadata.labels))
  })
}

/** Whether the Server selects one of the pods that declares its port. A port without a name passes for any number, as upstream. */
const includes = (server: KubeObject, pods: readonly Pod[]): boolean => {
  const { podSelector, port } = fields(server.spec)
  if (typeof podSelector !== 'object' || podSelector === null) return false
  const said = typeof port === 'string' ? port : ''
  return pods.some(
    ({ metadata, spec }) =>
      selects(podSelector as LabelSelector, metadata.labels) &&
      [...(spec.initContainers ?? []), ...spec.containers].some(({ ports = [] }) =>
        ports.some(({ containerPort, name = '' }) => containerPort === port || name === said),
      ),
  )
}

/** Every column is padded, the last one too, and no narrower than upstream has it. */
const render = (rows: readonly Row[]): string => {
  const least = [6, 6, 21, 21]
  const widths = least.map((width, at) => Math.max(width, ...rows.map((row) => row[at]?.length ?? 0)))
  const header: Row = ['ROUTE', 'SERVER', 'AUTHORIZATION_POLICY', 'SERVER_AUTHORIZATION']
  return [header, ...rows]
    .map((row) => `${row.map((cell, at) => `${cell.padEnd(widths[at] ?? 0)}  `).join('')}\n`)
    .join('')
}

export const authz = async (context: ToolContext, [wanted = '']: readonly string[]): Promise<number> => {
  if (wanted === '') throw new ToolError('a resource is needed: linkerd authz [-n namespace] deploy/<name>')
  const { client, err } = context
  const namespace = context.namespace ?? 'default'
  const pods = await podsFor(context, wanted)
  const all = async (version: string, kind: string): Promise<KubeObject[]> =>
    (await client.list<KubeObject>({ apiVersion: `${group}/${version}`, kind }, { namespace })).items
  const [servers, policies, older, routes] = await Promise.all([
    all('v1beta3', 'Server'),
    all('v1alpha1', 'AuthorizationPolicy'),
    all('v1beta1', 'ServerAuthorization'),
    all('v1beta3', 'HTTPRoute'),
  ])
  const named = (items: readonly KubeObject[], name: unknown): KubeObject | undefined =>
    items.find(({ metadata }) => metadata.name === name)
  const missing = (who: string, kind: string, plural: string, name: string): void =>
    err(`${who} ${kind}/${name} but we failed to get it: ${plural}.${group} "${name}" not found\n`)

  const byOlder = older.flatMap(({ metadata, spec }): Row[] => {
    const { name, selector } = fields(fields(spec).server)
    const own = text(name)
    const found = own
      ? [named(servers, own)]
      : servers.filter((each) => selects(selector as LabelSelector, each.metadata.labels))
    return found.flatMap((server): Row[] => {
      if (!server) missing(`ServerAuthorization/${metadata.name} targets`, 'Server', 'servers', own ?? '')
      return server && includes(server, pods) ? [['*', server.metadata.name, '', metadata.name]] : []
    })
  })
  const onServer = (policy: string, route: string, name: string, who: string): Row[] => {
    const server = named(servers, name)
    if (!server) missing(who, 'Server', 'servers', name)
    return server && includes(server, pods) ? [[route, name, policy, '']] : []
  }
  const byPolicy = policies.flatMap(({ metadata, spec }): Row[] => {
    const target: Fields = fields(fields(spec).targetRef)
    const name = text(target.name) ?? ''
    const policy = metadata.name
    // Only a reference that spells the core group out is listed.
    if (target.kind === 'Namespace' && target.group === 'core')
      return servers.filter((each) => includes(each, pods)).map((each): Row => ['*', each.metadata.name, policy, ''])
    if (target.group !== group) return []
    if (target.kind === 'Server') return onServer(policy, '*', name, `AuthorizationPolicy/${policy} targets`)
    if (target.kind !== 'HTTPRoute') return []
    const route = named(routes, name)
    if (!route) missing(`AuthorizationPolicy/${policy} targets`, 'HTTPRoute', 'httproutes', name)
    return list(fields(route?.spec).parentRefs)
      .map(fields)
      .filter((ref) => ref.kind === 'Server' && ref.group === group)
      .flatMap((ref) => onServer(policy, name, text(ref.name) ?? '', `HTTPRoute/${name} belongs to`))
  })
  context.out(render([...byOlder, ...byPolicy]))
  return 0
}
