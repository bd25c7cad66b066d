/**
 * Built-in kinds as the API server and the controllers read and write them, as far as they do. Every field is optional:
 * validation meets objects that a user left half empty. Strict decoding has checked JSON types before any of this runs.
 */

import type { KubeObject, ObjectMeta } from '../../kube/api.ts'
import type { Container, ContainerPort, ContainerStatus, LabelSelector, ServicePort } from '../../kube/kinds.ts'
import type { EnvFrom, EnvVar } from './validation/env.ts'
import type { Handler } from './validation/probes.ts'
import type { SecurityContext } from './validation/security-context.ts'

export interface Probe {
  httpGet?: { path?: string; port?: number | string; scheme?: string; httpHeaders?: { name?: string }[] }
  tcpSocket?: { port?: number | string }
  exec?: { command?: string[] }
  grpc?: { port?: number; service?: string }
  initialDelaySeconds?: number
  timeoutSeconds?: number
  periodSeconds?: number
  successThreshold?: number
  failureThreshold?: number
  terminationGracePeriodSeconds?: number
}

export interface VolumeMount {
  name?: string
  mountPath?: string
  readOnly?: boolean
  subPath?: string
  subPathExpr?: string
  mountPropagation?: string
}

export type Quantities = Record<string, string | number>

export interface ContainerSpec extends Omit<Container, 'name' | 'image' | 'ports'> {
  name?: string
  image?: string
  imagePullPolicy?: string
  ports?: (Partial<ContainerPort> & { hostPort?: number; hostIP?: string })[]
  resources?: { limits?: Quantities; requests?: Quantities }
  volumeMounts?: VolumeMount[]
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  env?: EnvVar[]
  envFrom?: EnvFrom[]
  securityContext?: SecurityContext
  lifecycle?: Partial<Record<'postStart' | 'preStop', Handler>>
  restartPolicy?: string
  terminationMessagePath?: string
  terminationMessagePolicy?: string
}

export interface Volume {
  name?: string
  [source: string]: unknown
}

export interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number
}

export interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
  matchFields?: { key: string; operator: string; values?: string[] }[]
}

export interface PodSpec {
  containers?: ContainerSpec[]
  initContainers?: ContainerSpec[]
  ephemeralContainers?: ContainerSpec[]
  volumes?: Volume[]
  restartPolicy?: string
  dnsPolicy?: string
  schedulerName?: string
  securityContext?: Record<string, unknown>
  terminationGracePeriodSeconds?: number
  activeDeadlineSeconds?: number
  enableServiceLinks?: boolean
  serviceAccountName?: string
  serviceAccount?: string
  automountServiceAccountToken?: boolean
  nodeName?: string
  nodeSelector?: Record<string, string>
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] } }
    [field: string]: unknown
  }
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  hostUsers?: boolean
  hostAliases?: { ip?: string; hostnames?: string[] }[]
  imagePullSecrets?: { name?: string }[]
  os?: { name?: string }
  dnsConfig?: { nameservers?: string[]; searches?: string[]; options?: { name?: string }[] }
  hostname?: string
  subdomain?: string
  tolerations?: Toleration[]
  priority?: number
  priorityClassName?: string
  preemptionPolicy?: string
  readinessGates?: { conditionType: string }[]
  schedulingGates?: { name: string }[]
  [field: string]: unknown
}

export interface PodTemplateSpec {
  metadata?: Partial<ObjectMeta>
  spec?: PodSpec
}

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
  lastProbeTime?: string | null
  observedGeneration?: number
}

export interface PodObject extends KubeObject {
  spec?: PodSpec
  status?: {
    phase?: string
    reason?: string
    message?: string
    qosClass?: string
    podIP?: string
    podIPs?: { ip?: string }[]
    hostIP?: string
    nominatedNodeName?: string
    startTime?: string
    conditions?: Condition[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
    ephemeralContainerStatuses?: ContainerStatus[]
    [field: string]: unknown
  }
}

export interface ReplicaSetObject extends KubeObject {
  spec?: { replicas?: number; minReadySeconds?: number; selector?: LabelSelector; template?: PodTemplateSpec }
  status?: {
    replicas?: number
    fullyLabeledReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    terminatingReplicas?: number
    observedGeneration?: number
    conditions?: Condition[]
  }
}

export interface DeploymentObject extends KubeObject {
  spec?: {
    replicas?: number
    selector?: LabelSelector
    template?: PodTemplateSpec
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }
    minReadySeconds?: number
    revisionHistoryLimit?: number
    paused?: boolean
    progressDeadlineSeconds?: number
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    updatedReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    terminatingReplicas?: number
    conditions?: Condition[]
    collisionCount?: number
  }
}

