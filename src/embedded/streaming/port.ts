/** One forwarded connection: bytes both ways between a client's stream and a port of the pod. */
import { StatusError } from '../../kube/errors.ts'
import type { Kubelet } from '../kubelet.ts'
import type { Route } from './index.ts'

export interface Wire {
  input: AsyncIterable<Uint8Array>
  write: (chunk: Uint8Array) => void
  end: () => void
}

/** Resolves when the pod's side has ended; with the text of what went wrong, in the kubelet's words. */
export const forward = async (
  kubelet: Kubelet,
  route: Route,
  port: number,
  wire: Wire,
): Promise<string | undefined> => {
  try {
    const { readable, writable } = await kubelet.connect({ namespace: route.namespace, pod: route.pod }, port)
    const writer = writable.getWriter()
    void (async () => {
      for await (const chunk of wire.input) await writer.write(chunk)
      await writer.close()
    })().catch(() => {})
    for await (const chunk of readable) wire.write(chunk)
    return undefined
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error)
    const inside = error instanceof StatusError ? says.replace(/^Internal error occurred: /, '') : says
    return `error forwarding port ${port} to pod ${route.pod}, uid : ${inside}`
  } finally {
    wire.end()
  }
}
