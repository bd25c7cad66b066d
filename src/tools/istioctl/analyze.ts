/**
 * `istioctl analyze`: the checks that labs run into. Upstream: istio/istio pkg/config/analysis/analyzers (injection,
 * service, virtualservice, destinationrule, authz/k8s selectors) and msg/messages.yaml.
 * Not modelled: analyzing files, and the many other analyzers; the last line says which codes were looked for.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import { portProtocol } from '../../meshes/istio/protocol.ts'
import { fields, labelMap, list, text } from '../../meshes/istio/read.ts'
import { hasLabels } from '../../meshes/match/labels.ts'
import { type Subcommand, ToolError } from './context.ts'

interface Message {
  level: 'Error' | 'Warning' | 'Info'
  code: string
  object: KubeObject
  says: string
}

const system = new Set(['istio-system', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])

interface Facts {
  all: readonly KubeObject[]
  ofKind: (kind: string) => KubeObject[]
}

const isInjected = (namespace: KubeObject | undefined): boolean =>
  namespace?.metadata.labels?.['istio-injection'] === 'enabled'

const injection = ({ ofKind }: Facts): Message[] => {
  const namespaces = ofKind('Namespace')
  const silent = namespaces.filter(({ metadata }) => {
    const labels = metadata.labels ?? {}
    return !system.has(metadata.name) && labels['istio-injection'] === undefined && labels['istio.io/rev'] === undefined
  })
  const missing = (ofKind('Pod') as Pod[]).filter(({ metadata, spec }) => {
    const said = metadata.labels?.['sidecar.istio.io/inject'] ?? metadata.annotations?.['sidecar.istio.io/inject']
    const hasProxy = [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === 'istio-proxy')
    const home = namespaces.find((namespace) => namespace.metadata.name === metadata.namespace)
    return isInjected(home) && !hasProxy && said?.toLowerCase() !== 'false' && spec.hostNetwork !== true
  })
  return [
    ...silent.map((object): Message => {
      const { name } = object.metadata
      const says = `The namespace is not enabled for Istio injection. Run 'kubectl label namespace ${name} istio-injection=enabled' to enable it, or 'kubectl label namespace ${name} istio-injection=disabled' to explicitly mark it as not needing injection.`
      return { level: 'Info', code: 'IST0102', object, says }
    }),
    ...missing.map((object): Message => {
      const says = `The pod ${object.metadata.namespace}/${object.metadata.name} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.`
      return { level: 'Warning', code: 'IST0103', object, says }
    }),
  ]
}

const portNames = ({ ofKind }: Facts): Message[] => {
  const injected = new Set(
    ofKind('Namespace')
      .filter(isInjected)
      .map(({ metadata }) => metadata.name),
  )
  return (ofKind('Service') as Service[])
    .filter(({ metadata }) => injected.has(metadata.namespace ?? ''))
    .flatMap((object) =>
      (object.spec.ports ?? [])
        .filter(
          (port) =>
            (port.protocol ?? 'TCP') === 'TCP' && port.appProtocol === undefined && portProtocol(port) === 'auto',
        )
        .map(({ name = '', port, targetPort = port }): Message => {
          const says = `Port name ${name} (port: ${port}, targetPort: ${targetPort}) doesn't follow the naming convention of Istio port.`
          return { level: 'Info', code: 'IST0118', object, says }
        }),
    )
}

const fullName = (host: string, namespace: string): string => {
  if (host.includes('*') || host.endsWith('.svc.cluster.local')) return host
  return host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`
}

/** Services, and hosts that ServiceEntries declare. */
const knownHosts = ({ ofKind }: Facts): Set<string> =>
  new Set([
    ...ofKind('Service').flatMap(({ metadata }) =>
      ['', '.svc', '.svc.cluster.local'].map((end) => `${metadata.name}.${metadata.namespace}${end}`),
    ),
    ...ofKind('ServiceEntry').flatMap(({ spec }) => list(fields(spec).hosts).flatMap((host) => text(host) ?? [])),
  ])

