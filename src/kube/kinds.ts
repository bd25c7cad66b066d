/** The few built-in kinds that the program itself reads into, as far as it does. Everything else stays `KubeObject`. */
import type { KubeObject, ObjectMeta } from './api.ts'

export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[]
}

export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: 'TCP' | 'UDP' | 'SCTP'
}

export interface Container {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: { name: string; value?: string; valueFrom?: unknown }[]
  ports?: ContainerPort[]
  restartPolicy?: string
  [field: string]: unknown
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  serviceAccountName?: string
  nodeName?: string
  restartPolicy?: string
  [field: string]: unknown
}

export interface ContainerStatus {
  name: string
  image: string
  ready: boolean
  started?: boolean
  restartCount: number
  state?: {
    waiting?: { reason?: string; message?: string }
    running?: { startedAt?: string }
    terminated?: { exitCode: number; reason?: string; finishedAt?: string }
  }
  [field: string]: unknown
}

export interface Pod extends KubeObject {
  kind: 'Pod'
  spec: PodSpec
  status?: {
    phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
    podIP?: string
    podIPs?: { ip: string }[]
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
    [field: string]: unknown
  }
}

export interface ServicePort {
  name?: string
  port: number
  targetPort?: number | string
  protocol?: 'TCP' | 'UDP' | 'SCTP'
  appProtocol?: string
  nodePort?: number
}

export interface Service extends KubeObject {
  kind: 'Service'
  spec: {
    type?: string
    clusterIP?: string
    clusterIPs?: string[]
    selector?: Record<string, string>
    ports?: ServicePort[]
    externalName?: string
    [field: string]: unknown
  }
}

export interface Namespace extends KubeObject {
  kind: 'Namespace'
  status?: { phase?: 'Active' | 'Terminating' }
}

export interface PodTemplate {
  metadata?: Partial<ObjectMeta>
  spec: PodSpec
}

export interface Deployment extends KubeObject {
  kind: 'Deployment'
  spec: { replicas?: number; selector: LabelSelector; template: PodTemplate; [field: string]: unknown }
  status?: { [field: string]: unknown }
}
