/** The CRD of PeerAuthentication. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { checked, choice, doc, map, object } from './schema.ts'
import { selector } from './shared.ts'

export const peerAuthentication = (): KubeObject =>
  crd({
    group: 'security.istio.io',
    kind: 'PeerAuthentication',
    plural: 'peerauthentications',
    shortNames: ['pa'],
    versions: ['v1', 'v1beta1'],
    storage: 'v1',
    describes:
      'Says how the sidecars of workloads take incoming connections: mTLS only, mTLS or plaintext, or plaintext only.',
    columns: [
      ['Mode', 'string', '.spec.mtls.mode', 'The mTLS mode.'],
      ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.'],
    ],
    spec: doc(
      'Which workloads, and which mode.',
      checked(
        object({
          mtls: doc(
            'The mode for all ports that portLevelMtls does not name. Absent: inherited from the namespace, then the mesh, and at last PERMISSIVE.',
            object({
              mode: doc(
                'STRICT takes mTLS only, PERMISSIVE takes mTLS and plaintext, DISABLE takes plaintext only, UNSET inherits from the level above.',
                choice('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'),
              ),
            }),
          ),
          portLevelMtls: doc(
            "Modes of single ports, by the container's port number (not the Service's). Needs a selector.",
            checked(
              map(
                object({
                  mode: doc(
                    "The mode of this port; UNSET inherits the workload's.",
                    choice('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'),
                  ),
                }),
                { minProperties: 1 },
              ),
              ['port must be between 1-65535', 'self.all(key, 0 < int(key) && int(key) <= 65535)'],
            ),
          ),
          selector: doc(
            'The workloads that this is for. Absent: the whole namespace, or the whole mesh when the object is in the root namespace (istio-system). A selector in the root namespace selects nothing.',
            selector,
          ),
        }),
        [
          'portLevelMtls requires selector',
          'has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true',
        ],
      ),
    ),
  })
