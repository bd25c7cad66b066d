/** The CustomResourceDefinitions of `linkerd install --crds` that policy needs and `linkerd check` asks for, and the Gateway API's routes before them. */
import type { KubeObject } from '../../../kube/api.ts'
import {
  authorizationPolicy,
  egressNetwork,
  httpLocalRateLimitPolicy,
  meshTLSAuthentication,
  networkAuthentication,
} from './policies.ts'
import { serviceProfile } from './profiles.ts'
import { gatewayHttpRoute, grpcRoute, policyHttpRoute } from './routes.ts'
import { server, serverAuthorization } from './servers.ts'
import { externalWorkload } from './workloads.ts'

export const crds = (): KubeObject[] => [
  gatewayHttpRoute(),
  grpcRoute(),
  authorizationPolicy(),
  egressNetwork(),
  httpLocalRateLimitPolicy(),
  policyHttpRoute(),
  meshTLSAuthentication(),
  networkAuthentication(),
  serverAuthorization(),
  server(),
  serviceProfile(),
  externalWorkload(),
]
