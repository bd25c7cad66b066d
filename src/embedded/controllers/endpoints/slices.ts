/**
 * EndpointSlices of Services with a selector. Not modelled: more than 100 endpoints in several slices, topology hints,
 * and slices made from Endpoints that a user wrote by hand.
 */
import type { KubeObject } from '../../../kube/api.ts'
import { sameJson } from '../../apiserver/equality.ts'
import { timestamp } from '../../clock.ts'
import type { EndpointSliceObject, ServiceObject } from '../../kinds/types.ts'
import { asManager, type ControllerParts, controllerReference, resources } from '../controller.ts'
import { type Backend, byPorts, type EndpointPort } from './backends.ts'

const { endpointSlices } = resources
const serviceLabel = 'kubernetes.io/service-name'
const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
const manager = 'endpointslice-controller.k8s.io'
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
export const headlessLabel = 'service.kubernetes.io/headless'

const endpoint = ({ pod, ip, ready, serving, terminating, hostname }: Backend) => ({
  addresses: [ip],
  conditions: { ready, serving, terminating },
  ...(hostname ? { hostname } : {}),
  ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
  targetRef: { kind: 'Pod', namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
})

const labelsOf = (service: ServiceObject): Record<string, string> => ({
  ...service.metadata.labels,
  ...(service.spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
  [managedByLabel]: manager,
  [serviceLabel]: service.metadata.name,
})

/** Makes the Service's slices say exactly that; one empty slice stands for a Service without pods. */
export const writeSlices = ({ registry, clock }: ControllerParts, service: ServiceObject, backends: Backend[]) => {
  const { name, namespace, uid } = service.metadata
  const labels = labelsOf(service)
  const mine = ({ metadata }: KubeObject) =>
    metadata.labels?.[serviceLabel] === name &&
    metadata.labels[managedByLabel] === manager &&
    !metadata.deletionTimestamp
  const left = registry.list(endpointSlices, { namespace, where: mine }) as EndpointSliceObject[]
  const groups = byPorts(backends)
  if (groups.length === 0) groups.push({ ports: [], backends: [] })

  const take = (ports: EndpointPort[]): EndpointSliceObject | undefined => {
    const owned = left.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid))
    const found =
      owned.find((slice) => sameJson(slice.ports ?? [], ports)) ?? (groups.length === 1 ? owned[0] : undefined)
    if (found) left.splice(left.indexOf(found), 1)
    return found
  }

  for (const { ports, backends: members } of groups) {
    const endpoints = members.map(endpoint)
    const found = take(ports)
    const annotations = { [triggerAnnotation]: timestamp(clock) }
    if (!found) {
      registry.create(
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: '',
            generateName: `${name}-`,
            namespace,
            labels,
            annotations,
            ownerReferences: [controllerReference(service)],
          },
          addressType: 'IPv4',
          endpoints,
          ports,
        },
        asManager,
      )
      continue
    }
    const change = (draft: KubeObject) => {
      const slice = draft as EndpointSliceObject
      const same =
        sameJson(slice.endpoints ?? [], endpoints) &&
        sameJson(slice.ports ?? [], ports) &&
        sameJson(slice.metadata.labels, labels)
      if (same) return false
      slice.metadata.labels = labels
      slice.metadata.annotations = { ...slice.metadata.annotations, ...annotations }
      slice.endpoints = endpoints
      slice.ports = ports
    }
    registry.mutate(endpointSlices, found.metadata.name, namespace, change, asManager)
  }
  for (const surplus of left) registry.delete(endpointSlices, surplus.metadata.name, namespace)
}
