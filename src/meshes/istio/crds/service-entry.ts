/** The CRD of ServiceEntry. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { checked, choice, doc, list, object, string, text } from './schema.ts'
import { portNumber, workloadEntrySpec, workloadSelector } from './shared.ts'

export const serviceEntry = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'ServiceEntry',
    plural: 'serviceentries',
    shortNames: ['se'],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes: 'Adds hosts, mostly outside the cluster, to what sidecars know.',
    root: { required: ['spec'] },
    columns: [
      ['Hosts', 'string', '.spec.hosts', 'The host names.'],
      ['Location', 'string', '.spec.location', 'Inside or outside the mesh.'],
      ['Resolution', 'string', '.spec.resolution', 'How endpoints are found.'],
      ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.'],
    ],
    spec: checked(
      object(
        {
          addresses: doc('Virtual addresses of the hosts.', list(string({ maxLength: 64 }), { maxItems: 256 })),
          endpoints: doc('Fixed endpoints.', list(workloadEntrySpec, { maxItems: 4096 })),
          exportTo: list(text),
          hosts: doc(
            'The host names.',
            list(checked(text, ['hostname cannot be wildcard', 'self != "*"']), { maxItems: 256, minItems: 1 }),
          ),
          location: doc('Whether the host is part of the mesh.', choice('MESH_EXTERNAL', 'MESH_INTERNAL')),
          ports: doc(
            'Their ports.',
            checked(
              list(
                object(
                  {
                    name: string({ maxLength: 256 }),
                    number: portNumber,
                    protocol: string({ maxLength: 256 }),
                    targetPort: portNumber,
                  },
                  { required: ['number', 'name'] },
                ),
                { maxItems: 256, 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-list-type': 'map' },
              ),
              ['port number cannot be duplicated', 'self.all(l1, self.exists_one(l2, l1.number == l2.number))'],
            ),
          ),
          resolution: doc(
            'How endpoint addresses are found.',
            choice('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
          ),
          subjectAltNames: list(text),
          workloadSelector: workloadSelector,
        },
        { required: ['hosts'] },
      ),
      [
        'only one of WorkloadSelector or Endpoints can be set',
        '(has(self.workloadSelector) ? 1 : 0) + (has(self.endpoints) ? 1 : 0) <= 1',
      ],
      [
        'CIDR addresses are allowed only for NONE/STATIC resolution types',
        '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))',
      ],
      [
        'NONE mode cannot set endpoints',
        '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true',
      ],
      [
        'DNS_ROUND_ROBIN mode cannot have multiple endpoints',
        '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true',
      ],
    ),
  })
