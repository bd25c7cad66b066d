/** Questions that controllers ask about pods. Follows k8s.io/kubernetes/pkg/api/v1/pod and pkg/controller. */

import type { KubeObject } from '../../kube/api.ts'
import type { Condition, PodObject, PodTemplateSpec } from '../kinds/types.ts'
import { controllerReference } from './controller.ts'

export const condition = (pod: PodObject, type: string): Condition | undefined =>
  pod.status?.conditions?.find((one) => one.type === type)

export const isReady = (pod: PodObject): boolean => condition(pod, 'Ready')?.status === 'True'

export const isFinished = (pod: PodObject): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** Counts towards replicas: neither finished nor on its way out. */
export const isActive = (pod: PodObject): boolean => !isFinished(pod) && !pod.metadata.deletionTimestamp

/** Milliseconds until the pod has been ready for that long; 0 when it has, undefined when it is not ready. */
export const untilAvailable = (pod: PodObject, minReadySeconds: number, now: number): number | undefined => {
  if (!isReady(pod)) return undefined
  const since = condition(pod, 'Ready')?.lastTransitionTime
  if (minReadySeconds === 0 || !since) return 0
  return Math.max(0, Date.parse(since) + minReadySeconds * 1000 - now)
}

/** A new pod from a template, controlled by `owner`. Name it, or give it a `generateName`. */
export const podFrom = (
  template: PodTemplateSpec | undefined,
  owner: KubeObject,
  named: { name: string } | { generateName: string },
): PodObject => {
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      ...named,
      namespace: owner.metadata.namespace,
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(finalizers ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone(template?.spec ?? {}),
  }
}

/** Where to start when there are too many: what is worth least comes first. */
export const byDeletionOrder = (a: PodObject, b: PodObject): number => {
  const phases = ['Pending', 'Unknown', 'Running']
  const restarts = (pod: PodObject) =>
    (pod.status?.containerStatuses ?? []).reduce((most, { restartCount }) => Math.max(most, restartCount), 0)
  const cost = (pod: PodObject) =>
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0
  const time = (text: string | undefined) => (text ? Date.parse(text) : 0)
  const readySince = (pod: PodObject) => (isReady(pod) ? time(condition(pod, 'Ready')?.lastTransitionTime) : 0)
  return (
    Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
    phases.indexOf(a.status?.phase ?? 'Pending') - phases.indexOf(b.status?.phase ?? 'Pending') ||
    Number(isReady(a)) - Number(isReady(b)) ||
    cost(a) - cost(b) ||
    readySince(b) - readySince(a) ||
    restarts(b) - restarts(a) ||
    time(b.metadata.creationTimestamp) - time(a.metadata.creationTimestamp)
  )
}
