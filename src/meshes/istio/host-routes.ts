/**
 * VirtualServices for hosts that no service of the registry has, and what becomes of a host that is both: written out in a
 * VirtualService and a short name of a service. Upstream: pilot/pkg/networking/core/route/route.go
 * (buildSidecarVirtualHostsForVirtualService, separateVSHostsAndServices), pilot/pkg/networking/core/httproute.go
 * (buildSidecarOutboundVirtualHosts: a domain belongs to the first virtual host that has it).
 */
import { hostCovers } from '../match/hosts.ts'
import type { IstioModel } from './compile.ts'
import type { Asker } from './http-match.ts'
import type { MeshService } from './registry.ts'
import type { Scope } from './sidecar.ts'
import { isBefore, namedStranger, type VirtualService, virtualServiceFor, wildcardStranger } from './virtual-service.ts'

/** Whether a proxy reads HTTP on that port of the service. */
export const listensHttp = ({ ports }: MeshService, port: number): boolean =>
  ports.some(({ number, protocol }) => number === port && (protocol === 'http' || protocol === 'auto'))

/**
 * The VirtualService that has the host as it is written, where no service of the registry has that name: on port 80, and
 * on the ports of the services that it also routes. `service`: has the host as a short name, which it
 * keeps when the VirtualService that routes to it comes first; wildcards do not count against it.
 */
export const literalRoutes = (
  model: IstioModel,
  host: string,
  asker: Asker,
  scope: Scope,
  service?: MeshService,
): VirtualService | undefined => {
  const { virtualServices } = model
  if (virtualServices.all.length === 0) return undefined
  const { byHost } = model.registry()
  const isServices = (name: string): boolean =>
    (name.startsWith('*')
      ? [...byHost.values()].flat().filter((each) => hostCovers(name, each.host))
      : (byHost.get(name) ?? [])
    ).some((each) => scope.sees(each) && listensHttp(each, asker.port))
  const counts = (each: VirtualService): boolean =>
    scope.seesRoutes(each) && (asker.port === 80 || each.hosts.some(isServices))
  const named = isServices(host) ? undefined : namedStranger(virtualServices, host, asker, counts)
  if (service === undefined) return named ?? wildcardStranger(virtualServices, host, asker, counts, isServices)
  if (named === undefined) return undefined
  const own = virtualServiceFor(virtualServices, service.host, asker, scope.seesRoutes)
  const isFirst = own === undefined || own === named || isBefore(virtualServices, named, own, scope.from)
  return isFirst ? named : undefined
}
