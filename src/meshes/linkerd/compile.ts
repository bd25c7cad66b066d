/** Objects in, what proxies would be told out. Any order of objects gives the same model. */
import type { KubeObject, ResourceRef } from '../../kube/api.ts'
import type { LabelSelector, Pod } from '../../kube/kinds.ts'
import { selects } from '../match/labels.ts'
import { byAge, fields, nameOf, refOf, text } from '../read.ts'
import type { Evidence, Problem } from '../verdict.ts'
import {
  type Authorization,
  isCoreKind,
  isPolicyKind,
  policyGroup,
  readPolicy,
  readServerAuthorization,
} from './authorization.ts'
import { namedPorts } from './pods.ts'
import { groupOf, isRouteKind, type Route, readRoute, serversOf } from './routes.ts'

/** Lists are oldest first. A decision looks at what is attached to its receiver, however much else there is. */
export interface LinkerdModel {
  /** By namespace and a label that their pods have, see `serverKey`. */
  servers: ReadonlyMap<string, readonly KubeObject[]>
  /** By `namespace/server`; those that select Servers by `namespace/`. */
  serverAuthorizations: ReadonlyMap<string, readonly KubeObject[]>
  /** What each AuthorizationPolicy comes to, by its target, see `targetKey`. */
  policies: ReadonlyMap<string, readonly Policy[]>
  /** By namespace. */
  routes: ReadonlyMap<string, readonly Route[]>
  /** By `namespace/server`. */
  routesByServer: ReadonlyMap<string, readonly Route[]>
  /** GRPCRoutes, TLSRoutes and TCPRoutes: that they are there may matter, what they say is not read. */
  otherRoutes: ReadonlyMap<string, readonly KubeObject[]>
  /** By `namespace/server`. */
  rateLimits: ReadonlyMap<string, readonly KubeObject[]>
  egressNetworks: readonly KubeObject[]
  /** ServiceProfiles by `namespace/name`. */
  profiles: ReadonlyMap<string, KubeObject>
  /** MeshTLSAuthentications and NetworkAuthentications by `Kind namespace/name`. */
  authentications: ReadonlyMap<string, KubeObject>
}

const resource = (group: string, version: string, name: string): ResourceRef => ({ group, version, resource: name })

export const reads: readonly ResourceRef[] = [
  resource(policyGroup, 'v1beta3', 'servers'),
  resource(policyGroup, 'v1beta1', 'serverauthorizations'),
  resource(policyGroup, 'v1alpha1', 'authorizationpolicies'),
  resource(policyGroup, 'v1alpha1', 'meshtlsauthentications'),
  resource(policyGroup, 'v1alpha1', 'networkauthentications'),
  resource(policyGroup, 'v1alpha1', 'httplocalratelimitpolicies'),
  resource(policyGroup, 'v1alpha1', 'egressnetworks'),
  resource(policyGroup, 'v1beta3', 'httproutes'),
  resource('gateway.networking.k8s.io', 'v1', 'httproutes'),
  resource('gateway.networking.k8s.io', 'v1', 'grpcroutes'),
  resource('gateway.networking.k8s.io', 'v1alpha2', 'tlsroutes'),
  resource('gateway.networking.k8s.io', 'v1alpha2', 'tcproutes'),
  resource('linkerd.io', 'v1alpha2', 'serviceprofiles'),
]

const otherRouteKinds = new Set(['GRPCRoute', 'TLSRoute', 'TCPRoute'])

const isUsable = (object: unknown): object is KubeObject => {
  const given = object as Partial<KubeObject> | null | undefined
  return (
    typeof given?.kind === 'string' && typeof given.apiVersion === 'string' && typeof given.metadata?.name === 'string'
  )
}

const indexBy = <T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> => {
  const out = new Map<string, T[]>()
  for (const item of items)
    for (const key of new Set(keysOf(item))) {
      const known = out.get(key)
      if (known) known.push(item)
      else out.set(key, [item])
    }
  return out
}
const byNamespace = <T>(items: readonly T[], homeOf: (item: T) => string | undefined): Map<string, T[]> =>
  indexBy(items, (item) => [homeOf(item) ?? ''])
