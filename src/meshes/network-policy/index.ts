/** Kubernetes' own NetworkPolicies: pure, like a mesh, and asked before one. */
export { decide, type Packet, type PolicyDecision } from './decide.ts'
export { askNameServer, isAskedFor } from './name-server.ts'
export { compile, type PolicyModel, reads } from './policy.ts'
export { behindPolicies, dropped, withoutMesh } from './verdict.ts'
