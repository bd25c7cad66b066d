/**
 * How the caller's proxy brings a call to the receiver's: what it takes for bytes by itself, and what it was told that
 * the receiver takes for bytes. The two are asked of different objects, and need not agree.
 * Upstream: linkerd2 controller/api/destination/server.go (getProfileByIP), endpoint_translator.go (createWeightedAddr),
 * watcher/{opaque_ports_watcher,endpoints_watcher}.go (addService, SetToServerProtocol, GetAnnotatedOpaquePorts);
 * linkerd2-proxy linkerd/app/outbound/src/{sidecar.rs,http/endpoint.rs}, linkerd/app/inbound/src/direct.rs.
 */
import type { Call } from '../call.ts'
import { refOf } from '../read.ts'
import type { Evidence } from '../verdict.ts'
import { type LinkerdModel, opaqueServerOf } from './compile.ts'
import { isOpaqueService, isToldOpaque } from './pods.ts'

export interface Arrival {
  /** The caller's proxy moves bytes and reads no HTTP, and why. `true`: the port is one of the default ones. */
  bytes?: Evidence | true
  /**
   * The receiver's proxy is told that the connection carries bytes: it arrives at the proxy's own port, with the port
   * that is meant written ahead. Whatever the Server there expects, it is weighed as bytes.
   */
  tagged?: Evidence | true
}

/** Of a call between two meshed pods. A Service is asked by its own annotation, an endpoint by its pod and Servers. */
export const arrivalOf = (model: LinkerdModel, { service, destination, port }: Call): Arrival => {
  const server = opaqueServerOf(model, destination, port)
  const own = server ? { object: refOf(server), field: 'spec.proxyProtocol' } : undefined
  const tagged = own ?? isToldOpaque(destination, port)
  const bytes = service === undefined ? tagged : isOpaqueService(service.object, service.port.port)
  return { ...(bytes === undefined ? {} : { bytes }), ...(tagged === undefined ? {} : { tagged }) }
}
