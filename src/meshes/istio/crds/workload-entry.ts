/** The CRD of WorkloadEntry. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { workloadEntrySpec } from './shared.ts'

export const workloadEntry = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'WorkloadEntry',
    plural: 'workloadentries',
    shortNames: ['we'],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes: 'One workload outside Kubernetes, such as a virtual machine.',
    root: { required: ['spec'] },
    columns: [
      ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.'],
      ['Address', 'string', '.spec.address', 'The address of the endpoint.'],
    ],
    spec: workloadEntrySpec,
  })
