/** The servers of Gateway resources that a gateway pod has on a port. Upstream: pilot/pkg/model/gateway.go (resolvePorts). */
import type { KubeObject } from '../../../kube/api.ts'
import type { Call } from '../../call.ts'
import { hasLabels } from '../../match/labels.ts'
import type { Evidence } from '../../verdict.ts'
import { targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { servicesOf } from '../outbound.ts'
import { type Fields, fields, labelMap, list, refOf, text, texts } from '../read.ts'

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

/** Without the namespace that it is for. */
export const bareHost = (host: string): string => host.slice(host.indexOf('/') + 1)

/** What a server writes before the slash, with its own namespace for `.`. */
export const scopeOf = (entry: string, { object }: Server): string => {
  const scope = entry.includes('/') ? entry.slice(0, entry.indexOf('/')) : '*'
  return scope === '.' ? (object.metadata.namespace ?? 'default') : scope
}

/** The servers of all Gateways that select the pod and lead to that container port, oldest Gateway first. */
export const serversOn = (model: IstioModel, call: Call): Server[] => {
  const pod = call.destination
  const ports = servicesOf(model, pod).flatMap((service) => service.spec.ports ?? [])
  const known = new Set(ports.map((port) => port.port))
  const leads = (number: number): boolean =>
    ports.some((port) => port.port === number && targetPort(pod, port) === call.port) ||
    (!known.has(number) && number === call.port)
  return model.gateways
    .filter((object) => hasLabels(labelMap(fields(object.spec).selector), pod.metadata.labels))
    .flatMap((object) =>
      list(fields(object.spec).servers).map((each, index): Server => {
        const spec = fields(each)
        const port = fields(spec.port)
        const protocol = (text(port.protocol) ?? '').toUpperCase()
        return { object, index, spec, port: Number(port.number), protocol, hosts: texts(spec.hosts) }
      }),
    )
    .filter((server) => leads(server.port))
}
