/**
 * A second reading of Linkerd's authorization, slow and literal, from the reference documentation alone
 * (linkerd.io/2/reference/authorization-policy): no index, no shared code with the engine. Of HTTP between pods; routes
 * match by path prefix only, and authentications are by ServiceAccount, identity or network in whole octets.
 */
import type { KubeObject } from '../../../src/kube/api.ts'
import type { Pod } from '../../../src/kube/kinds.ts'
import type { Call } from '../../../src/meshes/call.ts'

type Any = Record<string, unknown>
const spec = (object: KubeObject): Any => object.spec as Any
const created = ({ metadata }: KubeObject): string => `${metadata.creationTimestamp} ${metadata.name}`

/** 200: the application answers. */
export type Answer = 200 | 403 | 404

const hasProxy = (pod: Pod): boolean => pod.spec.initContainers?.some(({ name }) => name === 'linkerd-proxy') ?? false

const isLabelled = (selector: Any, pod: Pod): boolean =>
  Object.entries((selector.matchLabels ?? {}) as Record<string, string>).every(
    ([name, value]) => pod.metadata.labels?.[name] === value,
  )

const holds = (server: KubeObject, pod: Pod, port: number): boolean => {
  const { podSelector, port: said } = spec(server)
  if (server.metadata.namespace !== pod.metadata.namespace || !isLabelled(podSelector as Any, pod)) return false
  if (typeof said === 'number') return said === port
  return pod.spec.containers.some(({ ports = [] }) =>
    ports.some((each) => each.name === said && each.containerPort === port),
  )
}

const isInNetwork = (cidr: string, address: string): boolean => {
  const [base = '', bits = '32'] = cidr.split('/')
  const octets = Number(bits) / 8
  return base.split('.').slice(0, octets).join('.') === address.split('.').slice(0, octets).join('.')
}

interface Caller {
  identity: string | undefined
  address: string
}

const byDefault = (policy: string, { identity, address }: Caller): boolean => {
  const isNear = ['10.0.0.0/8', '192.168.0.0/16'].some((cidr) => isInNetwork(cidr, address))
  switch (policy) {
    case 'deny':
      return false
    case 'all-authenticated':
      return identity !== undefined
    case 'cluster-unauthenticated':
      return isNear
    case 'cluster-authenticated':
      return isNear && identity !== undefined
    default:
      return true
  }
}

/** All authentications that one policy requires; one that is not there makes it void. */
const satisfies = (objects: readonly KubeObject[], policy: KubeObject, caller: Caller): boolean =>
  (spec(policy).requiredAuthenticationRefs as Any[]).every((ref) => {
    const namespace = (ref.namespace as string | undefined) ?? policy.metadata.namespace
    if (ref.kind === 'ServiceAccount')
      return caller.identity === `${ref.name}.${namespace}.serviceaccount.identity.linkerd.cluster.local`
    const found = objects.find(
      ({ kind, metadata }) => kind === ref.kind && metadata.name === ref.name && metadata.namespace === namespace,
    )
    if (!found) return false
    if (ref.kind === 'NetworkAuthentication')
      return (spec(found).networks as { cidr: string }[]).some(({ cidr }) => isInNetwork(cidr, caller.address))
    return (spec(found).identities as string[]).some((pattern) => {
      if (caller.identity === undefined) return false
      if (pattern === '*') return true
      return pattern.startsWith('*.') ? caller.identity.endsWith(pattern.slice(1)) : caller.identity === pattern
    })
  })

export const expected = (objects: readonly KubeObject[], call: Call): Answer => {
  const { source, destination, port } = call
  if (!hasProxy(destination) || source === destination) return 200
  const identity = hasProxy(source)
    ? `${source.spec.serviceAccountName}.${source.metadata.namespace}.serviceaccount.identity.linkerd.cluster.local`
    : undefined
  const caller = { identity, address: source.status?.podIP ?? '' }
  const path = call.http?.path ?? '/'
  const isProbe = call.http?.method === 'GET' && path === '/ready' && port === 8080
  const kind = (name: string): KubeObject[] => objects.filter((object) => object.kind === name)
  const server = kind('Server')
    .filter((each) => holds(each, destination, port))
    .sort((a, b) => (created(a) < created(b) ? -1 : 1))[0]
  if (!server) {
    const said = destination.metadata.annotations?.['config.linkerd.io/default-inbound-policy']
    return isProbe || byDefault(said ?? 'all-unauthenticated', caller) ? 200 : 403
  }
  const home = server.metadata.namespace
  const policies = kind('AuthorizationPolicy').filter(({ metadata }) => metadata.namespace === home)
  const admits = (holdsFor: (target: Any) => boolean): boolean =>
    policies.some((each) => holdsFor(spec(each).targetRef as Any) && satisfies(objects, each, caller))
  const onServer =
    byDefault((spec(server).accessPolicy as string | undefined) ?? 'deny', caller) ||
    admits(
      ({ kind: target, name }) =>
        (target === 'Server' && name === server.metadata.name) || (target === 'Namespace' && name === home),
    )
  const routes = kind('HTTPRoute').filter(
    ({ metadata, spec: said }) =>
      metadata.namespace === home &&
      ((said as Any).parentRefs as Any[]).some((ref) => ref.kind === 'Server' && ref.name === server.metadata.name),
  )
  if (routes.length === 0) return isProbe || onServer ? 200 : 403
  const prefixes = routes
    .flatMap((route) =>
      (spec(route).rules as { matches: { path: { value: string } }[] }[]).flatMap(({ matches }) =>
        matches.map(({ path: { value } }) => ({ route, value })),
      ),
    )
    .filter(({ value }) => value === '/' || path === value || path.startsWith(`${value}/`))
  const longest = Math.max(...prefixes.map(({ value }) => value.length))
  const taken = prefixes
    .filter(({ value }) => value.length === longest)
    .sort((a, b) => (created(a.route) < created(b.route) ? -1 : 1))[0]
  if (!taken) return 404
  const name = taken.route.metadata.name
  return onServer || admits((target) => target.kind === 'HTTPRoute' && target.name === name) ? 200 : 403
}
