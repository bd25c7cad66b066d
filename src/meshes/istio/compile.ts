/** Kubernetes objects in, linked tables out: what both sidecars of any call would have been configured with. */
import type { KubeObject, ResourceRef } from '../../kube/api.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import type { CompileWith } from '../mesh.ts'
import type { Problem } from '../verdict.ts'
import { buildWorld } from '../world.ts'
import { type AuthorizationPolicy, readAuthorizationPolicy } from './authorization-policy.ts'
import { callerLabels } from './callers.ts'
import { type DestinationRules, readDestinationRules } from './destination-rule.ts'
import { type RequestAuthentication, readRequestAuthentication } from './jwt/rules.ts'
import { defaultMeshConfig, type MeshConfig, readMeshConfig } from './mesh-config.ts'
import { once } from './once.ts'
import type { Outbound } from './outbound.ts'
import { type PeerAuthentication, type PeerAuthentications, readPeerAuthentication } from './peer-authentication.ts'
import { byAge } from './read.ts'
import { buildRegistry, type ServiceRegistry } from './registry.ts'
import { emptyMemory, type Memory, remember } from './remember.ts'
import { indexVirtualServices, readVirtualService, type VirtualServices } from './virtual-service.ts'

export interface IstioModel extends Memory {
  sources: Sources
  config: MeshConfig
  peerAuthentications: PeerAuthentications
  /** By namespace, oldest first. */
  authorization: ReadonlyMap<string, readonly AuthorizationPolicy[]>
  /** By namespace, oldest first. */
  services: ReadonlyMap<string, readonly Service[]>
  /** By namespace: callers of a headless Service go by all of its pods. */
  pods: ReadonlyMap<string, readonly Pod[]>
  /** What sidecars know by name and address; made when first asked for. */
  registry: () => ServiceRegistry
  destinationRules: DestinationRules
  virtualServices: VirtualServices
  /** Oldest first, as the kinds below. */
  sidecars: readonly KubeObject[]
  serviceEntries: readonly KubeObject[]
  /** By namespace, oldest first. */
  requestAuthentications: ReadonlyMap<string, readonly RequestAuthentication[]>
  /** How calls left the caller's pod: the verdict asks, and then each proxy's log. It never changes an answer. */
  sent: WeakMap<Call, Outbound>
  gateways: readonly KubeObject[]
  extensions: readonly KubeObject[]
}

const resource = (group: string, version: string, name: string): ResourceRef => ({ group, version, resource: name })

/** A resource that an older installation does not serve counts as empty. */
export const reads: readonly ResourceRef[] = [
  resource('', 'v1', 'namespaces'),
  resource('', 'v1', 'pods'),
  resource('', 'v1', 'services'),
  resource('', 'v1', 'configmaps'),
  resource('discovery.k8s.io', 'v1', 'endpointslices'),
  resource('security.istio.io', 'v1', 'peerauthentications'),
  resource('security.istio.io', 'v1', 'authorizationpolicies'),
  resource('security.istio.io', 'v1', 'requestauthentications'),
  resource('networking.istio.io', 'v1', 'destinationrules'),
  resource('networking.istio.io', 'v1', 'virtualservices'),
  resource('networking.istio.io', 'v1', 'sidecars'),
  resource('networking.istio.io', 'v1', 'serviceentries'),
  resource('networking.istio.io', 'v1', 'workloadentries'),
  resource('networking.istio.io', 'v1', 'gateways'),
  resource('networking.istio.io', 'v1alpha3', 'envoyfilters'),
  resource('extensions.istio.io', 'v1alpha1', 'wasmplugins'),
  resource('extensions.istio.io', 'v1alpha1', 'trafficextensions'),
]

const grouped = <T>(items: readonly T[], namespace: (item: T) => string | undefined): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = namespace(item) ?? ''
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

const isUsable = (object: unknown): object is KubeObject => {
  const given = object as Partial<KubeObject> | null | undefined
  return (
    typeof given === 'object' &&
    given !== null &&
    typeof given.kind === 'string' &&
    typeof given.apiVersion === 'string' &&
    typeof given.metadata === 'object' &&
    given.metadata !== null &&
    typeof given.metadata.name === 'string'
  )
}

/** Pods and Services without a spec cannot be placed in the network; slices and namespaces have none that matters. */
const hasSpec = (object: KubeObject): boolean =>
  (object.kind !== 'Pod' && object.kind !== 'Service') || (typeof object.spec === 'object' && object.spec !== null)

/** Objects of one kind, oldest first. */
type Kinds = (group: string, ...kinds: string[]) => KubeObject[]

