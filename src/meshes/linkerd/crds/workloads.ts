/** The CRD of ExternalWorkload: a machine outside the cluster that Services select as if it were a pod. */
import type { KubeObject } from '../../../kube/api.ts'
import { choice, doc, instant, integer, list, object, string, text } from '../../schema.ts'
import { crd, type Version } from './definition.ts'

const name = (description: string) => doc(description, string({ minLength: 1, maxLength: 253 }))

const meshTLS = object(
  {
    identity: name('Who its proxy is: what callers find in its certificate.'),
    serverName: name('The DNS name that callers ask its proxy for.'),
  },
  { required: ['identity', 'serverName'] },
)

const specOf = (tls: string, addresses: number) =>
  object(
    {
      [tls]: meshTLS,
      ports: doc(
        'What it listens on.',
        list(
          object(
            {
              name: doc('What Services may call the port.', text),
              port: integer({ format: 'int32', minimum: 1, maximum: 65535 }),
              protocol: string({ default: 'TCP' }),
            },
            { required: ['port'] },
          ),
        ),
      ),
      workloadIPs: doc('Where it is reached.', list(object({ ip: text }), { maxItems: addresses })),
    },
    { required: [tls] },
  )

const status = object({
  conditions: list(
    object(
      {
        type: string({
          maxLength: 316,
          pattern:
            '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
        }),
        status: choice('True', 'False', 'Unknown'),
        reason: string({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' }),
        message: string({ maxLength: 32768 }),
        lastProbeTime: instant,
        lastTransitionTime: instant,
      },
      { required: ['status', 'type'] },
    ),
  ),
})

export const externalWorkload = (): KubeObject => {
  const version = (name: string, tls: string, addresses: number) => ({
    name,
    spec: specOf(tls, addresses),
    columns: [
      ['Identity', 'string', `.spec.${tls}.identity`, ''],
      ['Age', 'date', '.metadata.creationTimestamp', ''],
    ] as Version['columns'],
  })
  return crd({
    group: 'workload.linkerd.io',
    kind: 'ExternalWorkload',
    plural: 'externalworkloads',
    storage: 'v1beta1',
    versions: [version('v1alpha1', 'meshTls', 1), { ...version('v1beta1', 'meshTLS', 2), status }],
  })
}
