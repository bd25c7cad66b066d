/** Every mesh through the same suite. */
import { describe } from 'vitest'
import type { KubeObject } from '../../src/kube/api.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { linkerd } from '../../src/meshes/linkerd/index.ts'
import { meshContract } from './mesh.ts'

const object = (apiVersion: string, kind: string, name: string, spec: object): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'production', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
})

describe('istio', () => {
  const policy = (name: string, spec: object) => object('security.istio.io/v1', 'AuthorizationPolicy', name, spec)
  meshContract({
    mesh: istio,
    joined: { labels: { 'istio-injection': 'enabled' } },
    staysOut: { labels: { 'sidecar.istio.io/inject': 'false' } },
    shut: [policy('nothing', {})],
    admit: [
      policy('api', {
        selector: { matchLabels: { app: 'api' } },
        rules: [{ from: [{ source: { principals: ['cluster.local/ns/production/sa/frontend'] } }] }],
      }),
    ],
    refusePlaintext: [object('security.istio.io/v1', 'PeerAuthentication', 'default', { mtls: { mode: 'STRICT' } })],
    unmodelled: {
      object: object('networking.istio.io/v1', 'DestinationRule', 'api', {
        host: 'api',
        trafficPolicy: { proxyProtocol: { version: 'V1' } },
      }),
      field: 'spec.trafficPolicy.proxyProtocol',
    },
    refused: object('security.istio.io/v1', 'PeerAuthentication', 'ports', {
      mtls: { mode: 'STRICT' },
      portLevelMtls: { 8080: { mode: 'DISABLE' } },
    }),
  })
})

describe('linkerd', () => {
  const group = 'policy.linkerd.io'
  const server = (name: string, spec: object) => object(`${group}/v1beta3`, 'Server', name, { port: 'http', ...spec })
  meshContract({
    mesh: linkerd,
    joined: { annotations: { 'linkerd.io/inject': 'enabled' } },
    staysOut: { annotations: { 'linkerd.io/inject': 'disabled' } },
    shut: [server('all', { podSelector: {} })],
    admit: [
      // The port stays the one Server's; a route opens what is asked of one host.
      object(`${group}/v1beta3`, 'HTTPRoute', 'api', {
        parentRefs: [{ group, kind: 'Server', name: 'all' }],
        hostnames: ['api.production'],
        rules: [{ matches: [{ path: { value: '/' } }] }],
      }),
      object(`${group}/v1alpha1`, 'AuthorizationPolicy', 'api', {
        targetRef: { group, kind: 'HTTPRoute', name: 'api' },
        requiredAuthenticationRefs: [{ kind: 'ServiceAccount', name: 'frontend' }],
      }),
    ],
    refusePlaintext: [server('all', { podSelector: {}, accessPolicy: 'all-authenticated' })],
    unmodelled: {
      object: object(`${group}/v1beta3`, 'HTTPRoute', 'split', {
        parentRefs: [{ group: 'core', kind: 'Service', name: 'api', port: 80 }],
        rules: [{ backendRefs: [{ name: 'orders', port: 80 }] }],
      }),
      field: 'spec.parentRefs[0]',
    },
    refused: server('odd', { podSelector: {}, accessPolicy: 'strict' }),
  })
})
