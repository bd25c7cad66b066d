/** Kubernetes objects in, linked tables out: what both sidecars of any call would have been configured with. */
import type { KubeObject, ResourceRef } from '../../kube/api.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import { hasLabels } from '../match/labels.ts'
import type { Problem } from '../verdict.ts'
import { buildWorld } from '../world.ts'
import { type AuthorizationPolicy, readAuthorizationPolicy } from './authorization-policy.ts'
import { type DestinationRules, readDestinationRules } from './destination-rule.ts'
import { type RequestAuthentication, readRequestAuthentication } from './jwt/rules.ts'
import { defaultMeshConfig, type MeshConfig, readMeshConfig } from './mesh-config.ts'
import { once } from './once.ts'
import { keepPairs, type Pairs } from './pairs.ts'
import { type PeerAuthentication, type PeerAuthentications, readPeerAuthentication } from './peer-authentication.ts'
import { byAge } from './read.ts'
import type { Receiver } from './receiver.ts'
import { buildRegistry, type ServiceRegistry } from './registry.ts'
import { indexVirtualServices, readVirtualService, type VirtualServices } from './virtual-service.ts'

export interface IstioModel {
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
  /** What was worked out per receiving pod, kept for the next call. It never changes an answer. */
  receivers: Map<Pod, Receiver>
  /** What connections between pods settle, kept likewise. */
  pairs: Pairs
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

type ReadPolicy = ReturnType<typeof readAuthorizationPolicy>

/** Everything but AuthorizationPolicies, linked. */
const link = (objects: readonly KubeObject[]): IstioModel => {
  const all = byKind(objects)
  const config = readMeshConfig(
    all('', 'ConfigMap').find(
      ({ metadata }) => metadata.name === 'istio' && metadata.namespace === defaultMeshConfig.rootNamespace,
    ),
  )
  const peers = all('security.istio.io', 'PeerAuthentication').map(readPeerAuthentication)
  const services = all('', 'Service').filter(
    (object): object is Service => typeof object.spec === 'object' && object.spec !== null,
  )
  const world = once(() => buildWorld(objects.filter(hasSpec)))
  const entries = all('networking.istio.io', 'ServiceEntry')
  return {
    config,
    peerAuthentications: {
      rootNamespace: config.rootNamespace,
      byNamespace: grouped<PeerAuthentication>(peers, (policy) => policy.object.metadata.namespace),
    },
    sources: { others: objects, policies: new Map() },
    authorization: new Map(),
    services: grouped(services, (service) => service.metadata.namespace),
    pods: grouped(
      all('', 'Pod').filter((object): object is Pod => typeof object.spec === 'object' && object.spec !== null),
      (pod) => pod.metadata.namespace,
    ),
    registry: once(() => buildRegistry(services, entries, all('networking.istio.io', 'WorkloadEntry'), world)),
    destinationRules: readDestinationRules(all('networking.istio.io', 'DestinationRule'), config.rootNamespace),
    virtualServices: indexVirtualServices(all('networking.istio.io', 'VirtualService').map(readVirtualService)),
    sidecars: all('networking.istio.io', 'Sidecar'),
    serviceEntries: entries,
    requestAuthentications: grouped(
      all('security.istio.io', 'RequestAuthentication').flatMap((object) => readRequestAuthentication(object) ?? []),
      (policy) => policy.object.metadata.namespace,
    ),
    receivers: new Map(),
    pairs: new Map(),
    gateways: all('networking.istio.io', 'Gateway'),
    extensions: [
      ...all('networking.istio.io', 'EnvoyFilter'),
      ...all('extensions.istio.io', 'WasmPlugin', 'TrafficExtension'),
    ],
  }
}

/** What a model was made of. Stored objects are never changed in place, so the same ones mean the same. */
export interface Sources {
  others: readonly KubeObject[]
  policies: ReadonlyMap<KubeObject, ReadPolicy>
}

const isSame = (a: readonly KubeObject[], b: readonly KubeObject[]): boolean =>
  a.length === b.length && a.every((object, index) => object === b[index])

/** Whether one of the policies is for the pod, in force or not. */
const concerning = (policies: readonly ReadPolicy[], root: string) => (pod: Pod) =>
  policies.some(({ policy }) => {
    const home = policy?.object.metadata.namespace
    const isNear = home === root || home === pod.metadata.namespace
    return policy !== undefined && isNear && hasLabels(policy.labels, pod.metadata.labels)
  })

/** The last model with other policies: what workloads that none of the changed ones is for had worked out stays. */
const relink = (model: IstioModel, policies: Sources['policies']): IstioModel => {
  const before = model.sources.policies
  const changed = [
    ...[...before].filter(([object]) => !policies.has(object)),
    ...[...policies].filter(([object]) => !before.has(object)),
  ].map(([, read]) => read)
  const concerns = concerning(changed, model.config.rootNamespace)
  return {
    ...model,
    receivers: new Map([...model.receivers].filter(([pod]) => !concerns(pod))),
    pairs: keepPairs(model.pairs, concerns),
  }
}

/**
 * Any order of objects gives the same model. Objects of kinds that do not matter here are skipped. After a change of
 * AuthorizationPolicies alone, the most frequent one, what the model `last` had worked out is used again where it holds.
 */
export const compile = (
  objects: readonly KubeObject[],
  last?: IstioModel,
): { model: IstioModel; problems: Problem[] } => {
  const [given, others]: [KubeObject[], KubeObject[]] = [[], []]
  for (const object of objects)
    if (isUsable(object)) {
      const isPolicy = object.kind === 'AuthorizationPolicy' && object.apiVersion.startsWith('security.istio.io/')
      if (isPolicy) given.push(object)
      else others.push(object)
    }
  const before = last !== undefined && isSame(last.sources.others, others) ? last : undefined
  const linked = before ?? link(others)
  const { trustDomain, trustDomainAliases } = linked.config
  const policies = new Map<KubeObject, ReadPolicy>()
  for (const object of given.sort(byAge))
    policies.set(
      object,
      before?.sources.policies.get(object) ?? readAuthorizationPolicy(object, [trustDomain, ...trustDomainAliases]),
    )
  const usable = [...policies.values()].flatMap(({ policy }) => policy ?? [])
  const model = {
    ...(before === undefined ? linked : relink(before, policies)),
    authorization: grouped(usable, (policy) => policy.object.metadata.namespace),
    sources: { others, policies },
  }
  return { model, problems: [...policies.values()].flatMap(({ problems }) => problems) }
}
