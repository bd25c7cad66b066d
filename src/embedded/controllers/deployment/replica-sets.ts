/** The ReplicaSets of one Deployment: which is new, which are old, and their annotations. Follows deployment/util. */
import type { KubeObject } from '../../../kube/api.ts'
import { StatusError } from '../../../kube/errors.ts'
import type { LabelSelector } from '../../../kube/kinds.ts'
import { sameJson } from '../../apiserver/equality.ts'
import type { DeploymentObject, PodTemplateSpec, ReplicaSetObject } from '../../kinds/types.ts'
import { resolveIntOrPercent } from '../../kinds/validation/int-or-percent.ts'
import type { Registry } from '../../registry.ts'
import { asManager, controllerReference, resources } from '../controller.ts'
import { templateHash } from './hash.ts'

export const hashLabel = 'pod-template-hash'
export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas'

/** Annotations of the Deployment that mean nothing on a ReplicaSet. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])

export const replicasOf = (object: { spec?: { replicas?: number } }): number => object.spec?.replicas ?? 0
export const sum = (sets: ReplicaSetObject[], of: (set: ReplicaSetObject) => number): number =>
  sets.reduce((total, set) => total + of(set), 0)
export const availableOf = (set: ReplicaSetObject): number => set.status?.availableReplicas ?? 0

/** How many pods may be there besides, or missing from, the desired number. Both are never 0. */
export const rollingLimits = (deployment: DeploymentObject): { surge: number; unavailable: number } => {
  const replicas = replicasOf(deployment)
  const { type, rollingUpdate = {} } = deployment.spec?.strategy ?? {}
  if (type === 'Recreate' || replicas === 0) return { surge: 0, unavailable: 0 }
  const surge = resolveIntOrPercent(rollingUpdate.maxSurge, replicas, 'up')
  const unavailable = resolveIntOrPercent(rollingUpdate.maxUnavailable, replicas, 'down')
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas) }
}

export const revisionOf = (object: KubeObject): number => Number(object.metadata.annotations?.[revisionAnnotation] ?? 0)

const withoutHash = ({ metadata = {}, spec }: PodTemplateSpec = {}): PodTemplateSpec => {
  const { [hashLabel]: _hash, ...labels } = metadata.labels ?? {}
  return { metadata: { labels, annotations: metadata.annotations ?? {} }, spec }
}

const byCreation = (a: KubeObject, b: KubeObject): number => {
  const [left = '', right = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  if (left !== right) return left < right ? -1 : 1
  // Within one second the revision tells which came first.
  return revisionOf(a) - revisionOf(b)
}

/** Oldest first. */
export const oldestFirst = (sets: ReplicaSetObject[]): ReplicaSetObject[] => [...sets].sort(byCreation)

/** The oldest one that has the Deployment's template. */
export const findNew = (deployment: DeploymentObject, sets: ReplicaSetObject[]): ReplicaSetObject | undefined => {
  const wanted = withoutHash(deployment.spec?.template)
  return oldestFirst(sets).find((set) => sameJson(withoutHash(set.spec?.template), wanted))
}

const copiedAnnotations = (deployment: DeploymentObject): Record<string, string> =>
  Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key)))

/** What scaling by hand, or by proportion, later reads off. */
export const sizeAnnotations = (deployment: DeploymentObject): Record<string, string> => ({
  [desiredAnnotation]: String(replicasOf(deployment)),
  [maxAnnotation]: String(replicasOf(deployment) + rollingLimits(deployment).surge),
})

/** The annotations that the new ReplicaSet should have at that revision. */
const annotationsAt = (
  deployment: DeploymentObject,
  set: KubeObject | undefined,
  revision: number,
): Record<string, string> => {
  const before = set?.metadata.annotations ?? {}
  const annotations = { ...before, ...copiedAnnotations(deployment) }
  const current = before[revisionAnnotation]
  if (Number(current ?? 0) < revision) {
    annotations[revisionAnnotation] = String(revision)
    if (current) annotations[historyAnnotation] = [before[historyAnnotation], current].filter(Boolean).join(',')
  }
  return annotations
}

/** The selector of a ReplicaSet: the Deployment's, narrowed to one template. */
const narrowed = (selector: LabelSelector | undefined, hash: string): LabelSelector => ({
  ...selector,
  matchLabels: { ...selector?.matchLabels, [hashLabel]: hash },
})

/** A ReplicaSet for the Deployment's template with that many replicas. */
const made = (deployment: DeploymentObject, revision: number, replicas: number): ReplicaSetObject => {
  const { template, selector, minReadySeconds } = deployment.spec ?? {}
  const hash = templateHash(template, deployment.status?.collisionCount)
  const labels = { ...template?.metadata?.labels, [hashLabel]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: { ...annotationsAt(deployment, undefined, revision), ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: narrowed(selector, hash),
      template: { ...structuredClone(template), metadata: { ...structuredClone(template?.metadata), labels } },
    },
  }
}

/** `undefined` when another ReplicaSet already has that name: the hash collided. */
export const createReplicaSet = (
  registry: Registry,
  deployment: DeploymentObject,
  revision: number,
  replicas: number,
): ReplicaSetObject | undefined => {
  try {
    return registry.create(made(deployment, revision, replicas), asManager)
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return undefined
    throw error
  }
}

/** Brings revision, copied annotations and `minReadySeconds` of the new ReplicaSet up to date. */
export const refreshNew = (
  registry: Registry,
  deployment: DeploymentObject,
  set: ReplicaSetObject,
  revision: number,
): ReplicaSetObject => {
  const { name, namespace } = set.metadata
  const change = (draft: KubeObject) => {
    draft.metadata.annotations = annotationsAt(deployment, set, revision)
    const { spec } = draft as ReplicaSetObject
    if (spec && deployment.spec?.minReadySeconds) spec.minReadySeconds = deployment.spec.minReadySeconds
    else delete spec?.minReadySeconds
  }
  return registry.mutate(resources.replicaSets, name, namespace, change, asManager) ?? set
}
