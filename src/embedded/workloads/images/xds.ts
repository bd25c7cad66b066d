/**
 * The part of xDS that `istioctl proxy-status` and `istioctl version` ask istiod: one gRPC stream, one debug question.
 * Upstream: envoy/api envoy/service/discovery/v3/discovery.proto, envoy/service/status/v3/csds.proto; istio/istio
 * pilot/pkg/xds/statusgen.go (debugSyncz), istioctl/pkg/multixds.
 * Not modelled: configuration over xDS. What is asked for besides is refused with a sentence that says so.
 */
import { constants, performServerHandshake, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Pod } from '../../../kube/kinds.ts'
import { isGateway, isMeshed } from '../../../meshes/istio/pods.ts'
import { nodeOf } from '../../../meshes/istio/proxy-config/node.ts'
import { isReady } from '../../../meshes/world.ts'

export interface ConnectedProxy {
  /** `web.production` */
  id: string
  type: 'sidecar' | 'router'
  metadata: Readonly<Record<string, string>>
}

export interface XdsAnswers {
  /** Name of the istiod's pod. */
  id: string
  version: string
  proxies: () => readonly ConnectedProxy[]
}

/** Every proxy that runs is connected. */
export const proxiesOf = (pods: readonly Pod[]): ConnectedProxy[] =>
  pods
    .filter((pod) => isMeshed(pod) && isReady(pod))
    .map((pod) => {
      const { NAME, CLUSTER_ID, NAMESPACE, ISTIO_VERSION } = nodeOf(pod).metadata
      return {
        id: `${NAME}.${NAMESPACE}`,
        type: isGateway(pod) ? 'router' : 'sidecar',
        metadata: { CLUSTER_ID, NAMESPACE, ISTIO_VERSION },
      }
    })

/** `/debug/syncz`, with the fields that do not depend on configuration being sent (pilot/pkg/xds/debug.go, SyncStatus). */
export const syncStatuses = (proxies: readonly ConnectedProxy[]): string =>
  JSON.stringify(
    proxies.map(({ id, type, metadata }) => ({
      cluster_id: metadata.CLUSTER_ID,
      proxy: id,
      proxy_type: type,
      istio_version: metadata.ISTIO_VERSION,
    })),
  )

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources'
const syncz = 'istio.io/debug/syncz'
const page = 'istio.io/debug'
const ownNonce = 'meshdojo-1'
const unimplemented = 12

/** What every sidecar subscribes to. */
const subscribed = [
  'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  'type.googleapis.com/envoy.config.listener.v3.Listener',
  'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
]

const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter => writer.tag(field, 2).string(value)

const message = (writer: BinaryWriter, field: number, body: (inner: BinaryWriter) => void): BinaryWriter => {
  body(writer.tag(field, 2).fork())
  return writer.join()
}

/** DiscoveryRequest: what is asked for, and the nonce of the answer that it acknowledges. */
const readRequest = (bytes: Uint8Array): { type: string; names: string[]; nonce: string } => {
  const reader = new BinaryReader(bytes)
  let type = ''
  let nonce = ''
  const names: string[] = []
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (field === 3) names.push(reader.string())
    else if (field === 4) type = reader.string()
    else if (field === 5) nonce = reader.string()
    else reader.skip(wire, field)
  }
  return { type, names, nonce }
}

/** google.protobuf.Struct of strings. */
const struct = (writer: BinaryWriter, values: Readonly<Record<string, string>>): void => {
  for (const [key, value] of Object.entries(values))
    message(writer, 1, (entry) => {
      text(entry, 1, key)
      message(entry, 2, (inner) => text(inner, 3, value))
    })
}

/** ClientConfig: a proxy, and that it has everything that it subscribed to. */
const clientConfig = ({ id, metadata }: ConnectedProxy): Uint8Array => {
  const writer = new BinaryWriter()
  message(writer, 1, (node) => {
    text(node, 1, id)
    message(node, 3, (inner) => struct(inner, metadata))
  })
  const synced = 1
  for (const type of subscribed)
    message(writer, 3, (config) => {
      text(config, 1, type)
      config.tag(6, 0).int32(synced)
    })
  return writer.finish()
}

/** DiscoveryResponse. */
const response = ({ id, version }: XdsAnswers, type: string, resources: readonly [type: string, Uint8Array][]) => {
  const writer = new BinaryWriter()
  text(writer, 1, '1')
  for (const [url, body] of resources) message(writer, 2, (any) => text(any, 1, url).tag(2, 2).bytes(body))
  text(writer, 4, type)
  text(writer, 5, ownNonce)
  const Info = { version, revision: 'unknown', golang_version: '', status: 'Clean', tag: version }
  message(writer, 6, (plane) => text(plane, 1, JSON.stringify({ Component: 'istiod', ID: id, Info })))
  return writer.finish()
}

/** Undefined: not modelled. */
const answerTo = (answers: XdsAnswers, type: string, names: readonly string[]): Uint8Array | undefined => {
  const clientConfigType = 'type.googleapis.com/envoy.service.status.v3.ClientConfig'
  if (type === syncz)
    return response(
      answers,
      type,
      answers.proxies().map((proxy) => [clientConfigType, clientConfig(proxy)]),
    )
  if (type === page && names.length === 1 && names[0] === 'syncz')
    return response(answers, type, [[page, Buffer.from(syncStatuses(answers.proxies()))]])
  return undefined
}

/** gRPC's frame: not compressed, length, message. */
const framed = (body: Uint8Array): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

/** The messages of a gRPC stream, as they come. */
const onMessage = (stream: ServerHttp2Stream, take: (body: Uint8Array) => void): void => {
  let pending = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
      const end = 5 + pending.readUInt32BE(1)
      take(pending.subarray(5, end))
      pending = pending.subarray(end)
    }
  })
}

const serve = (stream: ServerHttp2Stream, answers: XdsAnswers): void => {
  let status: Record<string, string | number> = { 'grpc-status': 0 }
  const refuse = (says: string): void => {
    status = { 'grpc-status': unimplemented, 'grpc-message': encodeURIComponent(says) }
    stream.end()
  }
  stream.on('error', () => stream.destroy())
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(status))
  stream.on('end', () => stream.end())
  onMessage(stream, (body) => {
    const { type, names, nonce } = readRequest(body)
    // istioctl's first question has a nonce too, of its own making (pkg/adsc/adsc.go, Send).
    if (stream.writableEnded || nonce === ownNonce) return
    const answer = answerTo(answers, type, names)
    if (answer) stream.write(framed(answer))
    else refuse(`meshdojo's istiod answers ${syncz} over xDS, not ${[type, ...names].join(' ') || 'this'}`)
  })
}

/** Speaks HTTP/2 on a connection whose TLS is already ended. */
export const serveXds = (socket: Duplex, answers: XdsAnswers): void => {
  const session = performServerHandshake(socket)
  session.on('error', () => socket.destroy())
  session.on('stream', (stream, headers) => {
    if (headers[constants.HTTP2_HEADER_PATH] === path) return serve(stream, answers)
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': unimplemented,
        'grpc-message': encodeURIComponent(`meshdojo's istiod has no ${headers[constants.HTTP2_HEADER_PATH]}`),
      },
      { endStream: true },
    )
  })
}
