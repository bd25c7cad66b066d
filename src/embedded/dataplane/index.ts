/**
 * The network between pods: DNS, Service, endpoint, then the mesh's verdict made real, then the program.
 *
 * A verdict of `unknown` never passes in silence: the connection is reset, the caller's proxy logs which field is not
 * modelled, and the verdict travels in the result.
 * Not modelled: the world outside the cluster, UDP, latency, HTTP/2 (everything is answered as HTTP/1.1).
 */
import { randomUUID } from 'node:crypto'
import type { Pod } from '../../kube/kinds.ts'
import type { Call, HttpRequest } from '../../meshes/call.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import { lookup, type Resolution, resolve } from '../../meshes/network.ts'
import { isAskedFor } from '../../meshes/network-policy/index.ts'
import type { Forwarding, Verdict } from '../../meshes/verdict.ts'
import type { Clock } from '../clock.ts'
import type { Registry } from '../registry.ts'
import { pause } from '../workloads/process/process.ts'
import type { Program } from '../workloads/workload.ts'
import { createKeyFetcher } from './control-plane.ts'
import type { DataPlane, Dial, Failure, HttpExchange, HttpResult, TcpResult } from './dataplane.ts'
import { createDns } from './dns.ts'
import { closedLate, givenUp, unresolved } from './dropped.ts'
import { appFailure, noHealthyUpstream, proxyAnswer, throughProxies } from './envoy.ts'
import { parseRequest, serializeResponse } from './http1.ts'
import { createModel } from './model.ts'
import { connectionOutcome, exchangeOutcome, type Notes, observer, type Traffic } from './traffic.ts'
import { distrustOf } from './trust.ts'

export interface DataPlaneOptions {
  registry: Registry
  clock: Clock
  mesh?: Mesh
  /** What listens on that port of that pod. */
  listen: (pod: Pod, port: number) => Program | undefined
  /** What listens at an address that is no pod's. */
  outside?: (address: string, port: number) => Program | undefined
  /** A line for the log of the pod's sidecar. */
  proxyLog?: (pod: Pod, line: string) => void
  /** Told of every exchange and connection when it is over, with the mesh's model. */
  observe?: (traffic: Traffic, model: unknown) => void
}

type Request = HttpExchange['request']

/** How long a client without a limit of its own waits for a silent peer: curl's 300 s. */
const patience = 300_000

