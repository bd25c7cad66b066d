/** The services and ports that a proxy is configured for. */
import type { Pod } from '../../../kube/kinds.ts'
import { targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { servicesOf } from '../outbound.ts'
import { type PortProtocol, portProtocol } from '../protocol.ts'
import { hostOfService, type MeshPort, type MeshService } from '../registry.ts'
import { type Scope, scopeOf } from '../sidecar.ts'

export interface KnownPort {
  service: MeshService
  port: MeshPort
}

export const scopeFor = (model: IstioModel, pod: Pod): Scope => scopeOf(model.sidecars, pod, model.config)

/** Every port of every service that the pod's proxy sees, by host and port. A host of two namespaces is the own one's. */
export const outboundPorts = (model: IstioModel, { sees, from }: Scope): KnownPort[] =>
  [...model.registry().byHost.values()]
    .flatMap((named) => {
      const visible = named.filter(sees)
      return visible.find(({ namespace }) => namespace === from) ?? visible[0] ?? []
    })
    .flatMap((service) => service.ports.map((port) => ({ service, port })))
    .sort((a, b) =>
      a.service.host === b.service.host ? a.port.number - b.port.number : a.service.host < b.service.host ? -1 : 1,
    )

export interface InboundPort {
  /** Container port. */
  number: number
  /** Of the Service. */
  port: number
  protocol: PortProtocol
  host: string
  service: MeshService | undefined
}

/** The container ports of a pod that some Service leads to, each by the oldest one. */
export const inboundPorts = (model: IstioModel, pod: Pod): InboundPort[] => {
  const found = new Map<number, InboundPort>()
  for (const service of servicesOf(model, pod))
    for (const port of service.spec.ports ?? []) {
      const number = targetPort(pod, port)
      if (number === undefined || (port.protocol ?? 'TCP') !== 'TCP' || found.has(number)) continue
      const host = hostOfService(service)
      const known = model
        .registry()
        .byHost.get(host)
        ?.find((each) => each.kubernetes === service)
      found.set(number, { number, port: port.port, protocol: portProtocol(port), host, service: known })
    }
  return [...found.values()].sort((a, b) => a.number - b.number)
}
