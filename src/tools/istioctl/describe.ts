/**
 * `istioctl experimental describe pod <pod>` and `service <service>`. Upstream: istio/istio istioctl/pkg/describe/describe.go.
 * Not modelled: VirtualServices, subsets and ingress gateways in the description.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import { compile } from '../../meshes/istio/compile.ts'
import { workloadMode } from '../../meshes/istio/peer-authentication.ts'
import { portProtocol } from '../../meshes/istio/protocol.ts'
import { hasLabels } from '../../meshes/match/labels.ts'
import { targetPort } from '../../meshes/world.ts'
import { findPod, type Subcommand, type ToolContext, ToolError } from './context.ts'
import { type Chain, chainsOf, managedBy, readDump } from './dump.ts'

/** Without the namespace that the command is about. */
const named = ({ metadata }: KubeObject, { namespace = 'default' }: ToolContext): string =>
  metadata.namespace === namespace ? metadata.name : `${metadata.name}.${metadata.namespace}`

/** What is said of ingress gateways where there is none; of others nothing is said here. */
const gatewayLines = async ({ client }: ToolContext): Promise<string[]> => {
  const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { labelSelector: 'istio=ingressgateway' })
  const isRunning = items.some(({ status }) => status?.phase === 'Running')
  return isRunning ? [] : ['Skipping Gateway information (no ingress gateway pods)']
}

const podLines = (context: ToolContext, pod: Pod): string[] => {
  const ports = pod.spec.containers.flatMap(({ name, ports: own = [] }) =>
    own.map(({ containerPort }) => `${containerPort} (${name})`),
  )
  return [
    `Pod: ${named(pod, context)}`,
    `   Pod Revision: ${pod.metadata.annotations?.['istio.io/rev'] ?? ''}`,
    ports.length > 0 ? `   Pod Ports: ${ports.join(', ')}` : '   Pod does not expose ports',
  ]
}

const protocols: Record<string, string> = { http: 'HTTP', tcp: 'TCP', tls: 'HTTPS', auto: 'auto-detect' }

/** The rules of the first RBAC filter alone, as upstream stops there (getIstioRBACPolicies). */
const rbacNames = (chains: readonly Chain[]): string[] => {
  const http = chains.flatMap(({ filters = [] }) =>
    filters.flatMap(({ typed_config }) => typed_config?.http_filters ?? []),
  )
  return Object.keys(http.find(({ name }) => name === 'envoy.filters.http.rbac')?.typed_config?.rules?.policies ?? {})
}

/** Services as the pod's own proxy has them: ports, the DestinationRule, the policies of its listeners. */
const serviceLines = async (context: ToolContext, pod: Pod, services: readonly Service[]): Promise<string[]> => {
  const dump = await readDump(context, pod)
  const lines: string[] = []
  for (const [index, service] of services.entries()) {
    const { name, namespace = 'default' } = service.metadata
    if (index > 0) lines.push('--------------------')
    lines.push(`Service: ${named(service, context)}`)
    for (const port of service.spec.ports ?? []) {
      const target = targetPort(pod, port)
      const protocol = protocols[portProtocol(port)]
      if (target !== undefined)
        lines.push(`   Port: ${port.name ?? ''} ${port.port}/${protocol} targets pod port ${target}`)
      const cluster = `outbound|${port.port}||${name}.${namespace}.svc.cluster.local`
      const rule = managedBy(dump.clusters.find((each) => each.name === cluster)?.metadata)
      if (rule) lines.push(`DestinationRule: ${rule} for "${name}"`)
      const chains = dump.listeners
        .flatMap(chainsOf)
        .filter((chain) => chain.filter_chain_match?.destination_port === target)
      const policies = rbacNames(chains)
      if (policies.length > 0) lines.push(`RBAC policies: ${policies.join(', ')}`)
    }
  }
  return lines
}

