/** Questions that a pod's proxy has for an external authorizer: requests through the network like any other. */
import type { Outside } from '../../meshes/mesh.ts'
import type { DataPlane } from './dataplane.ts'

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]

/** `http` carries the question. Nobody could ask where its own way is not modelled. */
export const createAsker =
  (http: DataPlane['http']): NonNullable<Outside['ask']> =>
  async (from, { host, port, request, timeout }) => {
    const asked = { ...request, body: encoder.encode(request.body) }
    const result = await http({ from, host, port, timeout, byProxy: true }, asked)
    if (result.verdict?.outcome === 'unknown') return undefined
    if (!result.ok) return null
    const { status, headers, body } = result.exchange.response
    return {
      status,
      headers: headers.map(([name, value]) => [name.toLowerCase(), value] as const),
      body: decoder.decode(body),
    }
  }
