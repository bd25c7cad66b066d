/**
 * Which protocol a Service port has for Istio: `appProtocol`, else the port's name up to the first dash, else a few
 * well-known server-first ports, else detected from the bytes. Upstream: pkg/config/kube/conversion.go.
 */
import type { ServicePort } from '../../kube/kinds.ts'

/** `auto`: the proxies look at the first bytes. `tls` is TLS of the application, passed through as TCP. */
export type PortProtocol = 'http' | 'tcp' | 'tls' | 'auto'

const named: Record<string, PortProtocol> = {
  http: 'http',
  http2: 'http',
  http_proxy: 'http',
  grpc: 'http',
  https: 'tls',
  tls: 'tls',
  tcp: 'tcp',
  mongo: 'tcp',
  redis: 'tcp',
  mysql: 'tcp',
}
const fromKubernetes: Record<string, PortProtocol> = {
  'kubernetes.io/h2c': 'http',
  'kubernetes.io/ws': 'http',
  'kubernetes.io/wss': 'tls',
}
/** SMTP, DNS, MySQL, MongoDB: there the server speaks first, so nothing can be detected. */
const serverFirst = new Set([25, 53, 3306, 27017])

export const portProtocol = (port: ServicePort): PortProtocol => {
  const said = port.appProtocol ?? port.name ?? ''
  const standard = port.appProtocol === undefined ? undefined : fromKubernetes[port.appProtocol]
  if (standard !== undefined) return standard
  if (said.toLowerCase().startsWith('grpc-web')) return 'http'
  const prefix = said.split('-', 1)[0]?.toLowerCase() ?? ''
  return (Object.hasOwn(named, prefix) ? named[prefix] : undefined) ?? (serverFirst.has(port.port) ? 'tcp' : 'auto')
}

/** A ServiceEntry says its protocol in capitals (pkg/config/protocol/instance.go, Parse); anything else is detected. */
export const entryProtocol = (protocol: string | undefined): PortProtocol => {
  const said = (protocol ?? '').toLowerCase().replace('-', '_')
  if (said === 'grpc_web' || said === 'http2') return 'http'
  return (Object.hasOwn(named, said) ? named[said] : undefined) ?? 'auto'
}