/** `describe pod` */
const describePod = async (context: ToolContext, name: string | undefined): Promise<number> => {
  const pod = await findPod(context, name)
  const { namespace = 'default', labels = {} } = pod.metadata
  const lines = podLines(context, pod)
  const print = (): number => {
    context.out(lines.map((line) => `${line}\n`).join(''))
    return 0
  }
  const isMeshed = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    (each) => each.name === 'istio-proxy',
  )
  if (!isMeshed) {
    lines.push(`WARNING: ${named(pod, context)} is not part of mesh; no Istio sidecar`, '--------------------')
    print()
    throw new ToolError(
      `failed to execute command on sidecar: container istio-proxy is not valid for pod ${pod.metadata.name}`,
    )
  }
  const objects = await context.client.listAll([
    { group: '', version: 'v1', resource: 'services' },
    { group: 'security.istio.io', version: 'v1', resource: 'peerauthentications' },
  ])
  const services = objects.filter(
    (object): object is Service => object.kind === 'Service' && object.metadata.namespace === namespace,
  )
  const selecting = services.filter(
    ({ spec }) => Object.keys(spec.selector ?? {}).length > 0 && hasLabels(spec.selector, labels),
  )
  if (selecting.length === 0)
    lines.push(
      `Warning: No Kubernetes Services select pod ${named(pod, context)} (see https://istio.io/docs/setup/kubernetes/additional-setup/requirements/ )`,
    )
  lines.push('--------------------')
  lines.push(...(await serviceLines(context, pod, selecting)))
  const { model } = compile(objects)
  const wide = workloadMode(model.peerAuthentications, namespace, labels, 0)
  lines.push('--------------------', 'Effective PeerAuthentication:', `   Workload mTLS mode: ${wide.mode}`)
  const applied = objects.filter(
    ({ kind, metadata, spec }) =>
      kind === 'PeerAuthentication' &&
      (metadata.namespace === namespace || metadata.namespace === 'istio-system') &&
      hasLabels((spec as { selector?: { matchLabels?: Record<string, string> } })?.selector?.matchLabels, labels),
  )
  if (applied.length > 0)
    lines.push(
      'Applied PeerAuthentication:',
      `   ${applied.map(({ metadata }) => `${metadata.name}.${metadata.namespace}`).join(', ')}`,
    )
  lines.push(...(await gatewayLines(context)))
  return print()
}

const proxyStatus = ({ status }: Pod): boolean | undefined =>
  [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    (each) => each.name === 'istio-proxy',
  )?.ready

/** `describe service`: what the proxy of its first pod says of it. */
const describeService = async (context: ToolContext, name: string | undefined): Promise<number> => {
  if (name === undefined) throw new ToolError('expecting service name')
  const [short = '', home = context.namespace ?? 'default'] = name.split('.')
  const [service, pods] = await Promise.all([
    context.client.find<Service>({ apiVersion: 'v1', kind: 'Service', namespace: home, name: short }),
    context.client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace: home }),
  ])
  if (service === undefined) throw new ToolError(`services "${short}" not found`)
  const selector = service.spec.selector ?? {}
  const selected =
    Object.keys(selector).length === 0 ? [] : pods.items.filter(({ metadata }) => hasLabels(selector, metadata.labels))
  const lines: string[] = []
  const meshed = selected.filter((pod) => {
    const phase = pod.status?.phase ?? 'Pending'
    const ready = proxyStatus(pod)
    if (phase !== 'Running') lines.push(`   Pod is not Running (${phase})`)
    else if (ready === undefined) lines.push(`Pod ${named(pod, context)}: no container "istio-proxy" in pod`)
    else if (!ready) lines.push(`WARNING: Pod ${named(pod, context)} Container istio-proxy NOT READY`)
    return phase === 'Running' && ready === true
  })
  const [first] = meshed
  if (selected.length === 0) lines.push(`Service "${named(service, context)}" has no pods.`)
  else if (first === undefined)
    lines.push(
      `Service "${named(service, context)}" has no Istio pods.  (${selected.length} pods in service).`,
      'Use `istioctl kube-inject` or redeploy with Istio automatic sidecar injection.',
    )
  else lines.push(...(await serviceLines(context, first, [service])), ...(await gatewayLines(context)))
  context.out(lines.map((line) => `${line}\n`).join(''))
  return 0
}

export const describe: Subcommand = async (context, [what, name]) => {
  if (what === 'pod' || what === 'po') return describePod(context, name)
  if (what === 'service' || what === 'svc') return describeService(context, name)
  throw new ToolError(`of describe there is here: pod, service; not "${what ?? ''}"`)
}
