/**
 * What stands between a valid write and the store, inside the process: mesh webhooks, ServiceAccount admission,
 * namespace lifecycle, service IP allocation. Synchronous, so that a write stays one turn.
 */
import type { KubeObject } from '../kube/api.ts'
import type { User } from './apiserver/auth.ts'

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  group: string
  resource: string
  namespace?: string
  name?: string
  subresource?: string
  /** Absent for what the control plane does itself. */
  user?: User
  dryRun: boolean
  /** Being written; a plugin may change it in place on CREATE and UPDATE. */
  object?: KubeObject
  oldObject?: KubeObject
  warn: (text: string) => void
}

/** Mutates `request.object` or throws a `StatusError` to refuse. Plugins run in the order of the list. */
export interface AdmissionPlugin {
  name: string
  /** `mutate` runs before validation, `validate` after it. */
  mutate?: (request: AdmissionRequest) => void
  validate?: (request: AdmissionRequest) => void
}