const references = (facts: Facts): Message[] => {
  const hosts = knownHosts(facts)
  const isKnown = (host: string): boolean => host.includes('*') || hosts.has(host)
  const missing = (object: KubeObject, what: string, name: string): Message => ({
    level: 'Error',
    code: 'IST0101',
    object,
    says: `Referenced ${what} not found: "${name}"`,
  })
  const rules = facts.ofKind('DestinationRule')
  const subsetsOf = (host: string): Set<string> =>
    new Set(
      rules
        .filter(({ metadata, spec }) => fullName(text(fields(spec).host) ?? '', metadata.namespace ?? '') === host)
        .flatMap(({ spec }) => list(fields(spec).subsets).flatMap((subset) => text(fields(subset).name) ?? [])),
    )
  const virtual = facts.ofKind('VirtualService').flatMap((object) => {
    const spec = fields(object.spec)
    const destinations = ['http', 'tcp', 'tls']
      .flatMap((kind) => list(spec[kind]))
      .flatMap((route) => list(fields(route).route))
      .map((route) => fields(fields(route).destination))
    return destinations.flatMap(({ host, subset }) => {
      const written = text(host) ?? ''
      const name = fullName(written, object.metadata.namespace ?? '')
      if (!isKnown(name)) return [missing(object, 'host', written)]
      return typeof subset === 'string' && !subsetsOf(name).has(subset)
        ? [missing(object, 'host+subset in destinationrule', `${written}+${subset}`)]
        : []
    })
  })
  const destination = rules.flatMap((object) => {
    const host = text(fields(object.spec).host) ?? ''
    return isKnown(fullName(host, object.metadata.namespace ?? '')) ? [] : [missing(object, 'host', host)]
  })
  return [...virtual, ...destination]
}

const selecting = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication', 'Telemetry']

const selectors = ({ all, ofKind }: Facts): Message[] => {
  const pods = ofKind('Pod')
  return all
    .filter(({ kind }) => selecting.includes(kind))
    .flatMap((object) => {
      const labels = labelMap(fields(fields(fields(object.spec).selector)).matchLabels)
      if (Object.keys(labels).length === 0) return []
      const isRoot = object.metadata.namespace === 'istio-system'
      const matches = pods.some(
        ({ metadata }) =>
          (isRoot || metadata.namespace === object.metadata.namespace) && hasLabels(labels, metadata.labels),
      )
      const shown = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join(',')
      return matches
        ? []
        : [
            {
              level: 'Warning' as const,
              code: 'IST0127',
              object,
              says: `No matching workloads for this resource with the following labels: ${shown}`,
            },
          ]
    })
}

const read = ['namespaces', 'pods', 'services'].map((resource) => ({ group: '', version: 'v1', resource }))
const istioKinds = [
  ...['authorizationpolicies', 'peerauthentications', 'requestauthentications'].map((resource) => ({
    group: 'security.istio.io',
    version: 'v1',
    resource,
  })),
  ...['virtualservices', 'destinationrules', 'serviceentries'].map((resource) => ({
    group: 'networking.istio.io',
    version: 'v1',
    resource,
  })),
  { group: 'telemetry.istio.io', version: 'v1', resource: 'telemetries' },
]

const order = { Error: 0, Warning: 1, Info: 2 }

const origin = ({ kind, metadata }: KubeObject): string =>
  `(${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name})`

export const analyze: Subcommand = async (context, files) => {
  if (files.length > 0) throw new ToolError('analyzing files is not modelled: apply them, and analyze the cluster')
  const all = await context.client.listAll([...read, ...istioKinds])
  const facts: Facts = { all, ofKind: (kind) => all.filter((object) => object.kind === kind) }
  const where = context.allNamespaces ? undefined : (context.namespace ?? 'default')
  const inScope = ({ object }: Message): boolean =>
    where === undefined || (object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace) === where
  const messages = [...injection(facts), ...portNames(facts), ...references(facts), ...selectors(facts)]
    .filter(inScope)
    .sort((a, b) => order[a.level] - order[b.level] || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))
  const target = where === undefined ? 'all namespaces' : `namespace: ${where}`
  for (const { level, code, object, says } of messages) context.out(`${level} [${code}] ${origin(object)} ${says}\n`)
  if (messages.length === 0) context.err(`\u2714 No validation issues found when analyzing ${target}.\n`)
  if (!messages.some(({ level }) => level === 'Error')) return 0
  context.err(
    `Error: Analyzers found issues when analyzing ${target}.\nSee https://istio.io/v1.30/docs/reference/config/analysis for more information about causes and resolutions.\n`,
  )
  return 79
}
