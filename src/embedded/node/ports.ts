/**
 * A byte stream to a port of a pod, from the node itself: what port-forward opens. The pod's sidecar is not asked, as in
 * real life, where the kubelet dials inside the pod's network namespace.
 */
import { Duplex, duplexPair } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Pod } from '../../kube/kinds.ts'
import type { Clock } from '../clock.ts'
import type { DataPlane } from '../dataplane/dataplane.ts'
import { readRequest, serializeResponse } from '../dataplane/http1.ts'
import type { Program } from '../workloads/workload.ts'
import { internalError } from './refusals.ts'

interface ByteStream {
  readable: ReadableStream<Uint8Array>
  writable: WritableStream<Uint8Array>
}

/**
 * A port of a gateway, which listens by its configuration: requests go the way that any request to it goes. Only HTTP;
 * whether it listens there is seen with the first request, not before.
 */
export const gatewayPort = (network: DataPlane, pod: Pod, port: number): Program => ({
  ports: [{ port, protocol: 'http' }],
  async http(request) {
    const host = pod.status?.podIP ?? ''
    const result = await network.http({ from: pod, host, port }, request)
    if (result.ok) return result.exchange.response
    return { status: 503, headers: [['content-length', '0']], body: new Uint8Array() }
  },
})

/** The same bytes inside TLS that the port ends, where a client starts with a handshake; otherwise as they are. */
export const withTls = (
  inner: ByteStream,
  certificate: () => { key: string; certChain: string },
  protocols?: string[],
): ByteStream => {
  const plain = Duplex.fromWeb(inner as Parameters<typeof Duplex.fromWeb>[0])
  const [outside, inside] = duplexPair()
  inside.once('data', (first: Buffer) => {
    inside.pause()
    inside.unshift(first)
    const handshake = 0x16
    if (first[0] !== handshake) return void inside.pipe(plain).pipe(inside)
    const { key, certChain } = certificate()
    const secured = new TLSSocket(inside, {
      isServer: true,
      key,
      cert: certChain,
      ...(protocols === undefined ? {} : { ALPNProtocols: protocols }),
    })
    // A client that goes away half-way is its own affair.
    for (const each of [secured, plain]) each.on('error', () => inside.destroy())
    secured.pipe(plain).pipe(secured)
  })
  return Duplex.toWeb(outside) as ByteStream
}

/** Throws `StatusError` with the kubelet's words when nothing listens. */
export const openPort = (program: Program | undefined, port: number, pod: Pod, _clock: Clock): ByteStream => {
  const listener = program?.ports.find((each) => each.port === port)
  if (!program || !listener)
    throw internalError(
      `failed to execute portforward in network namespace "/var/run/netns/cni-${pod.metadata.uid ?? pod.metadata.name}": failed to connect to localhost:${port} inside namespace "${pod.metadata.uid ?? ''}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found`,
    )
  if (listener.protocol === 'tcp' && program.stream) {
    const [outside, inside] = duplexPair()
    // Whoever goes away half-way is the other's affair alone.
    for (const each of [outside, inside]) each.on('error', () => each.destroy())
    void program.stream(inside, { port, remoteAddress: '127.0.0.1' })
    return Duplex.toWeb(outside) as ByteStream
  }
  let out: ReadableStreamDefaultController<Uint8Array> | undefined
  let isOpen = true
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => {
      out = controller
    },
    cancel: () => {
      isOpen = false
    },
  })
  const close = (): void => {
    if (isOpen) out?.close()
    isOpen = false
  }
  const send = (bytes: Uint8Array): void => {
    if (isOpen && bytes.length > 0) out?.enqueue(bytes)
  }
  const connection = { port, remoteAddress: '127.0.0.1' }
  let pending = new Uint8Array()
  const speakHttp = async (): Promise<void> => {
    for (;;) {
      const read = readRequest(pending)
      if (read === 'incomplete') return
      if (read === undefined || !program.http) {
        send(Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
        return close()
      }
      pending = pending.slice(read.length)
      send(serializeResponse(await program.http(read.request, connection), read.request.method))
      if (!read.keepAlive) return close()
    }
  }
  const writable = new WritableStream<Uint8Array>({
    async write(chunk) {
      if (!isOpen) return
      if (listener.protocol === 'https') return close()
      if (listener.protocol === 'tcp') return program.tcp ? send(await program.tcp(chunk, connection)) : close()
      pending = new Uint8Array(Buffer.concat([pending, chunk]))
      await speakHttp()
    },
    close,
    abort: close,
  })
  return { readable, writable }
}
