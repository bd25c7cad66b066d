/**
 * The caller's sidecar: does it know the Service, and does it start mTLS? Decided once per Service from DestinationRules
 * and the namespace or mesh PeerAuthentication, then per endpoint from its label and its own policy. Upstream:
 * pilot/pkg/networking/core/cluster_tls.go, pilot/pkg/xds/endpoints/mtls_checker.go, pilot/pkg/model/push_context.go.
 */
import type { Service } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import { serviceNames, withoutPort } from '../match/hosts.ts'
import { hasLabels } from '../match/labels.ts'
import type { Step } from '../verdict.ts'
import { isHeadless } from '../world.ts'
import type { IstioModel } from './compile.ts'
import { namespaceMode, workloadMode } from './peer-authentication.ts'
import { isMeshed, outboundBypass, speaksMtls } from './pods.ts'
import { type PortProtocol, portProtocol } from './protocol.ts'
import { nameOf, refOf } from './read.ts'
import { destinationTls, serviceEntryDoubt, sidecarDoubt, virtualServiceDoubt } from './traffic.ts'

/** How the caller's bytes leave its pod. */
export interface Outbound {
  /** `direct`: no sidecar on this side. `http` and `tcp`: how the caller's sidecar handles the bytes. */
  proxy: 'direct' | 'http' | 'tcp'
  transport: 'mtls' | 'plaintext'
  /** Server name that mTLS of a sidecar carries. */
  sni: string
  steps: Step[]
  /** Set when the call cannot be decided on this side; the last step names what is not modelled. */
  unknown?: true
  /** Set when the caller's own sidecar ends the call. */
  refused?: Step
}

const step = (outcome: Step['outcome'], says: string, evidence?: Step['evidence']): Step => ({
  at: 'client',
  outcome,
  says,
  ...(evidence === undefined ? {} : { evidence }),
})

const fqdn = (service: Service): string =>
  `${service.metadata.name}.${service.metadata.namespace ?? 'default'}.svc.cluster.local`

/** Every host by which an HTTP route of the caller's sidecar knows the Service. */
const routedNames = (model: IstioModel, service: Service, from: string): string[] => {
  const home = service.metadata.namespace ?? 'default'
  const aliases = [...model.services.values()]
    .flat()
    .filter((each) => each.spec.type === 'ExternalName' && each.spec.externalName?.replace(/\.$/, '') === fqdn(service))
  return [
    ...serviceNames(service.metadata.name, home, from),
    ...aliases.flatMap((alias) => serviceNames(alias.metadata.name, alias.metadata.namespace ?? 'default', from)),
    ...[service.spec.clusterIP, ...(service.spec.clusterIPs ?? [])].filter((ip): ip is string => Boolean(ip)),
  ]
}

/** The other Service that a Host header names on this port, if any: sidecars route by Host, not by address. */
const otherRoute = (model: IstioModel, call: Call, host: string, port: number): Service | undefined => {
  const from = call.source.metadata.namespace ?? 'default'
  return [...model.services.values()].flat().find((service) => {
    const here = (service.spec.ports ?? []).some((each) => each.port === port && portProtocol(each) === 'http')
    return here && service !== call.service?.object && routedNames(model, service, from).includes(host)
  })
}

const passthrough = (protocol: 'http' | 'tcp', steps: Step[], says: string): Outbound => ({
  proxy: protocol,
  transport: 'plaintext',
  sni: '',
  steps: [...steps, step('info', says)],
})

/** A Host header that the HTTP routes of the port do not lead to the dialled Service. */
const strayHost = (model: IstioModel, call: Call, port: number, steps: Step[]): Outbound | undefined => {
  if (call.http === undefined || !model.httpPorts.has(port)) return undefined
  const host = withoutPort(call.http.authority).toLowerCase().replace(/\.$/, '')
  const from = call.source.metadata.namespace ?? 'default'
  if (call.service !== undefined) {
    const names = routedNames(model, call.service.object, from)
    // A headless Service's routes also take the names of its pods.
    const ofPod = isHeadless(call.service.object) && names.some((name) => host.endsWith(`.${name}`))
    if (names.includes(host) || ofPod) return undefined
  }
  const other = otherRoute(model, call, host, port)
  if (other !== undefined) {
    const says = `The Host header names ${nameOf(refOf(other))}, and the caller's sidecar routes by it: not modelled`
    const last = step('unknown', says, { object: refOf(other), field: 'metadata.name' })
    return { proxy: 'http', transport: 'plaintext', sni: '', steps: [...steps, last], unknown: true }
  }
  const says = `The caller's sidecar knows no Service ${host} on port ${port}: it passes the request on as it is, in plaintext`
  return passthrough('http', steps, says)
}

