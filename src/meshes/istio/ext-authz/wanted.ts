/** What has to be asked of an external authorizer before a call can be decided. */
import type { Pod } from '../../../kube/kinds.ts'
import type { Call } from '../../call.ts'
import { arrivalOf, isLost, type Listener, requestAt } from '../arrival.ts'
import { askedOf } from '../asked.ts'
import { askCustom } from '../authorize.ts'
import type { IstioModel } from '../compile.ts'
import type { Outbound } from '../outbound.ts'
import { receiverOf } from '../receiver.ts'
import type { Check } from './check.ts'

/** The question of the receiver's proxy; undefined: it has none. */
export const checkWanted = (model: IstioModel, call: Call, sent: Outbound, listener?: Listener): Check | undefined => {
  if (receiverOf(model, call.destination).tables.custom.length === 0) return undefined
  const arrival = arrivalOf(model, call, sent, listener)
  if (isLost(arrival, call)) return undefined
  const { receiver, identity, http, about } = arrival
  const custom = askCustom(receiver.tables, askedOf(model, call, about))
  if (custom?.outcome !== 'asks') return undefined
  const address = (pod: Pod): string => pod.status?.podIP ?? ''
  return {
    provider: custom.provider,
    receiver: call.destination,
    source: { address: address(call.source), ...(identity === undefined ? {} : { principal: identity }) },
    destination: {
      address: address(call.destination),
      port: call.port,
      ...(identity === undefined ? {} : { principal: receiver.identity }),
    },
    ...(http && call.http ? { http: requestAt(arrival, call.http) } : {}),
  }
}
