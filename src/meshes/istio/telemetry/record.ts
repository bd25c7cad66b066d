/** What one sidecar saw of one exchange: everything that access logs, metrics and filters are made from. */
import type { Pod } from '../../../kube/kinds.ts'
import type { Finished } from '../../traffic.ts'
import type { Side } from './settings.ts'

export interface ServiceHost {
  host: string
  name: string
  namespace: string
}

export interface ProxyRecord {
  side: Side
  /** Between the two, with no application beside it. */
  isGateway?: true
  pod: Pod
  /** The pod at the other end, whether it has a sidecar or not. */
  peer?: Pod
  /** Handled as HTTP, or as bytes. */
  isHttp: boolean
  /** No filter chain took the connection: the listener logs it, and nothing counts it. */
  isRefusedByListener: boolean
  /** 0 when no response was sent. */
  status: number
  flags: string
  details: string
  termination: string
  transportFailure: string
  request?: NonNullable<Finished['request']>
  response?: NonNullable<Finished['response']>
  requestId: string
  rateLimits?: Finished['rateLimits']
  /** Body bytes from and to whoever called this proxy. */
  received: number
  sent: number
  start: number
  duration: number
  /** Of whatever this proxy asked. */
  serviceTime?: number
  /** `10.244.0.7:8080`; empty where there was none. */
  upstream: { host: string; cluster: string; local: string }
  downstream: { local: string; remote: string }
  /** The server name of the TLS connection that came in. */
  serverName: string
  route: string
  /** Whether the connection between the two sidecars is mTLS; undefined for a side that cannot tell. */
  isMutual: boolean
  /** Identities, where the connection between the sidecars carries them. */
  principals?: { source: string; destination: string }
  service?: ServiceHost
  /** Whether the peer's sidecar told who it is (metadata exchange), not only the endpoint's labels. */
  knowsPeer: boolean
}
