/**
 * The caller's side of a verdict: answers that its own sidecar gives, and what routing changed about a call that went on.
 */
import type { Call } from '../call.ts'
import type { Effect, Forwarding, Inbound, Verdict } from '../verdict.ts'
import { targetPort } from '../world.ts'
import { limitsOf } from './cluster.ts'
import type { IstioModel } from './compile.ts'
import { findRule, policyFor } from './destination-rule.ts'
import { once } from './once.ts'
import { type Outbound, servicesOf } from './outbound.ts'
import { isMeshed } from './pods.ts'
import { rateLimitsOf } from './rate-limit.ts'
import { fields, isFields } from './read.ts'
import { hostOfService } from './registry.ts'
import type { HeaderChanges, OwnAnswer } from './route-action.ts'
import { findSidecar } from './sidecar.ts'

/** A proxy's own answer as HTTP. An empty body has no type. */
export const ownReply = (answer: OwnAnswer, by: 'client-proxy' | 'server-proxy' = 'client-proxy'): Effect => ({
  kind: 'respond',
  by,
  status: answer.status,
  headers: [
    ['content-length', String(Buffer.byteLength(answer.body))],
    ...(answer.body === '' ? [] : ([['content-type', 'text/plain']] as [string, string][])),
    ...answer.headers,
    ['server', by === 'client-proxy' ? 'envoy' : 'istio-envoy'],
  ],
  body: answer.body,
})

/** The verdict for a call that the caller's sidecar answers or ends itself; undefined: it goes on. */
export const endedByCaller = (sent: Outbound): Verdict | undefined => {
  const { answer, refused, steps } = sent
  const last = refused ?? steps.at(-1)
  if (last === undefined || (answer === undefined && refused === undefined)) return undefined
  const base: Verdict = {
    outcome: 'deny',
    transport: 'none',
    ...(last.evidence === undefined ? {} : { decidedBy: last.evidence }),
    because: last.says,
    steps,
    effect: answer === undefined ? { kind: 'close' } : ownReply(answer),
  }
  // A cluster without endpoints took the connection (envoy source/common/tcp_proxy/tcp_proxy.cc, NoHealthyUpstream).
  if (answer === undefined && sent.upstream !== undefined)
    return { ...base, logged: { client: { status: 0, flags: 'UH', details: '-' } }, upstream: sent.upstream }
  if (answer === undefined) return base
  const { cluster, route, delay } = answer
  const upstream = {
    cluster: cluster ?? '-',
    ...(route === undefined ? {} : { route }),
    destination: sent.call.destination,
    port: sent.call.port,
    endpoints: [],
    ...(delay === undefined ? {} : { delay }),
  }
  return {
    ...base,
    logged: { client: { status: answer.status, flags: answer.flags, details: answer.details } },
    ...(cluster !== undefined || route !== undefined || delay !== undefined ? { upstream } : {}),
  }
}

const rerouted = (forwarding: Forwarding, changes: HeaderChanges, before: Call, after: Call): Forwarding => {
  const [asked, sent] = [before.http, after.http]
  if (asked === undefined || sent === undefined) return forwarding
  const path = forwarding.setRequestHeaders.find(([name]) => name === ':path')?.[1] ?? sent.path
  const rest = forwarding.setRequestHeaders.filter(([name]) => name !== ':path')
  const renamed = new Set(rest.map(([name]) => name))
  const moved = path !== asked.path
  return {
    ...forwarding,
    setRequestHeaders: [
      ...changes.set.filter(([name]) => !renamed.has(name)),
      ...rest,
      ...(moved ? [[':path', path] as [string, string]] : []),
      ...(sent.authority === asked.authority ? [] : [[':authority', sent.authority] as [string, string]]),
    ],
    removeRequestHeaders: [...forwarding.removeRequestHeaders, ...changes.remove],
    setResponseHeaders: [...forwarding.setResponseHeaders, ...changes.responseSet],
    ...(changes.responseAdd.length > 0 ? { addResponseHeaders: changes.responseAdd } : {}),
    ...(changes.responseRemove.length > 0 ? { removeResponseHeaders: changes.responseRemove } : {}),
  }
}

/**
 * The connection pool of a DestinationRule limits the receiver's own cluster too, by the first Service that leads to the
 * port; a Sidecar's `inboundConnectionPool` replaces it (pilot/pkg/networking/core/cluster_builder.go, buildInboundCluster).
 */
export const inboundOf = (model: IstioModel, call: Call): Inbound | undefined => {
  const { destination: pod } = call
  if (!isMeshed(pod)) return undefined
  const { namespace = 'default', labels } = pod.metadata
  const sidecar = findSidecar(model.sidecars, pod, model.config.rootNamespace)
  const own = fields(sidecar?.spec).inboundConnectionPool
  const service = servicesOf(model, pod).find((each) =>
    (each.spec.ports ?? []).some((port) => targetPort(pod, port) === call.port),
  )
  const number = service?.spec.ports?.find((port) => targetPort(pod, port) === call.port)?.port
  const rule =
    service &&
    findRule(model.destinationRules, {
      host: hostOfService(service),
      home: service.metadata.namespace ?? 'default',
      from: namespace,
      labels,
      outbound: false,
    })
  const limits =
    sidecar !== undefined && isFields(own)
      ? limitsOf({ value: own, object: sidecar, field: 'spec.inboundConnectionPool' })
      : limitsOf(policyFor(rule, number ?? 0).connectionPool)
  const rateLimits = rateLimitsOf(model.extensions, { namespace, labels, root: model.config.rootNamespace }, call.port)
  if (limits === undefined && rateLimits.length === 0) return undefined
  return {
    cluster: `inbound|${call.port}||`,
    ...(limits === undefined ? {} : { limits }),
    ...(rateLimits.length === 0 ? {} : { rateLimits }),
  }
}

const noChanges: HeaderChanges = { set: [], remove: [], responseSet: [], responseAdd: [], responseRemove: [] }

/**
 * What the receiver's side decided, with where the caller's proxy sent the call and what both sides watch. Nothing of
 * the verdict is worked out before it is read.
 */
export const withRoute = (model: IstioModel, call: Call, sent: Outbound, verdict: Verdict): Verdict => {
  const effect = once((): Effect | undefined => {
    const met = verdict.effect
    if (met?.kind !== 'forward' || sent.proxy !== 'http') return met
    return { kind: 'forward', forwarding: rerouted(met.forwarding, sent.changes ?? noChanges, call, sent.call) }
  })
  const inbound = once(() => inboundOf(model, sent.call))
  // A gateway has sent the call on already.
  const further = verdict.upstream
  return {
    outcome: verdict.outcome,
    transport: verdict.transport,
    sent: sent.transport,
    identity: verdict.identity,
    get effect() {
      return effect()
    },
    get decidedBy() {
      return verdict.decidedBy
    },
    get because() {
      return verdict.because
    },
    get steps() {
      return verdict.steps
    },
    get logged() {
      return verdict.logged
    },
    upstream: further ?? sent.upstream,
    get inbound() {
      return further === undefined ? inbound() : verdict.inbound
    },
    ...(verdict.endsTls === undefined ? {} : { endsTls: verdict.endsTls }),
  }
}
