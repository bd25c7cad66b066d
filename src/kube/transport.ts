/**
 * A cluster over TLS: what a kubeconfig names, as the same function that the embedded one is. HTTP/1.1 with kept
 * connections; exec over WebSocket (v5, v4). Nothing is listening here, and nothing outlives `close`.
 */
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { type Duplex, Readable } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Cluster } from './api.ts'
import { ClusterUnreachable } from './errors.ts'
import { type Connection, readKubeconfig } from './kubeconfig.ts'
import type { SignedIn } from './sign-in.ts'

/** A cluster that holds connections. */
export interface RemoteCluster extends Cluster {
  readonly connection: Connection
  /** A connection to a port inside a pod. Rejects with `StatusError` or `ClusterUnreachable`. */
  forward(target: { namespace: string; pod: string }, port: number): Promise<Duplex>
  /** Drops idle connections; running requests end with their own signals. */
  close(): void
}

const nextSteps: Record<string, string> = {
  ECONNREFUSED: 'nothing is listening there: is the cluster running? Start one with "meshdojo cluster serve"',
  ENOTFOUND: 'the name has no address: check the server in the kubeconfig',
  ETIMEDOUT: 'no answer: check the network and the server in the kubeconfig',
  ECONNRESET: 'the connection broke: is the cluster still running?',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not from the kubeconfig’s authority: is the file from another run?',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not from the kubeconfig’s authority: is the file from another run?',
  CERT_SIGNATURE_FAILURE: 'its certificate is not from the kubeconfig’s authority: is the file from another run?',
  CERT_HAS_EXPIRED: 'its certificate has expired: make the kubeconfig anew',
}

export const unreachable = (server: string, error: unknown): ClusterUnreachable => {
  const { code, message } = error as NodeJS.ErrnoException
  const next = nextSteps[code ?? ''] ?? 'check that the cluster runs and that the kubeconfig is its own'
  return new ClusterUnreachable(`cannot reach ${server} (${code ?? message}): ${next}`, { cause: error })
}

/** One for all connections: reading the certificates costs as much as a handshake. */
const secureContextOf = ({ server, ca, clientCertificate, clientKey }: Connection): SecureContext => {
  try {
    return createSecureContext({ ca, cert: clientCertificate, key: clientKey })
  } catch (error) {
    const { message } = error as Error
    throw new ClusterUnreachable(`the certificates for ${server} cannot be used (${message}): make the kubeconfig anew`)
  }
}

const tlsOf = (connection: Connection, signedIn?: SignedIn) => ({
  secureContext: secureContextOf({
    ...connection,
    ...(signedIn?.clientCertificate && {
      clientCertificate: signedIn.clientCertificate,
      clientKey: signedIn.clientKey,
    }),
  }),
  ...(connection.tlsServerName ? { servername: connection.tlsServerName } : {}),
  rejectUnauthorized: !connection.insecure,
})

const bodyOf = async (request: Request): Promise<Buffer | undefined> =>
  request.body ? Buffer.from(await request.arrayBuffer()) : undefined

/** Statuses whose Response may have no body, not even an empty one. */
const bodiless = new Set([101, 204, 205, 304])

/** The cluster behind a connection. Nothing is sent until the first request. Throws `ClusterUnreachable` for bad PEM. */
export const connectTo = (connection: Connection): RemoteCluster => {
  const { server } = connection
  const agentFor = (signedIn?: SignedIn) =>
    new Agent({ ...tlsOf(connection, signedIn), keepAlive: true, scheduling: 'lifo' })
  let agent = agentFor()
  let certificate: string | undefined
  const start = server.startsWith('https:') ? httpsRequest : httpRequest

  const authorization = async (): Promise<Record<string, string>> => {
    const signedIn = await connection.signIn?.()
    if (signedIn) {
      // A plugin may give another certificate each time: connections made with the old one end by themselves.
      if (signedIn.clientCertificate !== certificate) {
        certificate = signedIn.clientCertificate
        agent = agentFor(signedIn)
      }
      return signedIn.headers
    }
    const token = connection.tokenFile ? (await readFile(connection.tokenFile, 'utf8')).trim() : connection.token
    return token ? { authorization: `Bearer ${token}` } : {}
  }

  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const body = await bodyOf(request)
    const headers = {
      ...Object.fromEntries(request.headers),
      ...(await authorization()),
      // Node leaves the length out of a DELETE's body, which then reads as the next request of a kept connection.
      ...(body ? { 'content-length': String(body.length) } : {}),
    }
    const options: RequestOptions = { method: request.method, headers, signal: request.signal }
    if (server.startsWith('https:')) options.agent = agent
    return new Promise((resolve, reject) => {
      const outgoing = start(`${server}${pathname}${search}`, options, (incoming) => {
        const responseHeaders = new Headers()
        for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
          responseHeaders.append(incoming.rawHeaders[index]!, incoming.rawHeaders[index + 1]!)
        }
        const status = incoming.statusCode ?? 500
        if (bodiless.has(status)) incoming.resume()
        const stream = bodiless.has(status) ? null : Readable.toWeb(incoming)
        resolve(new Response(stream as ReadableStream<Uint8Array> | null, { status, headers: responseHeaders }))
      })
      outgoing.on('error', (error) =>
        reject(request.signal.aborted ? request.signal.reason : unreachable(server, error)),
      )
      outgoing.end(body)
    })
  }

  return {
    connection,
    fetch,
    exec: async (target, argv, streams) => {
      // ws is only read when something is run in a pod.
      const { execOverWebSocket } = await import('./exec.ts')
      const headers = await authorization()
      return execOverWebSocket({ server, agent, headers }, target, argv, streams)
    },
    forward: async (target, port) => {
      const { forwardOverWebSocket } = await import('./forward.ts')
      return forwardOverWebSocket({ server, agent, headers: await authorization() }, target, port)
    },
    close: () => agent.destroy(),
  }
}

/** The cluster that a kubeconfig file names. Throws `ClusterUnreachable` when the file cannot be used. */
export const connect = async (kubeconfigPath: string, context?: string): Promise<RemoteCluster> =>
  connectTo(await readKubeconfig(kubeconfigPath, context))