const byKind = (objects: readonly KubeObject[]): Kinds => {
  const groups = new Map<string, KubeObject[]>()
  for (const object of objects) {
    const slash = object.apiVersion.indexOf('/')
    const key = `${slash < 0 ? '' : object.apiVersion.slice(0, slash)} ${object.kind}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [object])
    else group.push(object)
  }
  return (group, ...kinds) => kinds.flatMap((kind) => groups.get(`${group} ${kind}`) ?? []).sort(byAge)
}

/** Everything but policies, linked. */
type Linked = Omit<
  IstioModel,
  keyof Memory | 'sources' | 'sent' | 'authorization' | 'peerAuthentications' | 'requestAuthentications'
> & { callerLabels: readonly string[] }

const link = (objects: readonly KubeObject[], parseYaml: CompileWith<IstioModel>['parseYaml']): Linked => {
  const all = byKind(objects)
  const config = readMeshConfig(
    all('', 'ConfigMap').find(
      ({ metadata }) => metadata.name === 'istio' && metadata.namespace === defaultMeshConfig.rootNamespace,
    ),
    parseYaml,
  )
  const services = all('', 'Service').filter(
    (object): object is Service => typeof object.spec === 'object' && object.spec !== null,
  )
  const world = once(() => buildWorld(objects.filter(hasSpec)))
  const entries = all('networking.istio.io', 'ServiceEntry')
  const destinationRules = all('networking.istio.io', 'DestinationRule')
  const virtualServices = all('networking.istio.io', 'VirtualService')
  const sidecars = all('networking.istio.io', 'Sidecar')
  return {
    config,
    services: grouped(services, (service) => service.metadata.namespace),
    pods: grouped(
      all('', 'Pod').filter((object): object is Pod => typeof object.spec === 'object' && object.spec !== null),
      (pod) => pod.metadata.namespace,
    ),
    registry: once(() => buildRegistry(services, entries, all('networking.istio.io', 'WorkloadEntry'), world)),
    destinationRules: readDestinationRules(destinationRules, config.rootNamespace),
    virtualServices: indexVirtualServices(virtualServices.map(readVirtualService)),
    sidecars,
    serviceEntries: entries,
    gateways: all('networking.istio.io', 'Gateway'),
    extensions: [
      ...all('networking.istio.io', 'EnvoyFilter'),
      ...all('extensions.istio.io', 'WasmPlugin', 'TrafficExtension'),
    ],
    callerLabels: callerLabels(sidecars, destinationRules, virtualServices),
  }
}

type ReadPolicy = ReturnType<typeof readAuthorizationPolicy>

/** What a model was made of. Stored objects are never changed in place, so the same ones mean the same. */
export interface Sources {
  others: readonly KubeObject[]
  linked: Linked
  /** Each kind of policy oldest first. */
  authorization: ReadonlyMap<KubeObject, ReadPolicy>
  requests: ReadonlyMap<KubeObject, RequestAuthentication | undefined>
  peers: ReadonlyMap<KubeObject, PeerAuthentication>
}

const isSame = (a: readonly KubeObject[], b: readonly KubeObject[]): boolean =>
  a.length === b.length && a.every((object, index) => object === b[index])

/** What each object says; what is known of one is not read again. */
const readAll = <T>(
  objects: readonly KubeObject[],
  read: (object: KubeObject) => T,
  known: ReadonlyMap<KubeObject, T> | undefined,
): Map<KubeObject, T> =>
  new Map(
    objects.toSorted(byAge).map((object) => [object, known?.has(object) ? (known.get(object) as T) : read(object)]),
  )

/** What is in one of them only. */
const difference = <T>(a: ReadonlyMap<KubeObject, T>, b: ReadonlyMap<KubeObject, T>): T[] => [
  ...[...a].flatMap(([object, value]) => (b.has(object) ? [] : [value])),
  ...[...b].flatMap(([object, value]) => (a.has(object) ? [] : [value])),
]

const policyKinds = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication'] as const

const isPolicy = ({ kind, apiVersion }: KubeObject): boolean =>
  (policyKinds as readonly string[]).includes(kind) && apiVersion.startsWith('security.istio.io/')

const namespaceOf = ({ object }: { object: KubeObject }): string | undefined => object.metadata.namespace

/** The model of these sources, with what `last` had worked out of the same ones. */
const assemble = (sources: Sources, last: IstioModel | undefined): IstioModel => {
  const { linked, authorization, requests, peers } = sources
  const policies = [...authorization.values()].flatMap(({ policy }) => policy ?? [])
  const root = linked.config.rootNamespace
  const before = last?.sources
  const change = before && {
    guards: [
      ...difference(before.authorization, authorization).flatMap(({ policy }) => policy ?? []),
      ...difference(before.requests, requests).flatMap((policy) => policy ?? []),
    ],
    peers: difference(before.peers, peers),
  }
  return {
    ...linked,
    ...(last && change ? remember(last, change, root) : emptyMemory(linked.callerLabels)),
    sources,
    sent: new WeakMap(),
    authorization: grouped(policies, namespaceOf),
    requestAuthentications: grouped(
      [...requests.values()].flatMap((policy) => policy ?? []),
      namespaceOf,
    ),
    peerAuthentications: {
      rootNamespace: root,
      byNamespace: grouped([...peers.values()], namespaceOf),
      known: new Map(),
    },
  }
}

/**
 * Any order of objects gives the same model. Objects of kinds that do not matter here are skipped. After a change of
 * policies alone, the most frequent one, what the model `last` had worked out is used again where it holds.
 */
export const compile = (
  objects: readonly KubeObject[],
  { last, parseYaml }: CompileWith<IstioModel> = {},
): { model: IstioModel; problems: Problem[] } => {
  const usable = objects.filter(isUsable)
  const others = usable.filter((object) => !isPolicy(object))
  const before = last !== undefined && isSame(last.sources.others, others) ? last : undefined
  const linked = before?.sources.linked ?? link(others, parseYaml)
  const trustDomains = [linked.config.trustDomain, ...linked.config.trustDomainAliases]
  const [authorizing, requesting, peering] = policyKinds.map((kind) =>
    usable.filter((object) => object.kind === kind && isPolicy(object)),
  ) as [KubeObject[], KubeObject[], KubeObject[]]
  const known = before?.sources
  const sources: Sources = {
    others,
    linked,
    authorization: readAll(
      authorizing,
      (object) => readAuthorizationPolicy(object, trustDomains),
      known?.authorization,
    ),
    requests: readAll(requesting, readRequestAuthentication, known?.requests),
    peers: readAll(peering, readPeerAuthentication, known?.peers),
  }
  return {
    model: assemble(sources, before),
    problems: [...sources.authorization.values()].flatMap(({ problems }) => problems),
  }
}
