/**
 * `linkerd check`: what of the real one's list can be seen over the API (linkerd2 pkg/healthcheck). Versions of releases
 * and of the CLI, the anchors and labels of the data plane, and viz are not asked, and not listed.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { isMeshed, proxyContainer } from '../../meshes/linkerd/pods.ts'
import { isReady } from '../../meshes/world.ts'
import type { ToolContext } from '../istioctl/context.ts'
import { identityChecks } from './check-identity.ts'
import { dockerNodes, existenceChecks, webhookChecks } from './check-installation.ts'

export interface Check {
  says: string
  /** The anchor of its hint on linkerd.io. */
  hint: string
  /** Nothing is checked after it fails. */
  fatal?: boolean
  /** Fails without failing the whole. */
  warning?: boolean
  /** Undefined: fine; otherwise why not. */
  ask: () => Promise<string | undefined>
}

type Section = [name: string, checks: Check[]]

const sectionsOf = ({ client, flags, namespace }: ToolContext): Section[] => {
  const there = (apiVersion: string, kind: string, name: string, home?: string) => async () =>
    (await client.find<KubeObject>({ apiVersion, kind, name, ...(home ? { namespace: home } : {}) }))
      ? undefined
      : `${kind} ${name} is missing`
  const podsIn = async (home?: string): Promise<Pod[]> =>
    (await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, home ? { namespace: home } : {})).items
  const notReady = (pods: readonly Pod[]): string | undefined => {
    const bad = pods.find((pod) => !isReady(pod))
    return bad && `pod "${bad.metadata.namespace}/${bad.metadata.name}" is not ready`
  }
  const crd = (name: string) => there('apiextensions.k8s.io/v1', 'CustomResourceDefinition', name)
  const hook = (kind: string, name: string) => there('admissionregistration.k8s.io/v1', kind, name)
  const rbac = (kind: string) => there('rbac.authorization.k8s.io/v1', kind, 'linkerd-linkerd-identity')
  const fine = async (): Promise<undefined> => undefined
  const check = (says: string, hint: string, ask: Check['ask']): Check => ({ says, hint, fatal: true, ask })
  const existence = existenceChecks(client)
  const [beforePods, afterPods] = [existence.slice(0, 2), existence.slice(2)]
  /** CheckPodsRunning: of what is over nothing is asked. */
  const proxiesOf = (pods: readonly Pod[], home?: string): string | undefined => {
    const meshed = pods.filter(isMeshed)
    if (meshed.length === 0)
      return `no "${proxyContainer}" containers found${home === undefined ? '' : ` in the "${home}" namespace`}`
    for (const { metadata, status } of meshed.filter((pod) => pod.status?.phase !== 'Succeeded')) {
      if (status?.phase !== 'Running') return `pod "${metadata.name}" status is ${status?.phase}`
      const states = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
      if (!states.some(({ name, ready }) => name === proxyContainer && ready))
        return `container "${proxyContainer}" in pod "${metadata.name}" is not ready`
    }
    return undefined
  }
  const proxiesReady = async (): Promise<string | undefined> => proxiesOf(await podsIn(namespace), namespace)
  const namespaceThere = async (): Promise<string | undefined> => {
    if (namespace === undefined) return undefined
    const missing = await there('v1', 'Namespace', namespace)()
    return missing && `The "${namespace}" namespace does not exist`
  }
  const base: Section[] = [
    [
      'kubernetes-api',
      [
        check('can initialize the client', 'k8s-api', fine),
        check('can query the Kubernetes API', 'k8s-api', there('v1', 'Namespace', 'kube-system')),
      ],
    ],
    ['kubernetes-version', [check('is running the minimum Kubernetes API version', 'k8s-version', fine)]],
    [
      'gateway-api-crd',
      [check('Gateway API CRDs are installed', 'gateway-api-crd', crd('httproutes.gateway.networking.k8s.io'))],
    ],
    [
      'linkerd-existence',
      [
        check(
          "'linkerd-config' config map exists",
          'l5d-existence-linkerd-config',
          there('v1', 'ConfigMap', 'linkerd-config', 'linkerd'),
        ),
        check(
          'heartbeat ServiceAccount exist',
          'l5d-existence-sa',
          there('v1', 'ServiceAccount', 'linkerd-heartbeat', 'linkerd'),
        ),
        ...beforePods,
        check('control plane pods are ready', 'l5d-api-control-ready', async () => notReady(await podsIn('linkerd'))),
        ...afterPods,
      ],
    ],
    [
      'linkerd-config',
      [
        check('control plane Namespace exists', 'l5d-existence-ns', there('v1', 'Namespace', 'linkerd')),
        check('control plane ClusterRoles exist', 'l5d-existence-cr', rbac('ClusterRole')),
        check('control plane ClusterRoleBindings exist', 'l5d-existence-crb', rbac('ClusterRoleBinding')),
        check(
          'control plane ServiceAccounts exist',
          'l5d-existence-sa',
          there('v1', 'ServiceAccount', 'linkerd-destination', 'linkerd'),
        ),
        check('control plane CustomResourceDefinitions exist', 'l5d-existence-crd', crd('servers.policy.linkerd.io')),
        check(
          'control plane MutatingWebhookConfigurations exist',
          'l5d-existence-mwc',
          hook('MutatingWebhookConfiguration', 'linkerd-proxy-injector-webhook-config'),
        ),
        check(
          'control plane ValidatingWebhookConfigurations exist',
          'l5d-existence-vwc',
          hook('ValidatingWebhookConfiguration', 'linkerd-policy-validator-webhook-config'),
        ),
        {
          says: 'proxy-init container runs as root user if docker container runtime is used',
          hint: 'l5d-proxy-init-run-as-root',
          ask: () => dockerNodes(client),
        },
      ],
    ],
    ['linkerd-identity', identityChecks(client)],
    ['linkerd-webhooks-and-apisvc-tls', webhookChecks(client)],
    [
      'linkerd-control-plane-proxy',
      [
        check('control plane proxies are healthy', 'l5d-cp-proxy-healthy', async () =>
          proxiesOf(await podsIn('linkerd'), 'linkerd'),
        ),
      ],
    ],
  ]
  if (flags.proxy === undefined) return base
  return [
    ...base,
    [
      'linkerd-data-plane',
      [
        check('data plane namespace exists', 'l5d-data-plane-exists', namespaceThere),
        check('data plane proxies are ready', 'l5d-data-plane-ready', proxiesReady),
      ],
    ],
  ]
}

/** Prints section by section; 1 when something failed that is no warning. */
export const check = async (context: ToolContext): Promise<number> => {
  let isFine = true
  let isOver = false
  for (const [name, checks] of sectionsOf(context)) {
    if (isOver) break
    context.out(`${name}\n${'-'.repeat(name.length)}\n`)
    for (const { says, hint, fatal, warning, ask } of checks) {
      const wrong = await ask()
      const mark = wrong === undefined ? '√' : warning ? '‼' : '×'
      context.out(`${mark} ${says}\n`)
      if (wrong === undefined) continue
      context.out(`    ${wrong}\n    see https://linkerd.io/2/checks/#${hint} for hints\n`)
      if (warning) continue
      isFine = false
      isOver = fatal === true
      if (isOver) break
    }
    context.out('\n')
  }
  context.out(`Status check results are ${isFine ? '√' : '×'}\n`)
  return isFine ? 0 : 1
}