/** Callers of a headless Service go by all its pods: one without a sidecar makes every call plaintext. */
const unmeshedPeer = (model: IstioModel, call: Call, service: Service): string | undefined => {
  const pods = model.pods.get(service.metadata.namespace ?? '') ?? []
  const selector = service.spec.selector ?? {}
  const selected =
    Object.keys(selector).length === 0 ? [] : pods.filter((pod) => hasLabels(selector, pod.metadata.labels))
  const peers = selected.length > 0 ? selected : [call.destination]
  const plain = peers.find((pod) => !speaksMtls(pod))
  return (
    plain &&
    `${nameOf(refOf(service))} is headless and ${plain.metadata.name} has no sidecar: plaintext to all of its pods`
  )
}

/** The transport that the caller's sidecar chooses for one endpoint of a Service it knows. */
const chooseTransport = (
  model: IstioModel,
  call: Call,
  service: Service,
): Pick<Outbound, 'transport' | 'unknown'> & { last: Step } => {
  const from = call.source.metadata.namespace ?? 'default'
  const home = service.metadata.namespace ?? 'default'
  const port = call.service?.port ?? { port: call.port }
  const about = {
    host: fqdn(service),
    home,
    from,
    root: model.config.rootNamespace,
    labels: call.source.metadata.labels,
  }
  const rule = destinationTls(model.destinationRules, { ...about, port })
  if (rule.unsure !== undefined) {
    const says = `${nameOf(rule.unsure.object)} selects the caller, which is not modelled`
    return { transport: 'plaintext', unknown: true, last: step('unknown', says, rule.unsure) }
  }
  if (rule.tls !== undefined) {
    const { mode, evidence } = rule.tls
    const says = `${nameOf(evidence.object)} sets tls mode ${mode}`
    if (mode === 'DISABLE')
      return { transport: 'plaintext', last: step('info', `${says}: the caller's sidecar sends plaintext`, evidence) }
    if (mode === 'ISTIO_MUTUAL')
      return { transport: 'mtls', last: step('info', `${says}: the caller's sidecar always starts mTLS`, evidence) }
    return { transport: 'plaintext', unknown: true, last: step('unknown', `${says}, which is not modelled`, evidence) }
  }
  if (!model.config.enableAutoMtls)
    return { transport: 'plaintext', last: step('info', 'Automatic mTLS is off in the mesh config: plaintext') }
  const wide = namespaceMode(model.peerAuthentications, home)
  if (wide.mode === 'DISABLE')
    return {
      transport: 'plaintext',
      last: step('info', `${wide.says}: callers send plaintext to every Service there`, wide.evidence),
    }
  if (isHeadless(service)) {
    const says = unmeshedPeer(model, call, service)
    return says === undefined
      ? {
          transport: 'mtls',
          last: step(
            'info',
            "The caller's sidecar starts mTLS: automatic mTLS, all pods of the headless Service have one",
          ),
        }
      : { transport: 'plaintext', last: step('info', says) }
  }
  if (!speaksMtls(call.destination)) {
    const evidence = { object: refOf(call.destination), field: 'metadata.labels' }
    const says = `${nameOf(evidence.object)} has no label security.istio.io/tlsMode: istio (no sidecar): the caller's sidecar sends plaintext`
    return { transport: 'plaintext', last: step('info', says, evidence) }
  }
  const own = workloadMode(
    model.peerAuthentications,
    call.destination.metadata.namespace ?? '',
    call.destination.metadata.labels,
    call.port,
  )
  if (own.mode === 'DISABLE')
    return { transport: 'plaintext', last: step('info', `${own.says}: callers send plaintext to it`, own.evidence) }
  return {
    transport: 'mtls',
    last: step('info', "The caller's sidecar starts mTLS: automatic mTLS, the receiver has a sidecar"),
  }
}

