/**
 * The receiver's sidecar: which filter chain takes the connection, and so whether it is accepted and read as HTTP.
 * Upstream: pilot/pkg/networking/core/filterchain_options.go and listener_inbound.go.
 */
import type { Call } from '../call.ts'
import type { Labels } from '../match/labels.ts'
import type { Step, Transport } from '../verdict.ts'
import type { Outbound } from './outbound.ts'
import { type EffectiveMode, ignoredPolicies, type Mode, type PeerAuthentications } from './peer-authentication.ts'
import type { PortProtocol } from './protocol.ts'
import { nameOf } from './read.ts'

/** Whether that sidecar reads the bytes as HTTP. */
export const readsHttp = (protocol: PortProtocol, call: Call): boolean =>
  protocol === 'http' || (protocol === 'auto' && call.protocol === 'http')

export interface Wire {
  transport: Transport
  accepted: boolean
  /** Why a refusal happened, for the effect: no chain for plaintext, or a TLS handshake that cannot succeed. */
  failure?: 'plaintext' | 'handshake' | 'bytes'
  /** What happened, after the sentence that names the mode. */
  ending: string
}

const accepts: Record<Mode, string> = {
  STRICT: 'only mTLS is accepted',
  PERMISSIVE: 'mTLS and plaintext are accepted',
  DISABLE: 'only plaintext is accepted',
}

const refused = (failure: Wire['failure'], ending: string): Wire => ({
  transport: 'none',
  accepted: false,
  failure,
  ending,
})
const accepted = (transport: Transport, ending: string): Wire => ({ transport, accepted: true, ending })

/** The connection as it arrives at a port of a receiver with a sidecar. */
export const connect = (
  call: Call,
  arriving: Pick<Outbound, 'transport'>,
  { mode }: EffectiveMode,
  protocol: PortProtocol,
): Wire => {
  if (arriving.transport === 'mtls') {
    if (mode === 'DISABLE') return refused('handshake', 'mTLS is refused')
    return accepted('mtls', mode === 'STRICT' ? accepts.STRICT : 'mTLS is accepted')
  }
  if (call.protocol === 'tls') {
    const bySidecar = arriving.transport === 'tls'
    const whose = bySidecar ? "the caller's sidecar" : 'the application'
    const failure = bySidecar ? 'handshake' : 'bytes'
    if (mode === 'STRICT') return refused(failure, 'TLS without a client certificate of the mesh is refused')
    if (protocol === 'http') return refused(failure, `the port is declared HTTP, so TLS of ${whose} is refused`)
    return accepted('tls', `TLS of ${whose} passes through`)
  }
  return mode === 'STRICT'
    ? refused('plaintext', 'plaintext is refused')
    : accepted('plaintext', 'plaintext is accepted')
}

/** The same as a step. */
export const wireStep = ({ says, evidence }: EffectiveMode, wire: Wire): Step => ({
  at: 'server',
  outcome: wire.accepted ? 'pass' : 'deny',
  says: `${says}: ${wire.ending}`,
  ...(evidence === undefined ? {} : { evidence }),
})

/** PeerAuthentications that people expect to count for the workload and that do not. */
export const inboundNotes = (all: PeerAuthentications, namespace: string, labels: Labels): Step[] =>
  ignoredPolicies(all, namespace, labels).map((evidence) => {
    const why =
      evidence.field === 'spec.selector'
        ? 'has a selector in the root namespace, so it is ignored'
        : 'is ignored: an older one on the same level wins'
    return { at: 'server', outcome: 'info', says: `${nameOf(evidence.object)} ${why}`, evidence }
  })
