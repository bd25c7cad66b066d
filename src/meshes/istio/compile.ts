/** Kubernetes objects in, linked tables out: what both sidecars of any call would have been configured with. */
import type { KubeObject, ResourceRef } from '../../kube/api.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import type { Problem } from '../verdict.ts'
import { buildWorld } from '../world.ts'
import { type AuthorizationPolicy, readAuthorizationPolicy } from './authorization-policy.ts'
import { type DestinationRules, readDestinationRules } from './destination-rule.ts'
import { type RequestAuthentication, readRequestAuthentication } from './jwt/rules.ts'
import { defaultMeshConfig, type MeshConfig, readMeshConfig } from './mesh-config.ts'
import { once } from './once.ts'
import { type PeerAuthentication, type PeerAuthentications, readPeerAuthentication } from './peer-authentication.ts'
import { byAge } from './read.ts'
import type { Receiver } from './receiver.ts'
import { buildRegistry, type ServiceRegistry } from './registry.ts'
import { indexVirtualServices, readVirtualService, type VirtualServices } from './virtual-service.ts'

export interface IstioModel {
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

/** Any order of objects gives the same model. Objects of kinds that do not matter here are skipped. */
export const compile = (
  objects: readonly KubeObject[],
  parseYaml?: (text: string) => unknown,
): { model: IstioModel; problems: Problem[] } => {
  const usable = objects.filter(isUsable)
  const all = (group: string, ...kinds: string[]): KubeObject[] =>
    usable
      .filter((object) => kinds.includes(object.kind) && (object.apiVersion.split('/').at(-2) ?? '') === group)
      .sort(byAge)
  const configMap = all('', 'ConfigMap').find(
    (object) => object.metadata.name === 'istio' && object.metadata.namespace === defaultMeshConfig.rootNamespace,
  )
  const config = readMeshConfig(configMap, parseYaml)
  const problems: Problem[] = []
  const policies: AuthorizationPolicy[] = []
  for (const object of all('security.istio.io', 'AuthorizationPolicy')) {
    const read = readAuthorizationPolicy(object, [config.trustDomain, ...config.trustDomainAliases])
    problems.push(...read.problems)
    if (read.policy !== undefined) policies.push(read.policy)
  }
  const peers = all('security.istio.io', 'PeerAuthentication').map(readPeerAuthentication)
  const services = all('', 'Service').filter(
    (object): object is Service => typeof object.spec === 'object' && object.spec !== null,
  )
  const world = once(() => buildWorld(usable.filter(hasSpec)))
  const entries = all('networking.istio.io', 'ServiceEntry')
  return {
    model: {
      config,
      peerAuthentications: {
        rootNamespace: config.rootNamespace,
        byNamespace: grouped<PeerAuthentication>(peers, (policy) => policy.object.metadata.namespace),
      },
      authorization: grouped(policies, (policy) => policy.object.metadata.namespace),
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
      gateways: all('networking.istio.io', 'Gateway'),
      extensions: [
        ...all('networking.istio.io', 'EnvoyFilter'),
        ...all('extensions.istio.io', 'WasmPlugin', 'TrafficExtension'),
      ],
    },
    problems,
  }
}
