/** The CRD of Gateway. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { doc, list, map, object, text, uint32 } from './schema.ts'
import { serverTls } from './shared.ts'

export const gateway = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'Gateway',
    plural: 'gateways',
    shortNames: ['gw'],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes: 'Opens ports on an ingress or egress gateway.',
    columns: [],
    spec: object({
      selector: doc('Labels of the gateway pods.', map(doc('Labels of the gateway pods.', text))),
      servers: doc(
        'The ports, hosts and TLS settings.',
        list(
          object(
            {
              bind: text,
              defaultEndpoint: text,
              hosts: list(text),
              name: text,
              port: object(
                { name: text, number: uint32, protocol: text, targetPort: uint32 },
                { required: ['number', 'protocol', 'name'] },
              ),
              tls: serverTls,
            },
            { required: ['port', 'hosts'] },
          ),
        ),
      ),
    }),
  })
