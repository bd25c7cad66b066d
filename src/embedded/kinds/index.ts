/**
 * Every built-in kind, in the order in which a real API server's discovery lists its groups. That order decides what an
 * ambiguous short name means. Not served: bindings, componentstatuses, apiregistration, flowcontrol, resource,
 * networking's addresses and service CIDRs, storage capacities, mutating admission policies.
 */
import { admissionPolicyKinds } from './admission-policies.ts'
import { horizontalPodAutoscalerKind } from './autoscaler.ts'
import { horizontalPodAutoscalerV1Kind } from './autoscaler-v1.ts'
import { certificateSigningRequestKind } from './certificates.ts'
import { configMapKind, secretKind } from './config.ts'
import { daemonSetKind } from './daemonset.ts'
import { deploymentKind } from './deployment.ts'
import { endpointSliceKind, endpointsKind } from './endpoints.ts'
import { eventKind } from './event.ts'
import { eventV1Kind } from './event-v1.ts'
import { ingressClassKind, ingressKind } from './ingress.ts'
import { cronJobKind, jobKind } from './job.ts'
import type { Kind } from './kind.ts'
import { leaseKind } from './lease.ts'
import { limitRangeKind, resourceQuotaKind } from './limits.ts'
import { namespaceKind } from './namespace.ts'
import { networkPolicyKind } from './network-policy.ts'
import { nodeKind } from './node.ts'
import { podKind } from './pod.ts'
import { podDisruptionBudgetKind, priorityClassKind } from './policy.ts'
import { rbacKinds } from './rbac.ts'
import { replicaSetKind, replicationControllerKind } from './replicas.ts'
import { authenticationKinds, authorizationKinds } from './reviews.ts'
import { runtimeClassKind } from './runtime-class.ts'
import { serviceKind } from './service.ts'
import { serviceAccountKind } from './service-account.ts'
import { statefulSetKind } from './statefulset.ts'
import { persistentVolumeClaimKind, persistentVolumeKind, storageClassKind } from './storage.ts'
import { storageDriverKinds } from './storage-drivers.ts'
import { controllerRevisionKind, podTemplateKind } from './templates.ts'
import { webhookConfigurationKinds } from './webhooks.ts'

const core = [
  configMapKind,
  endpointsKind,
  eventKind,
  limitRangeKind,
  namespaceKind,
  nodeKind,
  persistentVolumeClaimKind,
  persistentVolumeKind,
  podKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
]

const apps = [controllerRevisionKind, daemonSetKind, deploymentKind, replicaSetKind, statefulSetKind]

/** A fresh list; the records are shared and never changed. */
export const builtinKinds = (): Kind[] => [
  ...core,
  ...apps,
  eventV1Kind,
  ...authenticationKinds,
  ...authorizationKinds,
  horizontalPodAutoscalerKind,
  horizontalPodAutoscalerV1Kind,
  cronJobKind,
  jobKind,
  certificateSigningRequestKind,
  ingressClassKind,
  ingressKind,
  networkPolicyKind,
  podDisruptionBudgetKind,
  ...rbacKinds,
  storageClassKind,
  ...storageDriverKinds,
  ...webhookConfigurationKinds,
  ...admissionPolicyKinds,
  priorityClassKind,
  leaseKind,
  runtimeClassKind,
  endpointSliceKind,
]
