/** The CRDs of Server and ServerAuthorization. Field trees and versions are Linkerd's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { doc, flag, list, object, type Schema, string } from '../../schema.ts'
import { crd, networks, selector, type Version } from './definition.ts'

const group = 'policy.linkerd.io'
const deprecation = (version: string, kind: string, instead: string): string =>
  `${group}/${version} ${kind} is deprecated; use ${group}/${instead} ${kind}`

const port: Schema = doc("A container port's number or name. The port of a Service means nothing here.", {
  'x-kubernetes-int-or-string': true,
})
const podSelector = selector('The pods of this namespace that it is for; {} means all of them.')
const proxyProtocol = doc(
  'What the proxy takes connections for: unknown (it looks), HTTP/1, HTTP/2, gRPC, opaque or TLS. Beats config.linkerd.io/opaque-ports.',
  string({ default: 'unknown' }),
)

const either: Schema = {
  oneOf: [{ required: ['podSelector'] }, { required: ['externalWorkloadSelector'] }],
}
const externalWorkloadSelector = selector('The external workloads that it is for.')

const columns: Version['columns'] = [
  ['Port', 'string', '.spec.port', 'The port the server is listening on'],
  ['Protocol', 'string', '.spec.proxyProtocol', 'The protocol of the server'],
]

export const server = (): KubeObject =>
  crd({
    group,
    kind: 'Server',
    plural: 'servers',
    shortNames: ['srv'],
    storage: 'v1beta3',
    versions: [
      ...['v1alpha1', 'v1beta1'].map((name) => ({
        name,
        deprecated: deprecation(name, 'Server', name === 'v1alpha1' ? 'v1beta1' : 'v1beta3'),
        spec: object({ podSelector, port, proxyProtocol }, { required: ['podSelector', 'port'] }),
        columns,
      })),
      {
        name: 'v1beta2',
        spec: object({ podSelector, externalWorkloadSelector, port, proxyProtocol }, { required: ['port'], ...either }),
        columns,
      },
      {
        name: 'v1beta3',
        spec: object(
          {
            accessPolicy: doc(
              'Who may connect where no authorization admits: deny, audit, or one of the all- and cluster- policies.',
              string({ default: 'deny' }),
            ),
            podSelector,
            externalWorkloadSelector,
            port,
            proxyProtocol,
          },
          { required: ['port'], ...either },
        ),
        columns: [
          ...columns,
          [
            'Access Policy',
            'string',
            '.spec.accessPolicy',
            'The default access policy applied when the traffic doesn’t match any of the policies',
          ],
        ],
      },
    ],
  })

const client = doc(
  'Who is admitted.',
  object({
    networks: doc("Addresses that it is for; absent: the cluster's networks.", networks),
    unauthenticated: doc('Admits callers without an identity too. Not together with meshTLS.', flag),
    meshTLS: object({
      unauthenticatedTLS: doc('Takes TLS without asking for an identity.', flag),
      identities: doc(
        'Identities of proxies; * at the beginning stands for all of a domain.',
        list(string({ pattern: '^(\\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$' })),
      ),
      serviceAccounts: doc(
        'ServiceAccounts of callers.',
        list(
          object(
            {
              name: string({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
              namespace: string({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
            },
            { required: ['name'] },
          ),
        ),
      ),
    }),
  }),
)

export const serverAuthorization = (): KubeObject =>
  crd({
    group,
    kind: 'ServerAuthorization',
    plural: 'serverauthorizations',
    shortNames: ['saz', 'serverauthz', 'srvauthz'],
    storage: 'v1beta1',
    versions: ['v1alpha1', 'v1beta1'].map((name) => ({
      name,
      ...(name === 'v1alpha1' ? { deprecated: deprecation(name, 'ServerAuthorization', 'v1beta1') } : {}),
      spec: object(
        {
          server: doc(
            'The Servers of this namespace that it is for: one by name, or several by their labels.',
            object(
              {
                name: string({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
                selector: selector('Labels of Servers.'),
              },
              { oneOf: [{ required: ['name'] }, { required: ['selector'] }] },
            ),
          ),
          client,
        },
        { required: ['server', 'client'] },
      ),
      columns: [['Server', 'string', '.spec.server.name', 'The server that this grants access to']],
    })),
  })
