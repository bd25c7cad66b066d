/**
 * The injecting webhook: which pods get a sidecar, and what the pod looks like afterwards. Upstream: the selectors of the
 * MutatingWebhookConfigurations (the istiod chart's, and those of revision tags), pkg/kube/inject/inject.go
 * (injectRequired) and the injection template.
 * Not modelled: custom templates (`inject.istio.io/templates`) but `gateway`, neverInjectSelector, alwaysInjectSelector.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector, Namespace, Pod } from '../../kube/kinds.ts'
import { selects } from '../match/labels.ts'
import { asksForGateway, gatewaySpec } from './injection/gateway.ts'
import { rewriteProbes } from './injection/probes.ts'
import { initContainer, isNative, sidecar, volumes, type Workload } from './injection/template.ts'
import { install } from './install.ts'
import { isMeshed, proxyContainer, tlsModeLabel } from './pods.ts'
import { fields, list, text } from './read.ts'

const injectKey = 'sidecar.istio.io/inject'
const statusKey = 'sidecar.istio.io/status'

/** istio/istio pkg/kube/inject/inject.go, IgnoredNamespaces: no sidecars and no root certificate there. */
export const neverInjected: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']

/** The revision whose webhook sees the pod, by the selectors of the webhooks that the cluster has; undefined: none. */
const revisionFor = (pod: Pod, namespace: Namespace, configurations: readonly KubeObject[]): string | undefined => {
  const space = { 'kubernetes.io/metadata.name': namespace.metadata.name, ...namespace.metadata.labels }
  for (const configuration of configurations)
    for (const webhook of list(configuration.webhooks).map(fields)) {
      const service = fields(fields(webhook.clientConfig).service)
      if (!text(service.path)?.startsWith('/inject') || !text(service.name)?.startsWith('istiod')) continue
      const [spaces, objects] = [webhook.namespaceSelector, webhook.objectSelector] as (LabelSelector | undefined)[]
      if (selects(spaces ?? {}, space) && selects(objects ?? {}, pod.metadata.labels ?? {}))
        return configuration.metadata.labels?.['istio.io/rev'] ?? 'default'
    }
  return undefined
}

/** The webhook's own rules. The label wins over the older annotation; other values than true and false count as absent. */
const wantsSidecar = (pod: Pod, namespace: Namespace): boolean => {
  if (pod.spec.hostNetwork === true || neverInjected.includes(namespace.metadata.name)) return false
  const said = pod.metadata.labels?.[injectKey] ?? pod.metadata.annotations?.[injectKey]
  return said !== 'false'
}

const apiVersions: Record<string, string> = {
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
}

/** What the pod is made by, as far as its template says: a ReplicaSet's name is its Deployment's, and a hash. */
const workloadOf = (pod: Pod, revision: string): Workload => {
  const namespace = pod.metadata.namespace ?? 'default'
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller)
  const own = (version: string, kind: string, name: string): Workload => ({
    name: pod.metadata.labels?.['service.istio.io/workload-name'] ?? name,
    owner: `kubernetes://apis/${version}/namespaces/${namespace}/${kind}s/${name}`,
    revision,
  })
  if (owner === undefined)
    return own('v1', 'pod', pod.metadata.name || (pod.metadata.generateName ?? '').replace(/-$/, ''))
  const hash = pod.metadata.labels?.['pod-template-hash']
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return own('apps/v1', 'deployment', owner.name.slice(0, -hash.length - 1))
  return own(owner.apiVersion || (apiVersions[owner.kind] ?? 'v1'), owner.kind.toLowerCase(), owner.name)
}

const labelsFor = (pod: Pod, { name }: Workload): Record<string, string> => {
  const labels = pod.metadata.labels ?? {}
  const first = (...keys: string[]): string | undefined => keys.map((key) => labels[key]).find((value) => value)
  const canonical = first('service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app') ?? name
  return {
    ...labels,
    ...(asksForGateway(pod) ? {} : { [tlsModeLabel]: first(tlsModeLabel) ?? 'istio' }),
    'service.istio.io/canonical-name': canonical.slice(0, 63).replace(/^[-_.]+|[-_.]+$/g, ''),
    'service.istio.io/canonical-revision':
      first('service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version') ?? 'latest',
  }
}

const statusOf = (kind: 'native' | 'sidecar' | 'gateway', revision: string): string =>
  JSON.stringify({
    initContainers: { native: ['istio-init', proxyContainer], sidecar: ['istio-init'], gateway: null }[kind],
    containers: kind === 'native' ? null : [proxyContainer],
    volumes: volumes.map(({ name }) => name),
    imagePullSecrets: null,
    revision,
  })

const annotationsFor = (pod: Pod, kind: Parameters<typeof statusOf>[0], revision: string): Record<string, string> => {
  const annotations = pod.metadata.annotations ?? {}
  const first = pod.spec.containers.find(({ name }) => name !== proxyContainer)?.name
  const isDefault = ['kubectl.kubernetes.io/default-container', 'kubectl.kubernetes.io/default-logs-container']
  return {
    ...(first === undefined ? {} : Object.fromEntries(isDefault.map((key) => [key, first]))),
    ...annotations,
    'istio.io/rev': revision,
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/port': annotations['status.sidecar.istio.io/port'] ?? '15020',
    'prometheus.io/scrape': 'true',
    [statusKey]: statusOf(kind, revision),
  }
}

/**
 * The pod with its sidecar, or the same pod. See `Mesh.inject`.
 * @param webhooks the cluster's MutatingWebhookConfigurations; absent: those of an installation
 */
export const inject = (pod: Pod, namespace: Namespace, webhooks: readonly KubeObject[] = installedWebhooks()): Pod => {
  const isGateway = asksForGateway(pod) && pod.metadata.annotations?.[statusKey] === undefined
  if (isMeshed(pod) && !isGateway) return pod
  const revision = revisionFor(pod, namespace, webhooks)
  if (revision === undefined || !wantsSidecar(pod, namespace)) return pod
  const workload = workloadOf(pod, revision)
  if (isGateway)
    return {
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: labelsFor(pod, workload),
        annotations: annotationsFor(pod, 'gateway', revision),
      },
      spec: gatewaySpec(pod, workload),
    }
  const native = isNative(pod)
  const proxy = sidecar(pod, workload)
  const own = Array.isArray(pod.spec.volumes) ? pod.spec.volumes : []
  const containers = pod.spec.containers.map((container) => rewriteProbes(pod, container))
  const before = (pod.spec.initContainers ?? []).map((container) => rewriteProbes(pod, container))
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: labelsFor(pod, workload),
      annotations: annotationsFor(pod, native ? 'native' : 'sidecar', revision),
    },
    spec: {
      ...pod.spec,
      containers: native ? containers : [...containers, proxy],
      // First, so that the pod's own init containers already run behind the sidecar.
      initContainers: [initContainer(pod), ...(native ? [proxy] : []), ...before],
      volumes: [...own, ...volumes],
    },
  }
}

const installedWebhooks = (): KubeObject[] => install().filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
