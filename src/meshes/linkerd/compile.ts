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

/** All by namespace and oldest first. */
export interface LinkerdModel {
  servers: ReadonlyMap<string, readonly KubeObject[]>
  serverAuthorizations: ReadonlyMap<string, readonly KubeObject[]>
  policies: ReadonlyMap<string, readonly KubeObject[]>
  routes: ReadonlyMap<string, readonly Route[]>
  /** GRPCRoutes, TLSRoutes and TCPRoutes: that they are there may matter, what they say is not read. */
  otherRoutes: ReadonlyMap<string, readonly KubeObject[]>
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

const byNamespace = <T>(items: readonly T[], homeOf: (item: T) => string | undefined): Map<string, T[]> => {
  const out = new Map<string, T[]>()
  for (const item of items) {
    const home = homeOf(item) ?? ''
    out.set(home, [...(out.get(home) ?? []), item])
  }
  return out
}
const home = ({ metadata }: KubeObject): string | undefined => metadata.namespace

const authenticationKey = (kind: string, namespace: string, name: string): string => `${kind} ${namespace}/${name}`

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
  const policies = own('AuthorizationPolicy')
  const model: LinkerdModel = {
    servers: byNamespace(own('Server'), home),
    serverAuthorizations: byNamespace(own('ServerAuthorization'), home),
    policies: byNamespace(policies, home),
    routes: byNamespace(all.filter(isRouteKind).sort(byAge).map(readRoute), ({ object }) => home(object)),
    otherRoutes: byNamespace(all.filter(({ kind }) => otherRouteKinds.has(kind)).sort(byAge), home),
    rateLimits: byNamespace(own('HTTPLocalRateLimitPolicy'), home),
    egressNetworks: own('EgressNetwork'),
    profiles: new Map(
      all
        .filter((object) => object.kind === 'ServiceProfile' && groupOf(object) === 'linkerd.io')
        .map((object) => [`${home(object)}/${object.metadata.name}`, object]),
    ),
    authentications,
  }
  const problems = policies.flatMap((object): Problem[] => {
    const read = readPolicy(object, findIn(model))
    return 'void' in read
      ? [
          {
            object: refOf(object),
            field: read.field,
            kind: 'invalid',
            says: `${nameOf(refOf(object))} is ignored: ${read.void}`,
          },
        ]
      : []
  })
  return { model, problems }
}

export const findIn =
  ({ authentications }: LinkerdModel) =>
  (kind: string, namespace: string, name: string): KubeObject | undefined =>
    authentications.get(authenticationKey(kind, namespace, name))

const covers = (server: KubeObject, pod: Pod, port: number): boolean => {
  const spec = fields(server.spec)
  if (typeof spec.podSelector !== 'object' || spec.podSelector === null) return false
  if (!selects(spec.podSelector as LabelSelector, pod.metadata.labels ?? {})) return false
  // A number in quotes is a name, which no port has (policy-controller/k8s/api/src/policy/server.rs, Port).
  return typeof spec.port === 'string' ? namedPorts(pod, spec.port).includes(port) : spec.port === port
}

const serversOn = (model: LinkerdModel, pod: Pod): readonly KubeObject[] =>
  model.servers.get(pod.metadata.namespace ?? '') ?? []

/** The Server that holds that container port of the pod: the oldest, then by name. */
export const serverOf = (model: LinkerdModel, pod: Pod, port: number): KubeObject | undefined =>
  serversOn(model, pod).find((server) => covers(server, pod, port))

/** A Server on that port which says that it is opaque, whether or not it is the one that holds the port. */
export const opaqueServerOf = (model: LinkerdModel, pod: Pod, port: number): KubeObject | undefined =>
  serversOn(model, pod).find((server) => fields(server.spec).proxyProtocol === 'opaque' && covers(server, pod, port))

/** A policy that admits, or that is void and why. */
export type Found = { authorization: Authorization } | { object: KubeObject; void: string; field: string }

const targetOf = (policy: KubeObject) => fields(fields(policy.spec).targetRef)

const read = (model: LinkerdModel, policies: readonly KubeObject[]): Found[] =>
  policies.map((object) => {
    const found = readPolicy(object, findIn(model))
    return 'void' in found ? { object, ...found } : found
  })

/** What counts for every route of the Server: ServerAuthorizations, and policies on it or on its namespace. */
export const serverAuthorizations = (model: LinkerdModel, server: KubeObject): Found[] => {
  const space = server.metadata.namespace ?? ''
  const older = (model.serverAuthorizations.get(space) ?? []).filter((object) => {
    const said = fields(fields(object.spec).server)
    if (said.name !== undefined) return said.name === server.metadata.name
    return selects(said.selector as LabelSelector | undefined, server.metadata.labels ?? {})
  })
  const policies = (model.policies.get(space) ?? []).filter((policy) => {
    const target = targetOf(policy)
    if (isPolicyKind(target, 'Server')) return target.name === server.metadata.name
    return isCoreKind(target, 'Namespace') && target.name === space
  })
  return [...older.map((object) => ({ authorization: readServerAuthorization(object) })), ...read(model, policies)]
}

/** What counts for one route only. The group of the reference must be the route's own. */
export const routeAuthorizations = (model: LinkerdModel, { object }: Route): Found[] =>
  read(
    model,
    (model.policies.get(object.metadata.namespace ?? '') ?? []).filter((policy) => {
      const target = targetOf(policy)
      return (
        text(target.kind)?.toLowerCase() === 'httproute' &&
        text(target.group)?.toLowerCase() === groupOf(object) &&
        target.name === object.metadata.name
      )
    }),
  )

export const routesOf = (model: LinkerdModel, server: KubeObject): Route[] =>
  (model.routes.get(server.metadata.namespace ?? '') ?? []).filter(({ object }) =>
    serversOf(object).includes(server.metadata.name),
  )

/** A route on the Server that the policy controller cannot index, and why. */
export const unreadRouteOf = (model: LinkerdModel, server: KubeObject): Evidence | undefined =>
  routesOf(model, server).flatMap(({ unread }) => unread ?? [])[0]

/** The accepted rate limit of the Server: the oldest (policy-controller/k8s/status, ratelimit.rs). */
export const rateLimitOf = (model: LinkerdModel, server: KubeObject): KubeObject | undefined =>
  (model.rateLimits.get(server.metadata.namespace ?? '') ?? []).find((object) => {
    const target = targetOf(object)
    return isPolicyKind(target, 'Server') && target.name === server.metadata.name
  })

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
