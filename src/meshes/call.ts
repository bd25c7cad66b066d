/**
 * A call: one workload asks another. Pure data, made from Kubernetes objects by `resolve` (`meshes/network.ts`), by the
 * embedded data plane for a request that really happens, and by `why` and `matrix` for one that might.
 */
import type { Pod, Service, ServicePort } from '../kube/kinds.ts'

/** What was asked for over HTTP. Header names are lower-case; repeated header lines stay apart. */
export interface HttpRequest {
  method: string
  /** Path with query, as sent: `/api/orders?id=1`. */
  path: string
  /** The `Host` header (`:authority`), port included when the caller wrote one. */
  authority: string
  headers: readonly (readonly [name: string, value: string])[]
}

/** What was found out about a bearer token of the request before deciding (see `Mesh.gather`): a fact, no conclusion. */
export interface TokenFact {
  token: string
  /** Which rule's keys it was held against, in the mesh's own words. */
  against: string
  /** `Ok`, or the mesh's name for what is wrong. Absent: it could not be found out. */
  result?: string
}

/** What a proxy was told by an external authorizer that its configuration names: a fact, no conclusion. */
export interface CheckFact {
  /** `namespace/pod` of the proxy that asked, and the authorizer in the mesh's own words. */
  by: string
  authorizer: string
  /** Null: there was no answer. */
  reply: CheckReply | null
}

export interface CheckReply {
  status: number
  /** Names in lower case. */
  headers: readonly (readonly [name: string, value: string])[]
  body: string
}

/** What the caller's proxy has been through when it sends a request. */
export interface Turn {
  /** How many requests it sent to that host before: decides weights, percentages and whose turn it is. */
  number: number
  /** Addresses that it has tried for this request already, by cluster. */
  avoid: ReadonlyMap<string, ReadonlySet<string>>
  /** Addresses that its outlier detection has ejected, by cluster: they count where there still is one. */
  ejected?: ReadonlyMap<string, ReadonlySet<string>>
}

export interface Call {
  /** The pod that asks. */
  source: Pod
  /** The Service that was asked for by name or by cluster IP; absent when a pod was asked for by its address. */
  service?: { object: Service; port: ServicePort }
  /** The pod that was dialled or that a load balancer picked (a place outside the cluster: `outsidePod`), and the container port that the Service port maps to. */
  destination: Pod
  port: number
  /** What the caller's bytes are. TLS that the application itself starts is `tls`. */
  protocol: 'http' | 'tcp' | 'tls'
  /** Present when `protocol` is `http`. */
  http?: HttpRequest
  /** Absent until somebody looked; then tokens of the request that matter have a fact each. */
  tokens?: readonly TokenFact[]
  /** Absent until somebody asked; see `CheckFact`. */
  checks?: readonly CheckFact[]
  /** The caller's proxy asks on its own account, straight at the Service: no route and no listener is involved. */
  byProxy?: true
  /** Of `tls` that the application starts: the server name it asks for, and the request inside, for who ends the TLS. */
  tls?: { serverName: string; http?: HttpRequest }
  /** Absent: a first request, for which the likelier of two chances counts. */
  turn?: Turn
}
