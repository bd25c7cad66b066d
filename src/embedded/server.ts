/**
 * The embedded cluster over HTTPS on loopback, for kubectl and every other client. Only adapts: certificates and tokens
 * become a user, node's requests become the `Request`s that `apiserver/routes.ts` answers, upgrades go to `streaming/`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { formatKubeconfig } from '../kube/kubeconfig.ts'
import { adminUser, impersonated, requireResource, type User } from './apiserver/auth.ts'
import { notFound, notModelled, unauthorized } from './apiserver/errors.ts'
import { bearerUser } from './apiserver/in-cluster.ts'
import { headersOf, readBody, refuseUpgrade, send, sendStatus, statusOf } from './apiserver/node-http.ts'
import { parseResourcePath } from './apiserver/request-info.ts'
import { apiServerNames } from './bootstrap.ts'
import type { EmbeddedCluster } from './cluster.ts'
import type { Streaming } from './streaming/index.ts'

export interface ServedCluster {
  /** `https://127.0.0.1:6443` */
  url: string
  port: number
  /** The text of a kubeconfig for the administrator. */
  kubeconfig: string
  /** Ends every watch and connection; nothing listens any more. Leaves the cluster itself running. */
  close(): Promise<void>
}

export interface ServeOptions {
  /** 0 or absent: any free one. */
  port?: number
  /** Of the cluster, the context and the user in the kubeconfig. */
  name?: string
}

const host = '127.0.0.1'

/** Listens; rejects with node's error when the port is taken. */
export async function serve(embedded: EmbeddedCluster, options: ServeOptions = {}): Promise<ServedCluster> {
  const { authority } = embedded
  const { certificate, key } = authority.issueServer(apiServerNames)
  const server = createServer({
    cert: certificate,
    key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    keepAlive: true,
    noDelay: true,
  })
  // A watch may be silent for an hour; only headers have to come soon.
  server.requestTimeout = 0
  server.timeout = 0
  // As k8s.io/apiserver pkg/server/secure_serving.go has them.
  server.headersTimeout = 32_000
  server.keepAliveTimeout = 90_000
  const sockets = new Set<Duplex>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('request', (request, response) => {
    answer(embedded, request, response).catch(() => response.destroy())
  })
  const streaming = lazily(() => startStreaming(embedded))
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    upgrade(embedded, streaming, request, socket, head).catch((error) => refuseUpgrade(socket, error))
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  const url = `https://${host}:${port}`
  const admin = authority.issueClient({ name: adminUser.username, groups: ['system:masters'] })
  const kubeconfig = formatKubeconfig({
    name: options.name ?? 'meshdojo',
    server: url,
    ca: authority.certificate,
    clientCertificate: admin.certificate,
    clientKey: admin.key,
  })
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { url, port, kubeconfig, close }
}

const lazily = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

async function startStreaming({ kubelet, registry }: EmbeddedCluster): Promise<Streaming> {
  const { createStreaming } = await import('./streaming/index.ts')
  return createStreaming({ kubelet, registry })
}

/** @throws StatusError 401 for a certificate or token that is not ours */
async function authenticate({ tokens }: EmbeddedCluster, request: IncomingMessage): Promise<User> {
  const socket = request.socket as TLSSocket
  const { subject } = socket.getPeerCertificate() ?? {}
  if (subject) {
    if (!socket.authorized) throw unauthorized()
    const groups = [subject.O ?? []].flat()
    return { username: [subject.CN].flat()[0] ?? '', groups: [...groups, 'system:authenticated'] }
  }
  return bearerUser(tokens, request.headers.authorization)
}

async function answer(embedded: EmbeddedCluster, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let user: User
  let body: Buffer | undefined
  try {
    user = await authenticate(embedded, incoming)
    body = await readBody(incoming, embedded.clock)
  } catch (error) {
    sendStatus(outgoing, statusOf(error))
    return
  }
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const hasBody = body !== undefined && incoming.method !== 'GET' && incoming.method !== 'HEAD'
  const request = new Request(`https://${incoming.headers.host ?? host}${incoming.url ?? '/'}`, {
    method: incoming.method,
    headers: headersOf(incoming),
    ...(hasBody ? { body: new Uint8Array(body!) } : {}),
    signal: gone.signal,
  })
  await send(outgoing, await embedded.handle(request, user), incoming.method === 'HEAD')
}

/** exec, attach and port-forward, after the same authentication and authorization as any other request. */
async function upgrade(
  embedded: EmbeddedCluster,
  streaming: () => Promise<Streaming>,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const user = impersonated(embedded.authorizer, await authenticate(embedded, incoming), headersOf(incoming))
  const url = new URL(`https://${host}${incoming.url ?? '/'}`)
  const route = parseResourcePath(incoming.method ?? 'GET', url, embedded.kinds)
  const { subresource, namespace = '', name = '' } = route ?? {}
  if (!route || (subresource !== 'exec' && subresource !== 'attach' && subresource !== 'portforward'))
    throw notModelled(`upgraded connections on ${url.pathname}`)
  requireResource(embedded.authorizer, user, route)
  if (!embedded.registry.get(route.kind, name, namespace)) throw notFound(route.kind, name)
  const { upgrade: open } = await streaming()
  open(incoming, socket, head, { namespace, pod: name, subresource, params: url.searchParams })
}
