/**
 * The receiver's sidecar: which filter chain takes the connection, and so whether it is accepted and read as HTTP.
 * Upstream: pilot/pkg/networking/core/filterchain_options.go and listener_inbound.go.
 */
import type { Call } from '../call.ts'
import type { Step, Transport } from '../verdict.ts'
import { targetPort } from '../world.ts'
import type { IstioModel } from './compile.ts'
import { type Outbound, servicesOf } from './outbound.ts'
import { ignoredPolicies, type Mode, workloadMode } from './peer-authentication.ts'
import { type PortProtocol, portProtocol } from './protocol.ts'
import { nameOf } from './read.ts'

/** How the receiver's sidecar listens on a container port: by the first Service that leads there, else by the bytes. */
export const inboundProtocol = (model: IstioModel, call: Call): PortProtocol => {
  for (const service of servicesOf(model, call.destination))
    for (const port of service.spec.ports ?? [])
      if (targetPort(call.destination, port) === call.port && (port.protocol ?? 'TCP') === 'TCP')
        return portProtocol(port)
  return 'auto'
}

/** Whether that sidecar reads the bytes as HTTP. */
export const readsHttp = (protocol: PortProtocol, call: Call): boolean =>
  protocol === 'http' || (protocol === 'auto' && call.protocol === 'http')

export interface Wire {
  transport: Transport
  accepted: boolean
  /** Why a refusal happened, for the effect: no chain for plaintext, or a TLS handshake that cannot succeed. */
  failure?: 'plaintext' | 'handshake' | 'bytes'
  step: Step
  notes: Step[]
}

const accepts: Record<Mode, string> = {
  STRICT: 'only mTLS is accepted',
  PERMISSIVE: 'mTLS and plaintext are accepted',
  DISABLE: 'only plaintext is accepted',
}

/** The connection as it arrives at a receiver with a sidecar. */
export const connect = (model: IstioModel, call: Call, arriving: Outbound, protocol: PortProtocol): Wire => {
  const { namespace = '', labels } = call.destination.metadata
  const found = workloadMode(model.peerAuthentications, namespace, labels, call.port)
  const notes = ignoredPolicies(model.peerAuthentications, namespace, labels).map((evidence): Step => {
    const why =
      evidence.field === 'spec.selector'
        ? 'has a selector in the root namespace, so it is ignored'
        : 'is ignored: an older one on the same level wins'
    return { at: 'server', outcome: 'info', says: `${nameOf(evidence.object)} ${why}`, evidence }
  })
  const ownTls = call.protocol === 'tls' && arriving.transport === 'plaintext'
  const wire = (accepted: boolean, transport: Transport, ending: string, failure?: Wire['failure']): Wire => ({
    transport,
    accepted,
    ...(failure === undefined ? {} : { failure }),
    step: {
      at: 'server',
      outcome: accepted ? 'pass' : 'deny',
      says: `${found.says}: ${ending}`,
      ...(found.evidence === undefined ? {} : { evidence: found.evidence }),
    },
    notes,
  })
  if (arriving.transport === 'mtls') {
    if (found.mode === 'DISABLE') return wire(false, 'none', 'mTLS is refused', 'handshake')
    return wire(true, 'mtls', found.mode === 'STRICT' ? accepts.STRICT : 'mTLS is accepted')
  }
  if (ownTls) {
    if (found.mode === 'STRICT')
      return wire(false, 'none', 'TLS without a client certificate of the mesh is refused', 'bytes')
    if (protocol === 'http')
      return wire(false, 'none', 'the port is declared HTTP, so TLS of the application is refused', 'bytes')
    return wire(true, 'tls', 'TLS of the application passes through')
  }
  if (found.mode === 'STRICT') return wire(false, 'none', 'plaintext is refused', 'plaintext')
  return wire(true, 'plaintext', 'plaintext is accepted')
}
