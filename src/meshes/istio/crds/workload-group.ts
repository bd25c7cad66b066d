/** The CRD of WorkloadGroup. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { atMostOne, checked, integer, list, map, object, string, text } from './schema.ts'
import { noPortsOnSockets, portNumber, workloadEntryFields } from './shared.ts'

export const workloadGroup = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'WorkloadGroup',
    plural: 'workloadgroups',
    shortNames: ['wg'],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes: 'A template for workload entries that register themselves.',
    root: { required: ['spec'] },
    columns: [['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.']],
    spec: object(
      {
        metadata: object({ annotations: map(text, { maxProperties: 256 }), labels: map(text, { maxProperties: 256 }) }),
        probe: atMostOne(
          object({
            exec: object({ command: list(string({ minLength: 1 })) }, { required: ['command'] }),
            failureThreshold: integer({ format: 'int32', minimum: 0 }),
            grpc: object({ port: portNumber, service: text }),
            httpGet: object(
              {
                host: text,
                httpHeaders: list(object({ name: string({ pattern: '^[-_A-Za-z0-9]+$' }), value: text })),
                path: text,
                port: portNumber,
                scheme: checked(text, ['scheme must be one of [HTTP, HTTPS]', 'self in ["", "HTTP", "HTTPS"]']),
              },
              { required: ['port'] },
            ),
            initialDelaySeconds: integer({ format: 'int32', minimum: 0 }),
            periodSeconds: integer({ format: 'int32', minimum: 0 }),
            successThreshold: integer({ format: 'int32', minimum: 0 }),
            tcpSocket: object({ host: text, port: portNumber }, { required: ['port'] }),
            timeoutSeconds: integer({ format: 'int32', minimum: 0 }),
          }),
          ['httpGet', 'tcpSocket', 'exec', 'grpc'],
        ),
        template: checked(workloadEntryFields, noPortsOnSockets),
      },
      { required: ['template'] },
    ),
  })
