/** Every built-in kind, in the order in which a real API server's discovery lists its groups. */
import { deploymentKind } from './deployment.ts'
import type { Kind } from './kind.ts'
import { namespaceKind } from './namespace.ts'
import { podKind } from './pod.ts'
import { replicaSetKind, replicationControllerKind } from './replicas.ts'
import { serviceKind } from './service.ts'

const core = [namespaceKind, podKind, replicationControllerKind, serviceKind]
const apps = [deploymentKind, replicaSetKind]

/** A fresh list; records are shared and never changed. */
export const builtinKinds = (): Kind[] => [...core, ...apps]
