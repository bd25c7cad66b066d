/**
 * The admission plugins that every cluster has, in the order in which a real API server runs them. The life cycle of
 * namespaces is part of the registry itself (`apiserver/namespaces.ts`).
 *
 * Not modelled: NodeRestriction, ImagePolicyWebhook, PodNodeSelector, and others that are off by default.
 */
import type { AdmissionPlugin } from '../admission.ts'
import type { Authorizer } from '../apiserver/rbac/authorizer.ts'
import { escalationPlugin } from '../apiserver/rbac/escalation.ts'
import type { Registry } from '../registry.ts'
import { appArmorPlugin } from './apparmor.ts'
import { certificatesPlugin } from './certificates.ts'
import { defaultStorageClassPlugin } from './default-storage-class.ts'
import { limitRangerPlugin } from './limit-ranger.ts'
import { notModelledPlugin } from './not-modelled.ts'
import { defaultTolerationsPlugin, priorityPlugin } from './pod-defaults.ts'
import { podSecurityPlugin } from './pod-security/index.ts'
import { validatingPolicyPlugin } from './policies/validating.ts'
import { resourceQuotaPlugin } from './quota/index.ts'
import { runtimeClassPlugin } from './runtime-class.ts'
import { serviceAccountPlugin } from './service-account.ts'
import { serviceAddressesPlugin } from './service-addresses.ts'
import { webhooksPlugin } from './webhooks.ts'

export interface AdmissionParts {
  registry: Registry
  authorizer: Authorizer
  /** Whether the mesh itself answers the webhooks of Services in that namespace. */
  isMeshNamespace?: (namespace: string) => boolean
}

/** Plugins of the API server itself. A mesh's mutating webhooks come after these. */
export const builtinAdmission = ({
  registry,
  authorizer,
  isMeshNamespace = () => false,
}: AdmissionParts): AdmissionPlugin[] => [
  appArmorPlugin,
  limitRangerPlugin(registry),
  serviceAccountPlugin(registry),
  runtimeClassPlugin(registry),
  defaultStorageClassPlugin(registry),
  defaultTolerationsPlugin,
  priorityPlugin(registry),
  serviceAddressesPlugin(registry),
  escalationPlugin(authorizer),
  certificatesPlugin(authorizer),
  podSecurityPlugin(registry),
  validatingPolicyPlugin(registry),
  webhooksPlugin(registry, isMeshNamespace),
  resourceQuotaPlugin(registry),
  notModelledPlugin,
]
