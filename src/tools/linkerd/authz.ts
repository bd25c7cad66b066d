/** `linkerd authz`: which authorizations there are for the Servers of a workload, from objects alone (linkerd2 cli/cmd/authz.go). */
import type { KubeObject } from '../../kube/api.ts'
import type { Deployment, LabelSelector, Pod } from '../../kube/kinds.ts'
import { selects } from '../../meshes/match/labels.ts'
import { fields, list, text } from '../../meshes/read.ts'
import { type ToolContext, ToolError, table } from '../istioctl/context.ts'

const group = 'policy.linkerd.io'

const targetOf = (policy: KubeObject) => fields(fields(policy.spec).targetRef)

export const authz = async (context: ToolContext, [wanted = '']: readonly string[]): Promise<number> => {
  const { client } = context
  const namespace = context.namespace ?? 'default'
  const [, kind, name] = /^(?:(deploy|deployments?|po|pods?)\/)?(.+)$/.exec(wanted) ?? []
  if (name === undefined) throw new ToolError('a resource is needed: linkerd authz [-n namespace] deploy/<name>')
  const isPod = kind?.startsWith('po')
  const found = isPod
    ? await client.find<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name })
    : await client.find<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })
  if (!found) throw new ToolError(`${isPod ? 'pods' : 'deployments.apps'} "${name}" not found`)
  const labels = found.kind === 'Pod' ? found.metadata.labels : (found as Deployment).spec.template.metadata?.labels
  const all = async (version: string, each: string): Promise<KubeObject[]> =>
    (await client.list<KubeObject>({ apiVersion: `${group}/${version}`, kind: each }, { namespace })).items
  const [servers, policies, older, routes] = await Promise.all([
    all('v1beta3', 'Server'),
    all('v1alpha1', 'AuthorizationPolicy'),
    all('v1beta1', 'ServerAuthorization'),
    all('v1beta3', 'HTTPRoute'),
  ])
  const rows = servers
    .filter((server) => selects(fields(server.spec).podSelector as LabelSelector | undefined, labels))
    .flatMap((server) => {
      const own = server.metadata.name
      const attached = routes.filter((route) =>
        list(fields(route.spec).parentRefs).some((ref) => fields(ref).kind === 'Server' && fields(ref).name === own),
      )
      const byPolicy = policies.flatMap((policy) => {
        const target = targetOf(policy)
        const said = policy.metadata.name
        if (target.kind === 'Server' && target.name === own) return [['*', own, said, '']]
        // Only a reference that spells the core group out is listed.
        if (target.kind === 'Namespace' && target.group === 'core') return [['*', own, said, '']]
        const isOn = target.kind === 'HTTPRoute' && target.group === group
        const route = attached.find(({ metadata }) => isOn && metadata.name === target.name)
        return route ? [[text(target.name) ?? '', own, said, '']] : []
      })
      const bySelector = older
        .filter((each) => {
          const { name: named, selector } = fields(fields(each.spec).server)
          return named === own || (named === undefined && selects(selector as LabelSelector, server.metadata.labels))
        })
        .map(({ metadata }) => ['*', own, '', metadata.name])
      return [...byPolicy, ...bySelector]
    })
  context.out(table([['ROUTE', 'SERVER', 'AUTHORIZATION_POLICY', 'SERVER_AUTHORIZATION'], ...rows], 2))
  return 0
}