const doubt = (model: IstioModel, call: Call, service: Service, protocol: PortProtocol): Step | undefined => {
  const from = call.source.metadata.namespace ?? 'default'
  const home = service.metadata.namespace ?? 'default'
  const host = fqdn(service)
  const { labels } = call.source.metadata
  const http = call.protocol === 'http' && protocol !== 'tcp' && protocol !== 'tls'
  const addresses = [service.spec.clusterIP ?? '']
  const evidence =
    sidecarDoubt(model.sidecars, { host, home, from, labels, root: model.config.rootNamespace }) ??
    virtualServiceDoubt(model.virtualServices, { host, from, port: call.service?.port.port ?? call.port, http }) ??
    serviceEntryDoubt(model.serviceEntries, { host, from, addresses })
  return (
    evidence &&
    step('unknown', `${nameOf(evidence.object)} (${evidence.field}) applies to this call and is not modelled`, evidence)
  )
}

/** What happens to the call before it leaves the caller's pod. */
export const outbound = (model: IstioModel, call: Call): Outbound => {
  const direct = (says: string, evidence?: Step['evidence']): Outbound => ({
    proxy: 'direct',
    transport: 'plaintext',
    sni: '',
    steps: [step('info', says, evidence)],
  })
  const sameKind = call.protocol === 'http' ? 'http' : 'tcp'
  if (!isMeshed(call.source)) {
    const what =
      call.protocol === 'tls' ? "the application's own TLS, without a client certificate of the mesh" : 'plaintext'
    return direct(`${nameOf(refOf(call.source))} has no sidecar: it sends ${what}`)
  }
  const dialled = call.service?.port.port ?? call.port
  const skip = outboundBypass(call.source, dialled)
  if (skip?.kind === 'bypass') return direct(`${skip.says}: it sends plaintext`, skip.evidence)
  if (skip !== undefined)
    return {
      proxy: 'tcp',
      transport: 'plaintext',
      sni: '',
      steps: [step('unknown', skip.says, skip.evidence)],
      unknown: true,
    }

  const steps: Step[] = []
  if (call.service === undefined) {
    const stray = strayHost(model, call, dialled, steps)
    if (stray !== undefined) return stray
    return passthrough(
      'tcp',
      steps,
      "A pod was asked for by its address: the caller's sidecar passes it on in plaintext",
    )
  }
  const { object: service, port } = call.service
  const protocol = portProtocol(port)
  if (protocol === 'http' && call.protocol !== 'http') {
    const says = `Port ${port.port} of ${nameOf(refOf(service))} is declared HTTP, and these bytes are not: the caller's sidecar closes the connection`
    const refused = step('deny', says, { object: refOf(service), field: 'spec.ports' })
    return { proxy: 'http', transport: 'plaintext', sni: '', steps: [refused], refused }
  }
  const stray = protocol === 'http' ? strayHost(model, call, dialled, steps) : undefined
  if (stray !== undefined) return stray
  const open = doubt(model, call, service, protocol)
  const handled = protocol === 'http' || (protocol === 'auto' && call.protocol === 'http') ? 'http' : 'tcp'
  if (open !== undefined) return { proxy: handled, transport: 'plaintext', sni: '', steps: [open], unknown: true }
  const chosen = chooseTransport(model, call, service)
  return {
    proxy: call.protocol === 'http' ? handled : sameKind,
    transport: chosen.transport,
    sni: chosen.transport === 'mtls' ? `outbound_.${port.port}_._.${fqdn(service)}` : '',
    steps: [...steps, chosen.last],
    ...(chosen.unknown ? { unknown: true } : {}),
  }
}

/** Services that select the pod, oldest first: the first with a port is what the receiver's sidecar listens by. */
export const servicesOf = (model: IstioModel, pod: Call['destination']): readonly Service[] =>
  (model.services.get(pod.metadata.namespace ?? '') ?? []).filter((service) => {
    const selector = service.spec.selector ?? {}
    return Object.keys(selector).length > 0 && hasLabels(selector, pod.metadata.labels)
  })
