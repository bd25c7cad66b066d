/** The Services and ports that a sidecar is configured for. Not modelled: Sidecar egress scope, exportTo, ServiceEntries. */
import type { Pod, Service, ServicePort } from '../../../kube/kinds.ts'
import { targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { servicesOf } from '../outbound.ts'
import { type PortProtocol, portProtocol } from '../protocol.ts'

export interface KnownPort {
  service: Service
  host: string
  port: ServicePort
  protocol: PortProtocol
}

const hostOf = (service: Service): string =>
  `${service.metadata.name}.${service.metadata.namespace ?? 'default'}.svc.cluster.local`

const isTcp = (port: ServicePort): boolean => (port.protocol ?? 'TCP') === 'TCP'

/** Every Service port of the mesh, by host and port. */
export const outboundPorts = (model: IstioModel): KnownPort[] =>
  [...model.services.values()]
    .flat()
    .filter((service) => service.spec.type !== 'ExternalName')
    .flatMap((service) =>
      (service.spec.ports ?? [])
        .filter(isTcp)
        .map((port) => ({ service, host: hostOf(service), port, protocol: portProtocol(port) })),
    )
    .sort((a, b) => (a.host === b.host ? a.port.port - b.port.port : a.host < b.host ? -1 : 1))

export interface InboundPort {
  number: number
  protocol: PortProtocol
  service: Service
}

/** The container ports of a pod that some Service leads to, each by the oldest one. */
export const inboundPorts = (model: IstioModel, pod: Pod): InboundPort[] => {
  const found = new Map<number, InboundPort>()
  for (const service of servicesOf(model, pod))
    for (const port of service.spec.ports ?? []) {
      const number = targetPort(pod, port)
      if (number !== undefined && isTcp(port) && !found.has(number))
        found.set(number, { number, protocol: portProtocol(port), service })
    }
  return [...found.values()].sort((a, b) => a.number - b.number)
}

/** What Istio notes on a cluster about the Service that it is for. */
export const serviceMetadata = (service: Service) => ({
  filter_metadata: {
    istio: {
      services: [
        { host: hostOf(service), name: service.metadata.name, namespace: service.metadata.namespace ?? 'default' },
      ],
    },
  },
})
