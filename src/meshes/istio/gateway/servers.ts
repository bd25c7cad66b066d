/** The servers of Gateway resources that a gateway pod has on a port. Upstream: pilot/pkg/model/gateway.go (resolvePorts). */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { hasLabels } from '../../match/labels.ts'
import type { Evidence } from '../../verdict.ts'
import { targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { servicesOf } from '../outbound.ts'
import { type Fields, fields, isFields, labelMap, list, refOf, text, texts } from '../read.ts'

export interface Server {
  object: KubeObject
  index: number
  spec: Fields
  /** The server's own port number. */
  port: number
  protocol: string
  /** `*`, `*.shop.example`; the namespace that a host may be bound from stands before a slash. */
  hosts: readonly string[]
}

export const evidenceOf = ({ object, index }: Server, field = ''): Evidence => ({
  object: refOf(object),
  field: `spec.servers[${index}]${field}`,
})

/** `shop/public`, as VirtualServices name it. */
export const gatewayName = ({ object }: Pick<Server, 'object'>): string =>
  `${object.metadata.namespace}/${object.metadata.name}`

/** Plaintext HTTP. */
export const isHttp = ({ protocol }: Server): boolean => /^(HTTP|HTTP2|GRPC)$/.test(protocol)

/** Told apart by server name. */
export const isSecured = (server: Server): boolean => isFields(server.spec.tls) && !isHttp(server)

/** Without the namespace that it is for. */
export const bareHost = (host: string): string => host.slice(host.indexOf('/') + 1)

/** What a server writes before the slash, with its own namespace for `.`. */
export const scopeOf = (entry: string, { object }: Server): string => {
  const scope = entry.includes('/') ? entry.slice(0, entry.indexOf('/')) : '*'
  return scope === '.' ? (object.metadata.namespace ?? 'default') : scope
}

/** The servers of all Gateways that select the pod, oldest Gateway first. */
export const serversOf = (model: IstioModel, pod: Pod): Server[] =>
  model.gateways
    .filter((object) => hasLabels(labelMap(fields(object.spec).selector), pod.metadata.labels))
    .flatMap((object) =>
      list(fields(object.spec).servers).map((each, index): Server => {
        const spec = fields(each)
        const port = fields(spec.port)
        const protocol = (text(port.protocol) ?? '').toUpperCase()
        return { object, index, spec, port: Number(port.number), protocol, hosts: texts(spec.hosts) }
      }),
    )

/**
 * The container ports that a server's port number leads to: those of the pod's Services, or else the number itself. Of
 * several istiod takes one, and which is left to chance (resolvePorts, over what an index of Services lists).
 */
export const containerPorts = (model: IstioModel, pod: Pod): ((server: Server) => (number | undefined)[]) => {
  const ports = servicesOf(model, pod).flatMap((service) => service.spec.ports ?? [])
  return ({ port: number }) => {
    const own = ports.filter(({ port }) => port === number)
    return own.length === 0 ? [number] : [...new Set(own.map((port) => targetPort(pod, port)))]
  }
}

/** All of them by the container port that their number leads to, of several the first. */
export const serversByPort = (model: IstioModel, pod: Pod): Map<number, Server[]> => {
  const leads = containerPorts(model, pod)
  const found = Map.groupBy(serversOf(model, pod), (server) => leads(server)[0] ?? 0)
  found.delete(0)
  return found
}
