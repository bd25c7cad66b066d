/** Connections of plain bytes (`nc`, `tcp://`): the verdict made real, then the program. */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../../meshes/call.ts'
import { notModelled, plainVerdict, type Verdict } from '../../meshes/verdict.ts'
import type { DataPlane, Dial, Failure, HttpExchange, TcpResult } from './dataplane.ts'
import { closedLate } from './dropped.ts'
import type { ExchangeWays } from './exchange.ts'
import { parseRequest, serializeResponse } from './http1.ts'
import { type Place, silence } from './locate.ts'
import type { Notes } from './traffic.ts'

const badRequest = (now: number): HttpExchange['response'] => ({
  status: 400,
  headers: [
    ['Date', new Date(now).toUTCString()],
    ['Connection', 'close'],
  ],
  body: new Uint8Array(),
})

const failed = (failure: Failure, verdict?: Verdict): TcpResult => ({
  ok: false,
  failure,
  ...(verdict === undefined ? {} : { verdict }),
})

/** `current` is a pod as it is stored now; `http` carries bytes that are an HTTP request after all. */
export const createConnections = (ways: ExchangeWays, current: (pod: Pod) => Pod, http: DataPlane['http']) => {
  const { clock, listen, isMeshed, decide, gather, proxies } = ways

  const verdictOn = async (call: Call): Promise<Verdict> => {
    const turn = { number: proxies.turn(call.source, `:${call.port}`), avoid: new Map() }
    return decide(await gather(isMeshed(call.source) ? { ...call, turn } : call))
  }

  /** What the program at the other end says, when there is one. */
  const answered = async (
    dial: Dial,
    payload: Uint8Array,
    to: Place['to'],
    source: string,
    call: Place['call'],
  ): Promise<TcpResult> => {
    const program = to.program ?? listen(to.pod, to.port)
    const listener = program?.ports.find((each) => each.port === to.port)
    if (!program) {
      const isProxied = call && (isMeshed(call.source) || isMeshed(to.pod))
      return failed(isProxied ? { kind: 'empty' } : { kind: 'refused', host: dial.host, port: dial.port })
    }
    if (listener?.protocol === 'http' && payload.length > 0)
      return { ok: true, received: serializeResponse(badRequest(clock.now()), 'GET') }
    if (!program.tcp)
      return payload.length > 0 || listener?.protocol === 'tcp'
        ? { ok: true, received: new Uint8Array() }
        : failed(await silence(clock, dial))
    return { ok: true, received: await program.tcp(payload, { port: to.port, remoteAddress: source }) }
  }

  const send = async (dial: Dial, payload: Uint8Array, notes: Notes): Promise<TcpResult> => {
    const asked = parseRequest(payload)
    const place = await ways.locate(dial, notes)
    if ('failure' in place) {
      // A sidecar accepts first and finds out later that there is nobody: the caller sees an open, then closed connection.
      if (place.noEndpoints && isMeshed(current(dial.from))) return failed({ kind: 'empty' })
      return failed(place.failure)
    }
    let to = place.to
    const spoken = (to.program ?? listen(to.pod, to.port))?.ports.find((each) => each.port === to.port)
    if (asked && (place.call?.service || !spoken || spoken.protocol === 'http') && spoken?.protocol !== 'tcp') {
      notes.reported = true
      const result = await http(dial, asked)
      return result.ok
        ? { ok: true, received: serializeResponse(result.exchange.response, asked.method) }
        : failed(result.failure)
    }
    const held: (() => void)[] = []
    let source = '127.0.0.1'
    if (place.call) {
      const call: Call = { ...place.call, protocol: 'tcp' }
      const verdict = await verdictOn(call)
      if (verdict.upstream) to = { pod: verdict.upstream.destination, port: verdict.upstream.port }
      Object.assign(notes, { call: { ...call, destination: to.pod, port: to.port }, verdict })
      if (verdict.outcome === 'unknown' || !verdict.effect) {
        const line = `${notModelled}${verdict.because}`
        ways.proxyLog?.(isMeshed(call.source) ? call.source : to.pod, line)
        return failed({ kind: 'reset' })
      }
      const { kind } = verdict.effect
      if (kind === 'drop')
        return failed(
          isMeshed(call.source)
            ? await closedLate(clock, dial, verdict.upstream?.connectTimeout)
            : await silence(clock, dial),
        )
      if (kind === 'refuse') return failed({ kind: 'refused', host: dial.host, port: dial.port })
      if (kind === 'reset') return failed({ kind: 'reset' })
      if (kind !== 'forward') return failed({ kind: 'empty' })
      const sides = [
        { pod: call.source, at: 'client' as const, ...verdict.upstream },
        { pod: to.pod, at: 'server' as const, ...verdict.inbound },
      ]
      for (const { pod, at, cluster, limits } of sides) {
        if (cluster === undefined || limits === undefined) continue
        const leave = proxies.connect(pod, cluster, limits)
        if (leave === undefined) {
          for (const each of held) each()
          notes.verdict = { ...plainVerdict(verdict), logged: { [at]: { status: 0, flags: 'UO', details: '-' } } }
          return failed({ kind: 'empty' })
        }
        held.push(leave)
      }
      source = isMeshed(to.pod) ? '127.0.0.6' : (call.source.status?.podIP ?? '')
    }
    try {
      return await answered(dial, payload, to, source, place.call)
    } finally {
      for (const leave of held) leave()
    }
  }

  /** A connection alone says less than a request: proxies accept first and decide when data comes. */
  const open = async (dial: Dial, notes: Notes): Promise<TcpResult> => {
    const place = await ways.locate(dial, notes)
    const opened = { ok: true as const, received: new Uint8Array() }
    const isProxied = isMeshed(current(dial.from))
    if ('failure' in place) return place.noEndpoints && isProxied ? opened : failed(place.failure)
    const call: Call | undefined = place.call && { ...place.call, protocol: 'tcp' }
    const verdict = call && decide(call)
    if (verdict?.effect?.kind === 'drop' && !isProxied) {
      Object.assign(notes, { call, verdict })
      return failed(await silence(clock, dial), verdict)
    }
    if (verdict && (isProxied || isMeshed(place.to.pod))) {
      Object.assign(notes, { call, verdict })
      if (verdict.effect?.kind === 'refuse')
        return failed({ kind: 'refused', host: dial.host, port: dial.port }, verdict)
      return opened
    }
    const listener = place.to.program ?? listen(place.to.pod, place.to.port)
    return listener ? opened : failed({ kind: 'refused', host: dial.host, port: dial.port })
  }

  return { send, open }
}
