/**
 * `linkerd check`: what of the real one's list can be seen over the API (linkerd2 pkg/healthcheck). Certificates, versions
 * of releases and viz are not asked, and not listed.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { proxyContainer } from '../../meshes/linkerd/pods.ts'
import { isReady } from '../../meshes/world.ts'
import type { ToolContext } from '../istioctl/context.ts'

/** Undefined: fine; otherwise why not. */
type Line = [says: string, ask: () => Promise<string | undefined>]

export const check = async (context: ToolContext): Promise<number> => {
  const { client, flags } = context
  const there = async (
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<string | undefined> =>
    (await client.find<KubeObject>({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) }))
      ? undefined
      : `${kind} ${name} is missing`
  const podsIn = async (namespace?: string): Promise<Pod[]> =>
    (await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, namespace ? { namespace } : {})).items
  const notReady = (pods: readonly Pod[]): string | undefined => {
    const bad = pods.find((pod) => !isReady(pod))
    return bad && `pod ${bad.metadata.namespace}/${bad.metadata.name} is not ready`
  }
  const crd = (name: string) => there('apiextensions.k8s.io/v1', 'CustomResourceDefinition', name)
  const hook = (kind: string, name: string) => there('admissionregistration.k8s.io/v1', kind, name)
  const sections: [name: string, lines: Line[]][] = [
    [
      'kubernetes-api',
      [
        ['can initialize the client', async () => undefined],
        ['can query the Kubernetes API', () => there('v1', 'Namespace', 'kube-system')],
      ],
    ],
    ['gateway-api-crd', [['Gateway API CRDs are installed', () => crd('httproutes.gateway.networking.k8s.io')]]],
    [
      'linkerd-existence',
      [
        ["'linkerd-config' config map exists", () => there('v1', 'ConfigMap', 'linkerd-config', 'linkerd')],
        ['control plane pods are ready', async () => notReady(await podsIn('linkerd'))],
      ],
    ],
    [
      'linkerd-config',
      [
        ['control plane Namespace exists', () => there('v1', 'Namespace', 'linkerd')],
        ['control plane ServiceAccounts exist', () => there('v1', 'ServiceAccount', 'linkerd-destination', 'linkerd')],
        ['control plane CustomResourceDefinitions exist', () => crd('servers.policy.linkerd.io')],
        [
          'control plane MutatingWebhookConfigurations exist',
          () => hook('MutatingWebhookConfiguration', 'linkerd-proxy-injector-webhook-config'),
        ],
        [
          'control plane ValidatingWebhookConfigurations exist',
          () => hook('ValidatingWebhookConfiguration', 'linkerd-policy-validator-webhook-config'),
        ],
      ],
    ],
    ...(flags.proxy === undefined
      ? []
      : ([
          [
            'linkerd-data-plane',
            [
              ['data plane namespace exists', async () => undefined],
              [
                'data plane proxies are ready',
                async () => {
                  const pods = await podsIn(context.namespace)
                  const meshed = pods.filter(({ spec }) =>
                    [...(spec.initContainers ?? []), ...spec.containers].some(({ name }) => name === proxyContainer),
                  )
                  if (meshed.length === 0) return `no "${proxyContainer}" containers found`
                  return notReady(meshed.filter(({ status }) => status?.phase === 'Running'))
                },
              ],
            ],
          ],
        ] as [string, Line[]][])),
  ]
  let isFine = true
  for (const [name, lines] of sections) {
    context.out(`${name}\n${'-'.repeat(name.length)}\n`)
    for (const [says, ask] of lines) {
      const wrong = await ask()
      if (wrong !== undefined) isFine = false
      context.out(wrong === undefined ? `√ ${says}\n` : `× ${says}\n    ${wrong}\n`)
    }
    context.out('\n')
  }
  context.out(`Status check results are ${isFine ? '√' : '×'}\n`)
  return isFine ? 0 : 1
}