export const createDataPlane = (options: DataPlaneOptions): DataPlane & { model: () => unknown; stop(): void } => {
  const { registry, clock, mesh, listen, outside, proxyLog, observe } = options
  const { world, decide, gather, model, askNameServer, mayLeave, stop } = createModel({ registry, mesh })
  const turns = new Map<string, number>()

  /** Round robin over the ready endpoints, per Service port. */
  const pick = (resolution: Extract<Resolution, { kind: 'service' }>): { pod: Pod; port: number } => {
    const key = `${resolution.service.metadata.uid ?? resolution.service.metadata.name}:${resolution.port.port}`
    const turn = turns.get(key) ?? 0
    turns.set(key, turn + 1)
    const endpoints = resolution.endpoints
    const picked = endpoints[turn % endpoints.length]
    if (!picked) throw new Error('a resolved Service has at least one endpoint')
    return picked
  }

  const isMeshed = (pod: Pod): boolean => mesh?.isMeshed(pod) ?? false
  const current = (pod: Pod): Pod => world().pods.get(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`) ?? pod

  const observed = observer({ clock, current, observe: observe && ((traffic) => observe(traffic, model())) })

  /** Nothing ever answers: waits for as long as the client does. */
  const silence = async (dial: Dial): Promise<Failure> => {
    await pause(clock, Math.min(dial.timeout ?? patience, dial.connectTimeout ?? patience), dial.signal)
    return { kind: 'timeout' }
  }

  /** Resolves a name to a place to dial, or to the failure that ends the attempt. */
  const locate = async (
    dial: Dial,
    notes: Notes,
  ): Promise<
    | { to: { pod: Pod; port: number; program?: Program }; call?: Omit<Call, 'protocol' | 'http'>; address: string }
    | { failure: Failure; address?: string; noEndpoints?: true }
  > => {
    const from = current(dial.from)
    if (isAskedFor(dial.host, from) && !askNameServer(from).allowed) return { failure: await unresolved(clock, dial) }
    const found = resolve(world(), from, { host: dial.host, port: dial.port })
    if ('address' in found) notes.address = found.address
    if (found.kind === 'service' || found.kind === 'no-endpoints')
      notes.service = { object: found.service, port: found.port }
    switch (found.kind) {
      case 'nxdomain':
        return { failure: { kind: 'nxdomain', host: dial.host } }
      case 'external': {
        const program = outside?.(found.host, found.port)
        if (program) {
          const answer = lookup(world(), from, dial.host)
          const address = (answer?.kind === 'service' ? answer.addresses[0] : undefined) ?? dial.host
          if (!mayLeave(from, found.host, found.port)) return { failure: await silence(dial), address }
          return { to: { pod: from, port: found.port, program }, address }
        }
        // Names resolve nowhere and addresses lead nowhere: the simulated network ends at the cluster's edge.
        if (/^[\d.]+$|:/.test(dial.host) || found.host !== dial.host.replace(/\.$/, ''))
          return { failure: await silence(dial), address: found.host }
        return { failure: { kind: 'nxdomain', host: dial.host } }
      }
      case 'no-port':
        return { failure: await silence(dial), address: found.address }
      case 'no-endpoints':
        return {
          failure: { kind: 'refused', host: dial.host, port: dial.port },
          address: found.address,
          noEndpoints: true,
        }
      case 'pod':
        if (found.loopback) return { to: { pod: from, port: found.port }, address: found.address }
        return {
          to: { pod: found.pod, port: found.port },
          call: { source: from, destination: found.pod, port: found.port },
          address: found.address,
        }
      case 'service': {
        const to = pick(found)
        return {
          to,
          call: {
            source: from,
            service: { object: found.service, port: found.port },
            destination: to.pod,
            port: to.port,
          },
          address: found.address,
        }
      }
    }
  }

  const within = async (
    dial: Dial,
    answer: Promise<HttpExchange['response']>,
  ): Promise<HttpExchange['response'] | undefined> => {
    if (dial.timeout === undefined) return answer
    const done = new AbortController()
    const late = pause(clock, dial.timeout, done.signal).then(() => undefined)
    const first = await Promise.race([answer, late])
    done.abort()
    return first
  }

  /** The destination's program answers, or says in the client's terms why it does not. */
  const deliver = async (
    dial: Dial,
    to: { pod: Pod; port: number; program?: Program },
    request: Request,
    remoteAddress: string,
  ): Promise<HttpExchange['response'] | Failure> => {
    const program = to.program ?? listen(to.pod, to.port)
    const listener = program?.ports.find((each) => each.port === to.port)
    if (!program || !listener) return { kind: 'refused', host: dial.host, port: dial.port }
    if (dial.tls) {
      if (listener.protocol === 'tcp') return { kind: 'tls', says: 'unexpected eof while reading' }
      if (listener.protocol === 'http') return { kind: 'tls', says: 'wrong version number' }
      const distrust = distrustOf(dial, program)
      if (distrust) return distrust
    } else if (listener.protocol === 'https') return { kind: 'empty' }
    if (!program.http) return answerBytes(program, to.port, request, remoteAddress)
    const tls = dial.tls && { serverName: dial.tls.serverName }
    const response = await within(
      dial,
      program.http(request, { port: to.port, remoteAddress, ...(tls ? { tls } : {}) }),
    )
    return response ?? { kind: 'timeout', connected: true }
  }

  const http: DataPlane['http'] = (dial, request) =>
    observed(
      dial,
      request.body.length,
      (notes) => {
        if (!dial.tls) notes.request = request
        return exchange(dial, request, notes)
      },
      (result) => exchangeOutcome(result, dial.tls !== undefined),
    )

  const fetchKeys = createKeyFetcher({ world, clock, http })

  const exchange = async (dial: Dial, request: Request, notes: Notes): Promise<HttpResult> => {
    const place = await locate(dial, notes)
    const fromMesh = isMeshed(current(dial.from))
    if ('failure' in place) {
      if (place.noEndpoints && fromMesh && !dial.tls)
        return {
          ok: true,
          exchange: { request, response: noHealthyUpstream(clock.now()) },
          remoteAddress: place.address ?? '',
        }
      if (place.noEndpoints && fromMesh) return { ok: false, failure: { kind: 'reset' }, remoteAddress: place.address }
      return { ok: false, failure: place.failure, remoteAddress: place.address }
    }
    const { to, address: remoteAddress } = place
    const ok = (response: HttpExchange['response'], sent: Request, verdict?: Verdict): HttpResult => ({
      ok: true,
      exchange: { request: sent, response },
      remoteAddress,
      verdict,
    })
    if (!place.call) {
      const answer = await deliver(dial, to, request, '127.0.0.1')
      return 'status' in answer ? ok(answer, request) : { ok: false, failure: answer, remoteAddress }
    }
    const call: Call = dial.tls
      ? { ...place.call, protocol: 'tls' }
      : await gather(
          { ...place.call, protocol: 'http', http: { ...request, headers: lowerCased(request.headers) } },
          { now: clock.now(), fetch: fetchKeys },
        )
    const verdict = decide(call)
    Object.assign(notes, { call, verdict })
    const { effect } = verdict
    if (verdict.outcome === 'unknown' || !effect) {
      const line = `meshdojo: not modelled, connection reset: ${verdict.because}`
      proxyLog?.(fromMesh ? current(dial.from) : to.pod, line)
      return { ok: false, failure: { kind: 'reset' }, remoteAddress, verdict }
    }
    switch (effect.kind) {
      case 'respond':
        return ok(proxyAnswer(effect, clock.now()), request, verdict)
      case 'reset':
        return { ok: false, failure: { kind: 'reset' }, remoteAddress, verdict }
      case 'close':
        return { ok: false, failure: { kind: 'empty' }, remoteAddress, verdict }
      case 'refuse':
        return { ok: false, failure: { kind: 'refused', host: dial.host, port: dial.port }, remoteAddress, verdict }
      case 'drop': {
        const answer = fromMesh ? await givenUp(clock, dial, call) : await silence(dial)
        if ('status' in answer) return ok(answer, request, verdict)
        return { ok: false, failure: answer, remoteAddress, verdict }
      }
      case 'forward': {
        const { setResponseHeaders } = effect.forwarding
        const sent = dial.tls ? request : withChanges(request, effect.forwarding)
        const toMesh = isMeshed(to.pod)
        const source = toMesh ? '127.0.0.6' : (current(dial.from).status?.podIP ?? '')
        const asked = clock.now()
        const answer = await deliver(dial, to, sent, source)
        notes.serviceTime = clock.now() - asked
        if (!dial.tls) notes.forwarded = sent
        if (!('status' in answer)) notes.failure = answer
        if ('status' in answer) {
          const timed = withServiceTime(setResponseHeaders, clock.now() - asked)
          return ok(dial.tls ? answer : throughProxies(answer, timed, clock.now()), sent, verdict)
        }
        // A proxy that read the request as HTTP answers for the application; one that only moves bytes closes.
        const isHttp = !dial.tls && setResponseHeaders.length > 0
        const failed = isHttp ? appFailure(answer, { client: fromMesh, server: toMesh, now: clock.now() }) : undefined
        if (failed) return ok(failed, sent, verdict)
        const isHidden = (fromMesh || toMesh) && answer.kind === 'refused'
        return {
          ok: false,
          failure: isHidden ? { kind: dial.tls ? 'reset' : 'empty' } : answer,
          remoteAddress,
          verdict,
        }
      }
    }
  }

  const tcp: DataPlane['tcp'] = (dial, payload) =>
    observed(dial, payload.length, (notes) => send(dial, payload, notes), connectionOutcome)

  const send = async (dial: Dial, payload: Uint8Array, notes: Notes): Promise<TcpResult> => {
    const asked = parseRequest(payload)
    const place = await locate(dial, notes)
    if ('failure' in place) {
      // A sidecar accepts first and finds out later that there is nobody: the caller sees an open, then closed connection.
      if (place.noEndpoints && isMeshed(current(dial.from))) return { ok: false, failure: { kind: 'empty' } }
      return { ok: false, failure: place.failure }
    }
    const program = place.to.program ?? listen(place.to.pod, place.to.port)
    const listener = program?.ports.find((each) => each.port === place.to.port)
    if (asked && (place.call?.service || !listener || listener.protocol === 'http') && listener?.protocol !== 'tcp') {
      notes.reported = true
      const result = await http(dial, asked)
      return result.ok
        ? { ok: true, received: serializeResponse(result.exchange.response, asked.method) }
        : { ok: false, failure: result.failure }
    }
    const silent = async (): Promise<{ ok: false; failure: Failure }> => ({ ok: false, failure: await silence(dial) })
    let source = '127.0.0.1'
    if (place.call) {
      const call: Call = { ...place.call, protocol: 'tcp' }
      const verdict = decide(call)
      Object.assign(notes, { call, verdict })
      if (verdict.outcome === 'unknown' || !verdict.effect) {
        proxyLog?.(
          isMeshed(place.call.source) ? place.call.source : place.to.pod,
          `meshdojo: not modelled, connection reset: ${verdict.because}`,
        )
        return { ok: false, failure: { kind: 'reset' } }
      }
      const { kind } = verdict.effect
      if (kind === 'drop' && isMeshed(place.call.source)) return { ok: false, failure: await closedLate(clock, dial) }
      if (kind === 'drop') return silent()
      if (kind === 'refuse') return { ok: false, failure: { kind: 'refused', host: dial.host, port: dial.port } }
      if (kind === 'reset') return { ok: false, failure: { kind: 'reset' } }
      if (kind !== 'forward') return { ok: false, failure: { kind: 'empty' } }
      source = isMeshed(place.to.pod) ? '127.0.0.6' : (place.call.source.status?.podIP ?? '')
    }
    if (!program) {
      const isProxied = place.call && (isMeshed(place.call.source) || isMeshed(place.to.pod))
      return {
        ok: false,
        failure: isProxied ? { kind: 'empty' } : { kind: 'refused', host: dial.host, port: dial.port },
      }
    }
    if (listener?.protocol === 'http' && payload.length > 0)
      return { ok: true, received: serializeResponse(badRequest(clock.now()), 'GET') }
    if (!program.tcp)
      return payload.length > 0 || listener?.protocol === 'tcp' ? { ok: true, received: new Uint8Array() } : silent()
    return { ok: true, received: await program.tcp(payload, { port: place.to.port, remoteAddress: source }) }
  }

  /** A connection alone says less than a request: proxies accept first and decide when data comes. */
  const probe: DataPlane['probe'] = (dial) => observed(dial, 0, (notes) => open(dial, notes), connectionOutcome)

  const open = async (dial: Dial, notes: Notes): Promise<TcpResult> => {
    const place = await locate(dial, notes)
    const opened = { ok: true as const, received: new Uint8Array() }
    const isProxied = isMeshed(current(dial.from))
    if ('failure' in place) return place.noEndpoints && isProxied ? opened : { ok: false, failure: place.failure }
    const call: Call | undefined = place.call && { ...place.call, protocol: 'tcp' }
    const verdict = call && decide(call)
    if (verdict?.effect?.kind === 'drop' && !isProxied) {
      Object.assign(notes, { call, verdict })
      return { ok: false, failure: await silence(dial), verdict }
    }
    if (verdict && (isProxied || isMeshed(place.to.pod))) {
      Object.assign(notes, { call, verdict })
      if (verdict.effect?.kind === 'refuse')
        return { ok: false, failure: { kind: 'refused', host: dial.host, port: dial.port }, verdict }
      return opened
    }
    return place.to.program || listen(place.to.pod, place.to.port)
      ? opened
      : { ok: false, failure: { kind: 'refused', host: dial.host, port: dial.port } }
  }

  return { dns: createDns(world, (from) => askNameServer(current(from)).allowed), http, tcp, probe, model, stop }
}

/** The mesh's reasoning knows no time; what the application really took is known here. */
const withServiceTime = (headers: [string, string][], milliseconds: number): [string, string][] =>
  headers.map(([name, value]) => [
    name,
    name === 'x-envoy-upstream-service-time' ? String(Math.max(1, milliseconds)) : value,
  ])

const lowerCased = (headers: HttpRequest['headers']): [string, string][] =>
  headers.map(([name, value]) => [name.toLowerCase(), value])

/** The request after proxies wrote their headers; `:path` and `:authority` are the request line's. */
const withChanges = (request: Request, { removeRequestHeaders, setRequestHeaders }: Forwarding): Request => {
  // The mesh is pure and derives its request id; every real request has one of its own.
  const set = setRequestHeaders
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, value]) => [name, name === 'x-request-id' ? randomUUID() : value] as const)
  const changed = new Set([...removeRequestHeaders, ...set.map(([name]) => name)])
  const pseudo = (name: string): string | undefined => setRequestHeaders.find(([each]) => each === name)?.[1]
  return {
    ...request,
    path: pseudo(':path') ?? request.path,
    authority: pseudo(':authority') ?? request.authority,
    headers: [...request.headers.filter(([name]) => !changed.has(name.toLowerCase())), ...set],
  }
}

const badRequest = (now: number): HttpExchange['response'] => ({
  status: 400,
  headers: [
    ['Date', new Date(now).toUTCString()],
    ['Connection', 'close'],
  ],
  body: new Uint8Array(),
})

/** HTTP sent to a program that speaks something else: its bytes are no HTTP response. */
const answerBytes = async (
  program: Program,
  port: number,
  request: Request,
  remoteAddress: string,
): Promise<Failure> => {
  const text = `${request.method} ${request.path} HTTP/1.1\r\nHost: ${request.authority}\r\n${request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  const received = program.tcp
    ? await program.tcp(new TextEncoder().encode(text), { port, remoteAddress })
    : new Uint8Array()
  return received.length > 0 ? { kind: 'not-http', received } : { kind: 'empty' }
}
