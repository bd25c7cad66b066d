/**
 * A gateway: a proxy that takes connections by Gateway resources, asks its own policies, and sends on by the
 * VirtualServices bound to it.
 */
import type { Call, HttpRequest } from '../../call.ts'
import type { Verdict } from '../../verdict.ts'
import { endedByCaller } from '../caller.ts'
import type { IstioModel } from '../compile.ts'
import type { Outbound } from '../outbound.ts'
import { verdict } from '../verdicts.ts'
import { pass } from './pass.ts'

export { behindGateway, gatewayCheck } from './pass.ts'

/** A sidecar of the caller puts its own name there again. */
const byGateway = (headers: [string, string][], sent: Outbound): [string, string][] =>
  headers.map(([name, value]) => [name, name === 'server' && sent.proxy !== 'http' ? 'istio-envoy' : value])

/** What becomes of a call to a gateway; `goOn` decides what it sends on. */
export const throughGateway = (
  model: IstioModel,
  call: Call,
  sent: Outbound,
  goOn: (onward: Outbound) => Verdict,
): Verdict => {
  const passed = pass(model, call, sent)
  if (!('taken' in passed) || passed.onward === undefined) return passed as Verdict
  const { taken, own, onward } = passed
  const last = onward.steps.at(-1)
  const lastly =
    onward.unknown && last !== undefined
      ? verdict('unknown', 'none', onward.steps, last)
      : (endedByCaller(onward) ?? goOn(onward))
  const { effect, upstream } = lastly
  const before = 'opaque' in taken ? undefined : taken.http
  const met =
    effect?.kind === 'respond' && before !== undefined
      ? { ...effect, by: 'server-proxy' as const, headers: byGateway(effect.headers, sent) }
      : effect?.kind === 'forward'
        ? before === undefined
          ? effect
          : {
              kind: 'forward' as const,
              forwarding: {
                ...effect.forwarding,
                setRequestHeaders: [
                  ...changedHeaders(before, onward.call.http),
                  ...effect.forwarding.setRequestHeaders.filter(([name]) => name !== 'x-forwarded-for'),
                ],
                removeRequestHeaders: [
                  ...removedHeaders(before, onward.call.http),
                  ...effect.forwarding.removeRequestHeaders,
                ],
                setResponseHeaders: byGateway(effect.forwarding.setResponseHeaders, sent),
              },
            }
        : effect
  return {
    outcome: lastly.outcome,
    transport: lastly.transport,
    ...(lastly.identity === undefined ? {} : { identity: lastly.identity }),
    ...(met === undefined ? {} : { effect: met }),
    ...(lastly.decidedBy === undefined ? {} : { decidedBy: lastly.decidedBy }),
    because: lastly.because,
    // As for a call of the gateway's: its own line is the client's.
    ...(lastly.logged === undefined ? {} : { logged: lastly.logged }),
    steps: [...own.steps, ...lastly.steps],
    ...(upstream === undefined ? {} : { upstream: { ...upstream, proxy: call.destination } }),
    ...(lastly.inbound === undefined ? {} : { inbound: lastly.inbound }),
    ...('opaque' in taken || taken.endsTls === undefined ? {} : { endsTls: taken.endsTls }),
  }
}

/** What the gateway wrote into the request, as the client's request has to be changed. */
const changedHeaders = (before: HttpRequest, after: HttpRequest | undefined): [string, string][] => {
  if (after === undefined) return []
  const path: [string, string][] = after.path === before.path ? [] : [[':path', after.path]]
  const host: [string, string][] = after.authority === before.authority ? [] : [[':authority', after.authority]]
  const had = new Map(before.headers)
  const set = after.headers.filter(([name, value]) => had.get(name) !== value)
  return [...path, ...host, ...set.map(([name, value]): [string, string] => [name, value])]
}

/** What it took out of the request. */
const removedHeaders = (before: HttpRequest, after: HttpRequest | undefined): string[] => {
  const names = new Set(after?.headers.map(([name]) => name))
  return after === undefined
    ? []
    : [...new Set(before.headers.map(([name]) => name))].filter((name) => !names.has(name))
}
