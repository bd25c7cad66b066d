/**
 * The virtual hosts that servers with the same routes have: names that a server and a VirtualService bound to its Gateway
 * have in common, and names that a server redirects. Upstream: pilot/pkg/networking/core/gateway.go
 * (buildGatewayHTTPRouteConfig), pkg/config/host/names.go (Intersection).
 */
import { hostCovers } from '../../match/hosts.ts'
import type { IstioModel } from '../compile.ts'
import type { Asker } from '../http-match.ts'
import { fields } from '../read.ts'
import { exportedTo } from '../registry.ts'
import { configured, inOrder, type VirtualService } from '../virtual-service.ts'
import { bareHost, gatewayName, type Server, scopeOf } from './servers.ts'

/** Its routes, as the Gateway that it is bound to gets them. */
export interface Bound {
  service: VirtualService
  asker: Asker
}

export interface VirtualHost {
  /** `shop.example`, `*.shop.example`, `*` */
  domain: string
  /** The first server that has it. */
  server: Server
  /** The server that sends plaintext requests to HTTPS. */
  redirecting?: Server
  /** In the order of asking. */
  bound: Bound[]
}

/** The narrower of each two names that have something in common. */
const inCommon = (server: Server, { hosts, namespace }: VirtualService): Set<string> => {
  const own = server.hosts.filter((entry) => ['*', namespace].includes(scopeOf(entry, server)))
  const names = own.flatMap((entry) => {
    const name = bareHost(entry).toLowerCase()
    return hosts.flatMap((host) => (hostCovers(host, name) ? [name] : hostCovers(name, host) ? [host] : []))
  })
  return new Set(names)
}

const closeness = ({ domain }: VirtualHost): number => (domain.startsWith('*') ? domain.length : domain.length + 1000)

/** All virtual hosts of servers with the same routes. */
export const virtualHostsOf = (
  model: IstioModel,
  group: readonly Server[],
  gateway: Omit<Asker, 'gateways'>,
): VirtualHost[] => {
  const found = new Map<string, VirtualHost>()
  const at = (domain: string, server: Server): VirtualHost => {
    const host = found.get(domain) ?? { domain, server, bound: [] }
    found.set(domain, host)
    return host
  }
  const { namespace } = gateway
  const visible = model.virtualServices.all.filter((each) => exportedTo(each.exportTo, each.namespace, namespace))
  for (const server of group) {
    const own = gatewayName(server)
    const asker: Asker = { ...gateway, gateways: new Set([own]) }
    const redirects = fields(server.spec.tls).httpsRedirect === true
    const bound = visible.filter((each) => each.gateways.has(own) && configured(each, 'http', asker))
    for (const service of inOrder(bound, namespace))
      for (const domain of inCommon(server, service)) {
        const host = at(domain, server)
        host.bound.push({ service, asker })
        if (redirects) host.redirecting = server
      }
    // A name with a namespace before it is nobody's: it redirects where a VirtualService is bound alone.
    const plain = redirects ? server.hosts.filter((entry) => scopeOf(entry, server) === '*') : []
    for (const entry of plain) at(bareHost(entry).toLowerCase(), server).redirecting = server
  }
  return [...found.values()]
}

/** The virtual host for a name: its own before the longest wildcard. Undefined: the gateway answers 404. */
export const virtualHostFor = (
  model: IstioModel,
  group: readonly Server[],
  gateway: Omit<Asker, 'gateways'>,
  name: string,
): VirtualHost | undefined => {
  const covering = virtualHostsOf(model, group, gateway).filter(({ domain }) => hostCovers(domain, name))
  return covering.sort((a, b) => closeness(b) - closeness(a))[0]
}
