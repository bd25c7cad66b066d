/** Injection and Services (analyzers/injection, service, deployment, authn). */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod, Service } from '../../../kube/kinds.ts'
import { portProtocol } from '../../../meshes/istio/protocol.ts'
import { fields, labelMap, list } from '../../../meshes/istio/read.ts'
import { hasLabels } from '../../../meshes/match/labels.ts'
import { type Analyzer, fullName, hasProxy, isInjected, isInMesh, type Message } from './facts.ts'

const system = new Set(['istio-system', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])

export const injection: Analyzer = ({ ofKind }) => {
  const namespaces = ofKind('Namespace').filter(({ metadata }) => !system.has(metadata.name))
  const silent = namespaces.filter(({ metadata }) => {
    const labels = metadata.labels ?? {}
    return labels['istio-injection'] === undefined && labels['istio.io/rev'] === undefined
  })
  const doubled = namespaces.filter(({ metadata }) => {
    const labels = metadata.labels ?? {}
    return labels['istio-injection'] !== undefined && labels['istio.io/rev'] !== undefined
  })
  const without = (ofKind('Pod') as Pod[]).filter((pod) => {
    const { metadata, spec } = pod
    const said = metadata.labels?.['sidecar.istio.io/inject'] ?? metadata.annotations?.['sidecar.istio.io/inject']
    const home = namespaces.find((namespace) => namespace.metadata.name === metadata.namespace)
    return isInjected(home) && !hasProxy(pod) && said?.toLowerCase() !== 'false' && spec.hostNetwork !== true
  })
  return [
    ...silent.map((object): Message => {
      const { name } = object.metadata
      const says = `The namespace is not enabled for Istio injection. Run 'kubectl label namespace ${name} istio-injection=enabled' to enable it, or 'kubectl label namespace ${name} istio-injection=disabled' to explicitly mark it as not needing injection.`
      return { level: 'Info', code: 'IST0102', object, says }
    }),
    ...without.map((object): Message => {
      const says = `The pod ${fullName(object)} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.`
      return { level: 'Warning', code: 'IST0103', object, says }
    }),
    ...doubled.map((object): Message => {
      const labels = ['istio-injection', 'istio.io/rev'].map((name) => `${name}=${object.metadata.labels?.[name]}`)
      const says = `The namespace has more than one type of injection labels [${labels.join(' ')}], which may lead to undefined behavior. Make sure only one injection label exists.`
      return { level: 'Warning', code: 'IST0123', object, says }
    }),
  ]
}

export const portNames: Analyzer = ({ ofKind }) => {
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

const environment = (deployment: KubeObject): Record<string, unknown>[] =>
  list(fields(fields(fields(deployment.spec).template).spec).containers)
    .flatMap((container) => list(fields(container).env))
    .map((entry) => ({ ...fields(entry) }))

/** Whether istiod fetches keys from wherever a RequestAuthentication says. */
export const keysFromAnywhere: Analyzer = ({ ofKind }) => {
  const names = ofKind('RequestAuthentication').map(fullName)
  if (names.length === 0) return []
  const more = names.length > 5 ? `, and ${names.length - 5} more` : ''
  return ofKind('Deployment')
    .filter(({ metadata }) => metadata.labels?.app === 'istiod')
    .filter((istiod) => !environment(istiod).some(({ name, value }) => name === 'BLOCKED_CIDRS_IN_JWKS_URIS' && value))
    .map((object) => ({
      level: 'Warning',
      code: 'IST0175',
      object,
      says: `BLOCKED_CIDRS_IN_JWKS_URIS is not configured but ${names.length} RequestAuthentication resource(s) exist (${names.slice(0, 5).join(', ')}${more}). Consider configuring it to restrict JWKS URI fetches to trusted networks.`,
    }))
}

interface Exposed {
  service: string
  port: number
  protocol: string
  targetPort: string
}

/** Services of one Deployment that do not agree on a port (analyzers/deployment/services.go). */
export const sharedPorts: Analyzer = (facts) =>
  facts.ofKind('Deployment').flatMap((object): Message[] => {
    const home = object.metadata.namespace ?? ''
    const template = fields(fields(object.spec).template)
    const labels = labelMap(fields(template.metadata).labels)
    const pod = { metadata: { labels, namespace: home }, spec: { containers: [], ...fields(template.spec) } }
    if (!isInMesh(pod as unknown as Pod, facts)) return []
    const exposed = (facts.ofKind('Service') as Service[])
      .filter(({ metadata, spec }) => metadata.namespace === home && Object.keys(spec.selector ?? {}).length > 0)
      .filter(({ spec }) => hasLabels(spec.selector, labels))
      .flatMap((service) =>
        (service.spec.ports ?? []).map(
          ({ port, protocol = 'TCP', targetPort = port }): Exposed => ({
            service: fullName(service),
            port,
            protocol,
            targetPort: String(targetPort),
          }),
        ),
      )
    const { name } = object.metadata
    const warn = (code: string, says: string): Message => ({ level: 'Warning', code, object, says })
    const services = (of: readonly Exposed[]): string =>
      `[${of
        .map(({ service }) => service)
        .sort()
        .join(' ')}]`
    const protocols = [...Map.groupBy(exposed, ({ port }) => port)]
      .filter(([, of]) => new Set(of.map(({ protocol }) => protocol)).size > 1)
      .map(([port, of]) =>
        warn(
          'IST0116',
          `This deployment ${name} is associated with multiple services using port ${port} but different protocols: ${services(of)}`,
        ),
      )
    const targets = [...Map.groupBy(exposed, ({ targetPort }) => targetPort)].flatMap(([target, of]) => {
      const byPort = [...new Map(of.map((each) => [each.port, each])).values()]
      const ports = byPort.map(({ port }) => port).sort((a, b) => a - b)
      const says = `This deployment ${name} is associated with multiple services ${services(byPort)} using targetPort "${target}" but different ports: [${ports.join(' ')}].`
      return ports.length > 1 ? [warn('IST0137', says)] : []
    })
    return [...protocols, ...targets]
  })