const home = ({ metadata }: KubeObject): string | undefined => metadata.namespace

const authenticationKey = (kind: string, namespace: string, name: string): string => `${kind} ${namespace}/${name}`

/** A Server is found by the first label that it asks of pods; by the namespace alone when it asks for none by value. */
const serverKey = ({ metadata, spec }: KubeObject): string => {
  const [first] = Object.entries(fields(fields(fields(spec).podSelector).matchLabels))
  return first === undefined ? `${metadata.namespace ?? ''}/` : `${metadata.namespace ?? ''}/${first[0]}=${first[1]}`
}

const inSpace = ({ metadata }: KubeObject, name: unknown): string => `${metadata.namespace ?? ''}/${name}`

/** `Server namespace/name`, `Namespace production/production`, `policy.linkerd.io/httproute namespace/name`. */
const targetKey = (policy: KubeObject): string => {
  const target = targetOf(policy)
  const kind = isPolicyKind(target, 'Server')
    ? 'Server'
    : isCoreKind(target, 'Namespace')
      ? 'Namespace'
      : `${text(target.group)?.toLowerCase()}/${text(target.kind)?.toLowerCase()}`
  return `${kind} ${inSpace(policy, target.name)}`
}

interface Policy {
  object: KubeObject
  found: Found
}

/** See `Mesh.compile`. */
export const compile = (objects: readonly KubeObject[]): { model: LinkerdModel; problems: Problem[] } => {
  const all = objects.filter(isUsable)
  const own = (kind: string): KubeObject[] =>
    all.filter((object) => object.kind === kind && groupOf(object) === policyGroup).sort(byAge)
  const authentications = new Map(
    [...own('MeshTLSAuthentication'), ...own('NetworkAuthentication')].map((object) => [
      authenticationKey(object.kind, object.metadata.namespace ?? '', object.metadata.name),
      object,
    ]),
  )
  const find = findIn({ authentications })
  const policies = own('AuthorizationPolicy').map((object): Policy => {
    const read = readPolicy(object, find)
    return { object, found: 'void' in read ? { object, ...read } : read }
  })
  const routes = all.filter(isRouteKind).sort(byAge).map(readRoute)
  const model: LinkerdModel = {
    servers: indexBy(own('Server'), (server) => [serverKey(server)]),
    serverAuthorizations: indexBy(own('ServerAuthorization'), (object) => [
      inSpace(object, fields(fields(object.spec).server).name ?? ''),
    ]),
    policies: indexBy(policies, ({ object }) => [targetKey(object)]),
    routes: byNamespace(routes, ({ object }) => home(object)),
    routesByServer: indexBy(routes, ({ object }) => serversOf(object).map((name) => inSpace(object, name))),
    otherRoutes: byNamespace(all.filter(({ kind }) => otherRouteKinds.has(kind)).sort(byAge), home),
    rateLimits: indexBy(
      own('HTTPLocalRateLimitPolicy').filter((object) => isPolicyKind(targetOf(object), 'Server')),
      (object) => [inSpace(object, targetOf(object).name)],
    ),
    egressNetworks: own('EgressNetwork'),
    profiles: new Map(
      all
        .filter((object) => object.kind === 'ServiceProfile' && groupOf(object) === 'linkerd.io')
        .map((object) => [`${home(object)}/${object.metadata.name}`, object]),
    ),
    authentications,
  }
  const problems = policies.flatMap(({ object, found }): Problem[] => {
    if (!('void' in found)) return []
    const says = `${nameOf(refOf(object))} is ignored: ${found.void}`
    return [{ object: refOf(object), field: found.field, kind: 'invalid', says }]
  })
  return { model, problems }
}

const findIn =
  ({ authentications }: Pick<LinkerdModel, 'authentications'>) =>
  (kind: string, namespace: string, name: string): KubeObject | undefined =>
    authentications.get(authenticationKey(kind, namespace, name))

const covers = (server: KubeObject, pod: Pod, port: number): boolean => {
  const spec = fields(server.spec)
  if (typeof spec.podSelector !== 'object' || spec.podSelector === null) return false
  if (!selects(spec.podSelector as LabelSelector, pod.metadata.labels ?? {})) return false
  // A number in quotes is a name, which no port has (policy-controller/k8s/api/src/policy/server.rs, Port).
  return typeof spec.port === 'string' ? namedPorts(pod, spec.port).includes(port) : spec.port === port
}

