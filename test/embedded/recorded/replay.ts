/** An embedded server as still as the real one that was recorded: no controllers, no nodes at work. */
import type { Clock } from '../../../src/embedded/clock.ts'
import { createEmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf } from '../api.ts'
import { make } from './case.ts'

/** The namespace that the rows use, with the ServiceAccount that admission wants for pods. */
export const namespace = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'shop' } },
]

const now = Date.parse('2026-11-24T10:00:00Z')
const stopped: Clock = { now: () => now, after: () => () => {} }

export async function stillServer(): Promise<Api> {
  const cluster = await createEmbeddedCluster({ clock: stopped })
  cluster.stop()
  const api = apiOf(cluster)
  for (const object of namespace) await make(api, object)
  return api
}
