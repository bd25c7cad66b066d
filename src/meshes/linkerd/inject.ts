/**
 * The injecting webhook: which pods get a proxy, and what the pod looks like afterwards. Upstream: linkerd2
 * controller/proxy-injector/webhook.go, pkg/inject/inject.go (ShouldInjectWebhook), charts/partials/templates/_proxy.tpl.
 * Not modelled: `linkerd.io/inject: ingress`, the CNI plugin, debug containers, `config.linkerd.io/proxy-*` resources.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector, Namespace, Pod, Service } from '../../kube/kinds.ts'
import { selects } from '../match/labels.ts'
import { fields, list, text } from '../read.ts'
import { ownerName } from '../workloads.ts'
import { initContainer, proxy, volumes } from './injection.ts'
import { install } from './install.ts'
import { configPrefix, controlPlane, defaultOpaquePorts, isMeshed } from './pods.ts'
import { linkerdVersion } from './version.ts'

export const injectAnnotation = 'linkerd.io/inject'

/** Proxies of other meshes: two of them in one pod do not work (pkg/healthcheck sidecar.go). */
const otherSidecars = new Set(['istio-proxy', 'gloo-proxy', 'gloo-envoy', 'linkerd-proxy'])

const sees = (configurations: readonly KubeObject[], pod: Pod, namespace: Namespace): boolean => {
  const space = { 'kubernetes.io/metadata.name': namespace.metadata.name, ...namespace.metadata.labels }
  return configurations.some((configuration) =>
    list(configuration.webhooks)
      .map(fields)
      .some((webhook) => {
        if (text(fields(fields(webhook.clientConfig).service).name) !== 'linkerd-proxy-injector') return false
        const [spaces, objects] = [webhook.namespaceSelector, webhook.objectSelector] as (LabelSelector | undefined)[]
        return selects(spaces ?? {}, space) && selects(objects ?? {}, pod.metadata.labels ?? {})
      }),
  )
}

/** The pod's annotation beats the namespace's; values other than enabled and ingress do not inject. */
const isWanted = (pod: Pod, namespace: Namespace): boolean => {
  const said = pod.metadata.annotations?.[injectAnnotation] ?? namespace.metadata.annotations?.[injectAnnotation]
  if (said !== 'enabled') return false
  if (pod.spec.hostNetwork === true || pod.spec.automountServiceAccountToken === false) return false
  return ![...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(({ name }) => otherSidecars.has(name))
}

const workloadKinds: Record<string, string> = {
  ReplicaSet: 'deployment',
  StatefulSet: 'statefulset',
  DaemonSet: 'daemonset',
  Job: 'job',
}

/** `config.linkerd.io/…` of the namespace, where the pod does not say it itself. */
const inherited = (namespace: Namespace): Record<string, string> =>
  Object.fromEntries(
    Object.entries(namespace.metadata.annotations ?? {}).filter(([name]) => name.startsWith(configPrefix)),
  )

const opaquePorts = `${configPrefix}opaque-ports`
const isDefault = (port: unknown): boolean => defaultOpaquePorts.split(',').includes(String(port))

/**
 * The annotation of opaque ports that a pod or Service gets which has none: the namespace's, else those of the default
 * ports that it shows itself. Also for pods without a proxy (pkg/inject/inject.go, CreateOpaquePortsPatch).
 */
const withOpaquePorts = <T extends Pod | Service>(object: T, namespace: Namespace, shown: readonly unknown[]): T => {
  if (object.metadata.annotations?.[opaquePorts] !== undefined) return object
  const said = namespace.metadata.annotations?.[opaquePorts] ?? shown.join(',')
  if (said === '') return object
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [opaquePorts]: said } },
  }
}

/** See `Mesh.annotate`. A Service port counts by its target where it has one. */
export const annotate = (service: Service, namespace: Namespace): Service => {
  const shown = (service.spec.ports ?? []).flatMap(({ port, targetPort }) =>
    isDefault(targetPort ?? port) ? [port] : [],
  )
  return withOpaquePorts(service, namespace, shown)
}

const withOwnOpaquePorts = (pod: Pod, namespace: Namespace): Pod => {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const ports = containers.flatMap((each) => (each.ports ?? []).map(({ containerPort }) => containerPort))
  return withOpaquePorts(pod, namespace, ports.filter(isDefault))
}

/** See `Mesh.inject`. */
export const inject = (bare: Pod, namespace: Namespace, webhooks: readonly KubeObject[] = installedWebhooks()): Pod => {
  if (isMeshed(bare) || !sees(webhooks, bare, namespace)) return bare
  const pod = withOwnOpaquePorts(bare, namespace)
  if (!isWanted(pod, namespace)) return pod
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)
  const kind = workloadKinds[owner?.kind ?? '']
  const annotations = {
    ...inherited(namespace),
    ...pod.metadata.annotations,
    'linkerd.io/created-by': `linkerd/proxy-injector ${linkerdVersion}`,
    'linkerd.io/proxy-version': linkerdVersion,
  }
  const metadata = {
    ...pod.metadata,
    annotations,
    labels: {
      ...pod.metadata.labels,
      'linkerd.io/control-plane-ns': controlPlane,
      ...(kind === undefined ? {} : { [`linkerd.io/proxy-${kind}`]: ownerName(pod) }),
      'linkerd.io/workload-ns': namespace.metadata.name,
    },
  }
  const configured = { ...pod, metadata }
  const own = Array.isArray(pod.spec.volumes) ? pod.spec.volumes : []
  return {
    ...configured,
    spec: {
      ...pod.spec,
      initContainers: [initContainer(configured), proxy(configured), ...(pod.spec.initContainers ?? [])],
      volumes: [...own, ...volumes],
    },
  }
}

const installedWebhooks = (): KubeObject[] => install().filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
