/** NetworkPolicies in front of a mesh's verdict: a connection that they drop never gets to the receiver's proxy. */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import { isOutside } from '../outside.ts'
import { plainVerdict, type Verdict } from '../verdict.ts'
import { podAddresses } from '../world.ts'
import { decide, type PolicyDecision, type Side } from './decide.ts'
import type { PolicyModel } from './policy.ts'

/** A place outside the cluster is its address: no selector means it. */
const sideOf = (pod: Pod): Side => {
  const address = podAddresses(pod)[0] ?? ''
  return isOutside(pod) ? { address } : { address, pod }
}

/** What becomes of a call in a cluster without a mesh. */
export const withoutMesh = (call: Call): Verdict => {
  const says = `Nothing stands between ${call.source.metadata.name} and ${call.destination.metadata.name}`
  return {
    outcome: 'allow',
    transport: call.protocol === 'tls' ? 'tls' : 'plaintext',
    effect: {
      kind: 'forward',
      forwarding: { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [] },
    },
    because: says,
    steps: [{ at: 'wire', outcome: 'pass', says }],
  }
}

/** A verdict of `drop` for a refusal; `before` are the steps that came first. */
export const dropped = (decision: PolicyDecision, before: Verdict['steps'] = []): Verdict => {
  const deciding = decision.steps.at(-1)
  return {
    outcome: 'deny',
    transport: 'none',
    effect: { kind: 'drop' },
    ...(deciding?.evidence ? { decidedBy: deciding.evidence } : {}),
    because: deciding?.says ?? '',
    steps: [...before, ...decision.steps],
  }
}

/**
 * The mesh's verdict, unless policies drop the connection that it needs. What the caller's own proxy refuses never gets
 * that far, and what the mesh cannot decide stays undecided.
 */
export const behindPolicies = (policies: PolicyModel, call: Call, verdict: Verdict): Verdict => {
  if (policies.policies.size === 0) return verdict
  // A proxy of the caller may send elsewhere than was dialled.
  const { destination, port } = verdict.upstream ?? call
  const decision = decide(policies, {
    from: sideOf(call.source),
    to: sideOf(destination),
    port,
    protocol: 'TCP',
  })
  if (decision.steps.length === 0 || verdict.outcome === 'unknown') return verdict
  const endsAtCaller = verdict.steps.some(({ at, outcome }) => at === 'client' && outcome === 'deny')
  if (endsAtCaller) return verdict
  const leaves = verdict.steps.findIndex(({ at }) => at !== 'client')
  const wire = leaves < 0 ? verdict.steps.length : leaves
  const before = verdict.steps.slice(0, wire)
  if (!decision.allowed) return dropped(decision, before)
  return { ...plainVerdict(verdict), steps: [...before, ...decision.steps, ...verdict.steps.slice(wire)] }
}