/** The Servers that hold that container port of the pod: the oldest, then by name, comes first. */
const serversOn = (model: LinkerdModel, pod: Pod, port: number): KubeObject[] => {
  const { namespace = '', labels = {} } = pod.metadata
  const keys = [`${namespace}/`, ...Object.entries(labels).map(([name, value]) => `${namespace}/${name}=${value}`)]
  return keys
    .flatMap((key) => model.servers.get(key) ?? [])
    .filter((server) => covers(server, pod, port))
    .sort(byAge)
}

/** The Server that holds that container port of the pod. */
export const serverOf = (model: LinkerdModel, pod: Pod, port: number): KubeObject | undefined =>
  serversOn(model, pod, port)[0]

/** A Server on that port which says that it is opaque, whether or not it is the one that holds the port. */
export const opaqueServerOf = (model: LinkerdModel, pod: Pod, port: number): KubeObject | undefined =>
  serversOn(model, pod, port).find((server) => fields(server.spec).proxyProtocol === 'opaque')

/** A policy that admits, or that is void and why. */
export type Found = { authorization: Authorization } | { object: KubeObject; void: string; field: string }

const targetOf = (policy: KubeObject) => fields(fields(policy.spec).targetRef)

/** What counts for every route of the Server: ServerAuthorizations, and policies on it or on its namespace. */
export const serverAuthorizations = (model: LinkerdModel, server: KubeObject): Found[] => {
  const { name, namespace: space = '', labels = {} } = server.metadata
  const named = model.serverAuthorizations.get(`${space}/${name}`) ?? []
  const selecting = (model.serverAuthorizations.get(`${space}/`) ?? []).filter(({ spec }) => {
    const said = fields(fields(spec).server)
    return said.name === undefined && selects(said.selector as LabelSelector | undefined, labels)
  })
  const policies = [`Server ${space}/${name}`, `Namespace ${space}/${space}`].flatMap(
    (key) => model.policies.get(key) ?? [],
  )
  return [
    ...[...named, ...selecting].sort(byAge).map((object) => ({ authorization: readServerAuthorization(object) })),
    ...policies.sort((a, b) => byAge(a.object, b.object)).map(({ found }) => found),
  ]
}

/** What counts for one route only. The group of the reference must be the route's own. */
export const routeAuthorizations = (model: LinkerdModel, { object }: Route): Found[] =>
  (model.policies.get(`${groupOf(object)}/httproute ${inSpace(object, object.metadata.name)}`) ?? []).map(
    ({ found }) => found,
  )

export const routesOf = (model: LinkerdModel, server: KubeObject): readonly Route[] =>
  model.routesByServer.get(inSpace(server, server.metadata.name)) ?? []

/** A route on the Server that the policy controller cannot index, and why. */
export const unreadRouteOf = (model: LinkerdModel, server: KubeObject): Evidence | undefined =>
  routesOf(model, server).flatMap(({ unread }) => unread ?? [])[0]

/** The accepted rate limit of the Server: the oldest (policy-controller/k8s/status, ratelimit.rs). */
export const rateLimitOf = (model: LinkerdModel, server: KubeObject): KubeObject | undefined =>
  model.rateLimits.get(inSpace(server, server.metadata.name))?.[0]

/** Paths of `httpGet` probes on that port: they are admitted while no route is attached (workload.rs, pod_http_probes). */
export const probePaths = (pod: Pod, port: number): string[] =>
  [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap((container) =>
    ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => {
      const get = fields(fields(container[name]).httpGet)
      const isNamed = (each: { name?: string; protocol?: string }): boolean =>
        each.name?.toLowerCase() === text(get.port)?.toLowerCase() && (each.protocol ?? 'TCP').toUpperCase() === 'TCP'
      const at = typeof get.port === 'number' ? get.port : container.ports?.find(isNamed)?.containerPort
      return get.port !== undefined && at === port ? [(text(get.path) ?? '/').split('?')[0] || '/'] : []
    }),
  )