export interface StatefulSetObject extends KubeObject {
  spec?: {
    replicas?: number
    selector?: LabelSelector
    template?: PodTemplateSpec
    serviceName?: string
    volumeClaimTemplates?: KubeObject[]
    podManagementPolicy?: string
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number; maxUnavailable?: number | string } }
    revisionHistoryLimit?: number
    minReadySeconds?: number
    ordinals?: { start?: number }
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string; whenScaled?: string }
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    readyReplicas?: number
    currentReplicas?: number
    updatedReplicas?: number
    availableReplicas?: number
    currentRevision?: string
    updateRevision?: string
    collisionCount?: number
  }
}

export interface DaemonSetObject extends KubeObject {
  spec?: {
    selector?: LabelSelector
    template?: PodTemplateSpec
    updateStrategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }
    minReadySeconds?: number
    revisionHistoryLimit?: number
  }
  status?: {
    currentNumberScheduled?: number
    numberMisscheduled?: number
    desiredNumberScheduled?: number
    numberReady?: number
    observedGeneration?: number
    updatedNumberScheduled?: number
    numberAvailable?: number
    numberUnavailable?: number
  }
}

export interface JobSpec {
  parallelism?: number
  completions?: number
  backoffLimit?: number
  activeDeadlineSeconds?: number
  ttlSecondsAfterFinished?: number
  completionMode?: string
  suspend?: boolean
  podReplacementPolicy?: string
  manualSelector?: boolean
  selector?: LabelSelector
  template?: PodTemplateSpec
}

export interface JobObject extends KubeObject {
  spec?: JobSpec
  status?: {
    startTime?: string
    completionTime?: string
    active?: number
    ready?: number
    terminating?: number
    succeeded?: number
    failed?: number
    conditions?: Condition[]
    uncountedTerminatedPods?: Record<string, never>
  }
}

export interface ServiceObject extends KubeObject {
  spec?: {
    type?: string
    clusterIP?: string
    clusterIPs?: string[]
    selector?: Record<string, string>
    ports?: Partial<ServicePort>[]
    externalName?: string
    externalIPs?: string[]
    loadBalancerSourceRanges?: string[]
    sessionAffinity?: string
    sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } }
    internalTrafficPolicy?: string
    externalTrafficPolicy?: string
    allocateLoadBalancerNodePorts?: boolean
    loadBalancerIP?: string
    ipFamilies?: string[]
    ipFamilyPolicy?: string
    publishNotReadyAddresses?: boolean
    healthCheckNodePort?: number
  }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}

export interface NodeObject extends KubeObject {
  spec?: {
    podCIDR?: string
    unschedulable?: boolean
    taints?: { key: string; value?: string; effect: string }[]
  }
  status?: {
    capacity?: Quantities
    allocatable?: Quantities
    conditions?: Condition[]
    addresses?: { type: string; address: string }[]
    nodeInfo?: Record<string, string>
  }
}

export interface NamespaceObject extends KubeObject {
  spec?: { finalizers?: string[] }
  status?: { phase?: string; conditions?: Condition[] }
}

export interface ServiceAccountObject extends KubeObject {
  automountServiceAccountToken?: boolean
  imagePullSecrets?: { name: string }[]
  secrets?: { name: string }[]
}

export interface EndpointAddress {
  ip: string
  hostname?: string
  nodeName?: string
  targetRef?: { kind: string; namespace?: string; name: string; uid?: string }
}

export interface EndpointsObject extends KubeObject {
  subsets?: {
    addresses?: EndpointAddress[]
    notReadyAddresses?: EndpointAddress[]
    ports?: { name?: string; port: number; protocol?: string; appProtocol?: string }[]
  }[]
}

export interface Endpoint {
  addresses?: string[]
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  hostname?: string
  nodeName?: string
  targetRef?: { kind: string; namespace?: string; name: string; uid?: string }
}

export interface EndpointSliceObject extends KubeObject {
  addressType?: string
  endpoints?: Endpoint[]
  ports?: { name?: string; port?: number; protocol?: string; appProtocol?: string }[]
}

export interface EventObject extends KubeObject {
  involvedObject?: {
    kind?: string
    namespace?: string
    name?: string
    uid?: string
    apiVersion?: string
    resourceVersion?: string
    fieldPath?: string
  }
  reason?: string
  message?: string
  type?: string
  source?: { component?: string; host?: string }
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  eventTime?: string | null
  count?: number
  action?: string
  series?: { count?: number; lastObservedTime?: string }
  reportingComponent?: string
  reportingInstance?: string
}
