/** All CustomResourceDefinitions of an Istio installation. Loaded on demand: they are most of the engine by size. */
import type { KubeObject } from '../../../kube/api.ts'
import { authorizationPolicy } from './authorization-policy.ts'
import { destinationRule } from './destination-rule.ts'
import { envoyFilter } from './envoy-filter.ts'
import { gateway } from './gateway.ts'
import { peerAuthentication } from './peer-authentication.ts'
import { proxyConfig } from './proxy-config.ts'
import { requestAuthentication } from './request-authentication.ts'
import { serviceEntry } from './service-entry.ts'
import { sidecar } from './sidecar.ts'
import { telemetry } from './telemetry.ts'
import { trafficExtension } from './traffic-extension.ts'
import { virtualService } from './virtual-service.ts'
import { wasmPlugin } from './wasm-plugin.ts'
import { workloadEntry } from './workload-entry.ts'
import { workloadGroup } from './workload-group.ts'

export const crds = (): KubeObject[] => [
  trafficExtension(),
  wasmPlugin(),
  destinationRule(),
  envoyFilter(),
  gateway(),
  proxyConfig(),
  serviceEntry(),
  sidecar(),
  virtualService(),
  workloadEntry(),
  workloadGroup(),
  authorizationPolicy(),
  peerAuthentication(),
  requestAuthentication(),
  telemetry(),
]
