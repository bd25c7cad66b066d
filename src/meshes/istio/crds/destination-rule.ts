/** The CRD of DestinationRule. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import {
  atMostOne,
  atMostOneOfEach,
  choice,
  doc,
  duration,
  flag,
  int32,
  integer,
  list,
  map,
  natural,
  nullable,
  number,
  object,
  text,
  uint32,
} from './schema.ts'
import { connectionPool, portSelector, selector } from './shared.ts'

const failover = list(object({ from: text, to: text }))

const loadBalancer = atMostOne(
  object({
    backendUtilization: object({
      errorUtilizationPenaltyPercent: uint32,
      metricNamesForComputingUtilization: list(text),
      weightExpirationPeriod: text,
      weightStabilizationPeriod: text,
      weightUpdatePeriod: text,
    }),
    consistentHash: atMostOneOfEach(
      object({
        httpCookie: object(
          {
            attributes: list(object({ name: text, value: text }, { required: ['name'] })),
            name: text,
            path: text,
            ttl: text,
          },
          { required: ['name'] },
        ),
        httpHeaderName: text,
        httpQueryParameterName: text,
        maglev: object({ tableSize: natural }),
        minimumRingSize: natural,
        ringHash: object({ minimumRingSize: natural }),
        useSourceIp: flag,
      }),
      ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'],
      ['ringHash', 'maglev'],
    ),
    localityLbSetting: object({
      distribute: list(object({ from: text, to: map(uint32) })),
      enabled: nullable(flag),
      failover: failover,
      failoverPriority: list(text),
    }),
    simple: choice('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
    warmup: object(
      {
        aggression: nullable(number({ format: 'double', minimum: 0 })),
        duration: duration,
        minimumPercent: nullable(number({ format: 'double', maximum: 100, minimum: 0 })),
      },
      { required: ['duration'] },
    ),
    warmupDurationSecs: duration,
    zoneAwareLbSetting: object({
      enabled: nullable(flag),
      failover: failover,
      failoverPriority: list(text),
      minClusterSize: nullable(integer({ maximum: 4294967295, minimum: 1 })),
    }),
  }),
  ['simple', 'consistentHash', 'backendUtilization'],
)

const outlierDetection = object({
  baseEjectionTime: duration,
  consecutive5xxErrors: nullable(uint32),
  consecutiveErrors: int32,
  consecutiveGatewayErrors: nullable(uint32),
  consecutiveLocalOriginFailures: nullable(uint32),
  interval: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
  outlierDetectionHttpErrorCodes: list(integer({ maximum: 599, minimum: 100 })),
  splitExternalLocalOriginErrors: flag,
})

const clientTls = object({
  caCertificates: text,
  caCrl: text,
  clientCertificate: text,
  credentialName: text,
  insecureSkipVerify: nullable(flag),
  mode: choice('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
  privateKey: text,
  sni: text,
  subjectAltNames: list(text),
})

const trafficPolicy = object({
  connectionPool: connectionPool,
  loadBalancer: loadBalancer,
  outlierDetection: outlierDetection,
  portLevelSettings: list(
    object({
      connectionPool: connectionPool,
      loadBalancer: loadBalancer,
      outlierDetection: outlierDetection,
      port: portSelector,
      tls: clientTls,
    }),
    { maxItems: 4096 },
  ),
  proxyProtocol: object({ version: choice('V1', 'V2') }),
  retryBudget: object({
    budgetInterval: text,
    minRetryConcurrency: uint32,
    percent: nullable(number({ format: 'double', maximum: 100, minimum: 0 })),
  }),
  tls: clientTls,
  tunnel: object({ protocol: text, targetHost: text, targetPort: uint32 }, { required: ['targetHost', 'targetPort'] }),
})

export const destinationRule = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'DestinationRule',
    plural: 'destinationrules',
    shortNames: ['dr'],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes:
      'Says how callers talk to a host once routing has picked it: TLS, load balancing, connection limits, subsets.',
    columns: [
      ['Host', 'string', '.spec.host', 'The Service that the rule is for.'],
      ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.'],
    ],
    spec: object(
      {
        exportTo: doc(
          'Namespaces whose callers see this: names, "." for its own, "*" for all (the default).',
          list(text),
        ),
        host: doc('The Service this is for; short names are completed with the namespace of the rule.', text),
        subsets: doc(
          'Named groups of endpoints, by labels, that routes can pick.',
          list(object({ labels: map(text), name: text, trafficPolicy: trafficPolicy }, { required: ['name'] })),
        ),
        trafficPolicy: doc('Settings for all ports and subsets that have none of their own.', trafficPolicy),
        workloadSelector: doc('Only these callers, in the namespace of the rule.', selector),
      },
      { required: ['host'] },
    ),
  })
