/** Keeps EndpointSlices, and the older Endpoints, in step with the pods that each Service selects. */
import type { KubeObject } from '../../../kube/api.ts'
import { sameJson } from '../../apiserver/equality.ts'
import { selectsLabels } from '../../kinds/selector.ts'
import type { EndpointAddress, EndpointsObject, PodObject, ServiceObject } from '../../kinds/types.ts'
import { asManager, type Controller, type ControllerParts, resources, stopAll } from '../controller.ts'
import { keyOf, parseKey, workQueue } from '../queue.ts'
import { type Backend, backendsOf, byPorts } from './backends.ts'
import { headlessLabel, writeSlices } from './slices.ts'

const { endpoints, endpointSlices, pods, services } = resources
const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const managedBy = { [managedByLabel]: 'endpoint-controller' }

const hasSelector = (service: ServiceObject): boolean => Object.keys(service.spec?.selector ?? {}).length > 0

const address = ({ pod, ip, hostname }: Backend): EndpointAddress => ({
  ip,
  ...(hostname ? { hostname } : {}),
  ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
  targetRef: {
    kind: 'Pod',
    namespace: pod.metadata.namespace,
    name: pod.metadata.name,
    uid: pod.metadata.uid,
  },
})

/** Terminating pods are in slices only. */
const subsetsOf = (backends: Backend[]): NonNullable<EndpointsObject['subsets']> =>
  byPorts(backends.filter(({ terminating }) => !terminating)).map(({ ports, backends: members }) => {
    const ready = members.filter((backend) => backend.ready).map(address)
    const notReady = members.filter((backend) => !backend.ready).map(address)
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      // A port without a name has none here, unlike in slices.
      ports: ports.map(({ name, ...port }) => (name === '' ? port : { name, ...port })),
    }
  })

const writeEndpoints = ({ registry }: ControllerParts, service: ServiceObject, backends: Backend[]) => {
  const { name, namespace } = service.metadata
  const subsets = subsetsOf(backends)
  const labels = {
    ...service.metadata.labels,
    ...(service.spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
    ...managedBy,
  }
  if (!registry.get(endpoints, name, namespace)) {
    registry.create(
      {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name, namespace, labels },
        ...(subsets.length > 0 ? { subsets } : {}),
      },
      asManager,
    )
    return
  }
  const change = (draft: KubeObject) => {
    const before = draft as EndpointsObject
    if (sameJson(before.subsets ?? [], subsets) && sameJson(before.metadata.labels, labels)) return false
    before.metadata.labels = labels
    if (subsets.length > 0) before.subsets = subsets
    else delete before.subsets
  }
  registry.mutate(endpoints, name, namespace, change, asManager)
}

export const endpointsController: Controller = (parts) => {
  const { registry, clock } = parts

  /** The garbage collector takes the slices; Endpoints have no owner. */
  const forget = (name: string, namespace: string) => {
    const left = registry.get(endpoints, name, namespace)
    if (left?.metadata.labels?.[managedByLabel]) registry.delete(endpoints, name, namespace)
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const service = registry.get(services, name, namespace) as ServiceObject | undefined
    if (!service) return forget(name, namespace)
    if (!hasSelector(service) || service.spec?.type === 'ExternalName' || service.metadata.deletionTimestamp) return
    const isBackend = (pod: KubeObject) => selectsLabels(service.spec?.selector, pod.metadata.labels)
    const selected = registry.list(pods, { namespace, where: isBackend }) as PodObject[]
    const backends = backendsOf(service, selected)
    try {
      writeSlices(parts, service, backends)
      writeEndpoints(parts, service, backends)
    } catch (error) {
      const terminating = registry.get(resources.namespaces, namespace)?.metadata.deletionTimestamp
      if (!terminating) throw error
    }
  })

  /** Labels may have changed: the Services that the pod was in are found by what they list. */
  const onPod = (pod: KubeObject) => {
    const { namespace = '', name, labels } = pod.metadata
    const listed = new Set(
      (registry.list(endpoints, { namespace }) as EndpointsObject[])
        .filter(({ subsets = [] }) =>
          subsets.some(({ addresses = [], notReadyAddresses = [] }) =>
            [...addresses, ...notReadyAddresses].some(({ targetRef }) => targetRef?.name === name),
          ),
        )
        .map(({ metadata }) => metadata.name),
    )
    for (const service of registry.list(services, { namespace }) as ServiceObject[]) {
      const selected = selectsLabels(service.spec?.selector, labels)
      if (selected || listed.has(service.metadata.name)) queue.add(keyOf(service))
    }
  }

  return stopAll(
    queue,
    registry.watch(services, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(pods, ({ object }) => onPod(object)),
    registry.watch(endpoints, ({ type, object }) => type === 'DELETED' && queue.add(keyOf(object))),
    registry.watch(endpointSlices, ({ type, object }) => {
      const name = object.metadata.labels?.['kubernetes.io/service-name']
      if (type === 'DELETED' && name) queue.add(`${object.metadata.namespace}/${name}`)
    }),
  )
}
