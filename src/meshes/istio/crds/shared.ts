/** Pieces that several Istio kinds have in common. */
import {
  checked,
  choice,
  doc,
  duration,
  flag,
  int32,
  integer,
  list,
  map,
  nullable,
  object,
  string,
  text,
  uint32,
} from './schema.ts'

export const extensionMatch = list(
  object({
    mode: choice('UNDEFINED', 'CLIENT', 'SERVER', 'CLIENT_AND_SERVER'),
    ports: list(object({ number: integer({ maximum: 65535, minimum: 1 }) }, { required: ['number'] }), {
      'x-kubernetes-list-map-keys': ['number'],
      'x-kubernetes-list-type': 'map',
    }),
  }),
)

export const selector = object({
  matchLabels: doc(
    'Labels that a pod must all carry, with exactly these values.',
    checked(
      map(checked(string({ maxLength: 63 }), ['wildcard not allowed in label value match', '!self.contains("*")']), {
        maxProperties: 4096,
      }),
      ['wildcard not allowed in label key match', 'self.all(key, !key.contains("*"))'],
      ['key must not be empty', 'self.all(key, key.size() != 0)'],
    ),
  ),
})

export const targetRef = object(
  {
    group: string({ maxLength: 253, pattern: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$' }),
    kind: string({ maxLength: 63, minLength: 1, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' }),
    name: string({ maxLength: 253, minLength: 1 }),
    namespace: checked(text, ['cross namespace referencing is not currently supported', 'self.size() == 0']),
  },
  { required: ['kind', 'name'] },
)

export const targetRefs = list(targetRef, { maxItems: 16 })

/** The rule of specs with a selector and targets. */
export const oneTarget: [string, string] = [
  'only one of targetRefs or selector can be set',
  '(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
]

export const vmConfig = object({
  env: list(
    checked(
      object(
        {
          name: string({ maxLength: 256, minLength: 1 }),
          value: string({ maxLength: 2048 }),
          valueFrom: choice('INLINE', 'HOST'),
        },
        { required: ['name'] },
      ),
      [
        'value may only be set when valueFrom is INLINE',
        '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)',
      ],
    ),
    { maxItems: 256, 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-list-type': 'map' },
  ),
})

export const connectionPool = object({
  http: object({
    h2UpgradePolicy: choice('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
    http1MaxPendingRequests: int32,
    http2KeepAlive: object({ interval: duration, timeout: duration }),
    http2MaxRequests: int32,
    idleTimeout: duration,
    maxConcurrentStreams: int32,
    maxRequestsPerConnection: int32,
    maxRetries: int32,
    useClientProtocol: flag,
  }),
  tcp: object({
    connectTimeout: duration,
    idleTimeout: text,
    maxConnectionDuration: duration,
    maxConnections: int32,
    tcpKeepalive: object({ interval: duration, probes: uint32, time: duration }),
  }),
})

export const portSelector = object({ number: uint32 })

export const portNumber = checked(uint32, ['port must be between 1-65535', '0 < self && self <= 65535'])

export const workloadSelector = object({
  labels: map(checked(string({ maxLength: 63 }), ['wildcard is not supported in selector', '!self.contains("*")']), {
    maxProperties: 256,
  }),
})

export const serverTls = checked(
  object({
    caCertCredentialName: text,
    caCertificates: text,
    caCrl: text,
    cipherSuites: list(text),
    credentialName: text,
    credentialNames: list(text, { maxItems: 2, minItems: 1 }),
    ecdhCurves: list(text),
    httpsRedirect: flag,
    insecureSkipVerify: nullable(flag),
    maxProtocolVersion: choice('TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'),
    minProtocolVersion: choice('TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'),
    mode: choice('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'),
    privateKey: text,
    serverCertificate: text,
    subjectAltNames: list(text),
    tlsCertificates: list(object({ caCertificates: text, privateKey: text, serverCertificate: text }), {
      maxItems: 2,
      minItems: 1,
    }),
    verifyCertificateHash: list(text),
    verifyCertificateSpki: list(text),
  }),
  [
    'only one of credentialNames or tlsCertificates can be set',
    '(has(self.tlsCertificates) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1',
  ],
  [
    'only one of credentialName or credentialNames can be set',
    '(has(self.credentialName) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1',
  ],
  [
    'only one of credentialName or tlsCertificates can be set',
    '(has(self.credentialNames) ? 1 : 0) + (has(self.tlsCertificates) ? 1 : 0) <= 1',
  ],
)

export const endpointAddress = checked(
  string({ maxLength: 256 }),
  [
    'UDS must be an absolute path or abstract socket',
    'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true',
  ],
  ['UDS may not be a dir', 'self.startsWith("unix://") ? !self.endsWith("/") : true'],
)

export const portsByName = checked(map(portNumber, { maxProperties: 128 }), [
  'port name must be valid',
  'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))',
])

export const workloadEntryFields = object({
  address: doc('Its address.', endpointAddress),
  labels: map(text, { maxProperties: 256 }),
  locality: string({ maxLength: 2048 }),
  network: string({ maxLength: 2048 }),
  ports: portsByName,
  serviceAccount: string({ maxLength: 253 }),
  weight: uint32,
})

export const noPortsOnSockets: [string, string] = [
  'UDS may not include ports',
  '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true',
]

export const workloadEntrySpec = checked(
  workloadEntryFields,
  ['Address is required', 'has(self.address) || has(self.network)'],
  noPortsOnSockets,
)

export const destination = object({ host: text, port: portSelector, subset: text }, { required: ['host'] })
