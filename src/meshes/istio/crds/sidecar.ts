/** The CRD of Sidecar. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { choice, doc, list, object, text, uint32 } from './schema.ts'
import { connectionPool, destination, serverTls, workloadSelector } from './shared.ts'

const serverPort = object({ name: text, number: uint32, protocol: text, targetPort: uint32 })

export const sidecar = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'Sidecar',
    plural: 'sidecars',
    shortNames: [],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes: 'Narrows what the sidecars of a namespace or workload know and listen to.',
    columns: [],
    spec: object({
      egress: doc(
        'What they can reach, as namespace/host.',
        list(
          object(
            { bind: text, captureMode: choice('DEFAULT', 'IPTABLES', 'NONE'), hosts: list(text), port: serverPort },
            { required: ['hosts'] },
          ),
        ),
      ),
      inboundConnectionPool: connectionPool,
      ingress: doc(
        'What they listen to, instead of what Services say.',
        list(
          object(
            {
              bind: text,
              captureMode: choice('DEFAULT', 'IPTABLES', 'NONE'),
              connectionPool: connectionPool,
              defaultEndpoint: text,
              port: serverPort,
              tls: serverTls,
            },
            { required: ['port'] },
          ),
        ),
      ),
      outboundTrafficPolicy: doc(
        'What happens to calls for unknown hosts.',
        object({ egressProxy: destination, mode: choice('REGISTRY_ONLY', 'ALLOW_ANY') }),
      ),
      workloadSelector: doc('The workloads this is for; absent: the namespace.', workloadSelector),
    }),
  })
