/**
 * From one finished exchange to what each proxy on its way saw.
 * Not modelled: ports of connections are made up (the same exchange has the same ones), connections are never reused.
 */
import { normalizePath } from '../../match/paths.ts'
import type { Finished } from '../../traffic.ts'
import type { IstioModel } from '../compile.ts'
import { isGateway } from '../pods.ts'
import { gatewayRecords } from './gateway.ts'
import type { ProxyRecord } from './record.ts'
import { type Common, clientRecord, reachesServer, serverRecord } from './sides.ts'

/** Paths are normalized before they are logged; the request id is the same for both sidecars. */
const seenRequest = (model: IstioModel, finished: Finished, requestId: string): Finished['request'] => {
  const request = finished.forwarded ?? finished.request
  if (request === undefined) return undefined
  const headers = request.headers.some(([name]) => name.toLowerCase() === 'x-request-id')
    ? request.headers
    : [...request.headers, ['x-request-id', requestId] as const]
  return { ...request, path: normalizePath(request.path, model.config.normalization), headers }
}

/**
 * What each proxy saw, the caller's first. None for traffic that no proxy handled, and none for a verdict of
 * `unknown`. @param requestId of this exchange, should it have none yet
 */
export const recordsOf = (model: IstioModel, finished: Finished, requestId: string): ProxyRecord[] => {
  if (finished.verdict?.outcome === 'unknown') return []
  if (finished.call === undefined && finished.service === undefined) return []
  const request = seenRequest(model, finished, requestId)
  const known = request?.headers.find(([name]) => name.toLowerCase() === 'x-request-id')?.[1] ?? requestId
  const common: Common = { finished, requestId: known, request }
  if (finished.call && isGateway(finished.call.destination)) return gatewayRecords(model, common)
  const isServed = reachesServer(finished)
  const client = clientRecord(model, common, !isServed)
  const server = serverRecord(model, common, client)
  return [client, server].filter((record): record is ProxyRecord => record !== undefined)
}
