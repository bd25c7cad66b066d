/** The CRD of EnvoyFilter. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { atMostOne, checked, choice, doc, int32, list, map, object, text, uint32 } from './schema.ts'
import { portNumber, targetRefs, workloadSelector } from './shared.ts'

const filter = object({ name: text, subFilter: object({ name: text }) })

export const envoyFilter = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'EnvoyFilter',
    plural: 'envoyfilters',
    shortNames: [],
    versions: ['v1alpha3'],
    storage: 'v1alpha3',
    describes: 'Patches the configuration that istiod makes for Envoy. Nothing checks that the result makes sense.',
    columns: [],
    spec: checked(
      object({
        configPatches: doc(
          'The patches, in order.',
          list(
            object({
              applyTo: choice(
                'INVALID',
                'LISTENER',
                'FILTER_CHAIN',
                'NETWORK_FILTER',
                'HTTP_FILTER',
                'ROUTE_CONFIGURATION',
                'VIRTUAL_HOST',
                'HTTP_ROUTE',
                'CLUSTER',
                'EXTENSION_CONFIG',
                'BOOTSTRAP',
                'LISTENER_FILTER',
              ),
              match: checked(
                atMostOne(
                  object({
                    cluster: object({ name: text, portNumber: uint32, service: text, subset: text }),
                    context: choice('ANY', 'SIDECAR_INBOUND', 'SIDECAR_OUTBOUND', 'GATEWAY', 'WAYPOINT'),
                    listener: object({
                      filterChain: object({
                        applicationProtocols: text,
                        destinationPort: uint32,
                        filter: filter,
                        name: text,
                        sni: text,
                        transportProtocol: text,
                        transportSocket: text,
                      }),
                      listenerFilter: text,
                      name: text,
                      portName: text,
                      portNumber: uint32,
                    }),
                    proxy: object({ metadata: map(text), proxyVersion: text }),
                    routeConfiguration: object({
                      gateway: text,
                      name: text,
                      portName: text,
                      portNumber: uint32,
                      vhost: object({
                        domainName: text,
                        name: text,
                        route: object({ action: choice('ANY', 'ROUTE', 'REDIRECT', 'DIRECT_RESPONSE'), name: text }),
                      }),
                    }),
                    waypoint: object({ filter: filter, portNumber: portNumber, route: object({ name: text }) }),
                  }),
                  ['listener', 'routeConfiguration', 'cluster', 'waypoint'],
                ),
                [
                  'only support waypointMatch when context is WAYPOINT',
                  'has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)',
                ],
              ),
              patch: object({
                filterClass: choice('UNSPECIFIED', 'AUTHN', 'AUTHZ', 'STATS'),
                operation: choice(
                  'INVALID',
                  'MERGE',
                  'ADD',
                  'REMOVE',
                  'INSERT_BEFORE',
                  'INSERT_AFTER',
                  'INSERT_FIRST',
                  'REPLACE',
                  'MERGE_AND_REPLACE_LIST',
                ),
                value: object({}, { 'x-kubernetes-preserve-unknown-fields': true }),
              }),
            }),
          ),
        ),
        priority: int32,
        targetRefs: targetRefs,
        workloadSelector: doc('The proxies this is for; absent: all of the namespace.', workloadSelector),
      }),
      [
        'only one of targetRefs or workloadSelector can be set',
        '(has(self.workloadSelector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
      ],
    ),
  })
