/** Just enough of a cluster for the node and its network: a registry, a kubelet, pods that a test writes down. */

import { createKindTable } from '../../src/embedded/apiserver/kind-table.ts'
import { createRegistry } from '../../src/embedded/apiserver/registry.ts'
import type { Clock } from '../../src/embedded/clock.ts'
import { systemClock } from '../../src/embedded/clock.ts'
import { builtinKinds } from '../../src/embedded/kinds/index.ts'
import type { Kind } from '../../src/embedded/kinds/kind.ts'
import type { Kubelet } from '../../src/embedded/kubelet.ts'
import { startNode } from '../../src/embedded/node/index.ts'
import type { Registry } from '../../src/embedded/registry.ts'
import { Store } from '../../src/embedded/store.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import type { Container, Pod } from '../../src/kube/kinds.ts'
import type { Mesh } from '../../src/meshes/mesh.ts'

const extra = (group: string, kind: string, resource: string): Kind => ({
  group,
  version: 'v1',
  kind,
  resource,
  singular: kind.toLowerCase(),
  namespaced: true,
  columns: [],
})
const wanted: Kind[] = [
  extra('', 'Event', 'events'),
  extra('', 'ConfigMap', 'configmaps'),
  extra('', 'Secret', 'secrets'),
  extra('discovery.k8s.io', 'EndpointSlice', 'endpointslices'),
]

export interface SmallCluster {
  registry: Registry
  kubelet: Kubelet
  /** Creates the object and gives it as stored. */
  add: (object: KubeObject) => KubeObject
  /** Creates a pod on the node. */
  run: (
    name: string,
    container: Partial<Container> & { image: string },
    more?: { namespace?: string; labels?: Record<string, string>; spec?: Record<string, unknown> },
  ) => Pod
  pod: (name: string, namespace?: string) => Pod | undefined
  /** Resolves once the pod (or its absence) satisfies the condition; rejects never, so a test's own limit ends it. */
  until: (name: string, holds: (pod: Pod | undefined) => boolean, namespace?: string) => Promise<Pod | undefined>
  ready: (...names: string[]) => Promise<void>
  /** Runs a command and collects what it wrote. `stdin` ends after the text. */
  exec: (
    pod: string,
    argv: string[],
    options?: { stdin?: string; container?: string; namespace?: string; tty?: boolean },
  ) => Promise<{ exitCode: number; stdout: string; stderr: string }>
  events: () => string[]
  stop: () => void
}

const pods = { group: '', resource: 'pods' }

export const smallCluster = (options: { mesh?: Mesh; clock?: Clock; namespaces?: string[] } = {}): SmallCluster => {
  const clock = options.clock ?? systemClock
  const kinds = builtinKinds()
  const missing = wanted.filter(
    (kind) => !kinds.some((each) => each.group === kind.group && each.resource === kind.resource),
  )
  const registry = createRegistry({
    store: new Store(),
    kindTable: createKindTable([...kinds, ...missing]),
    clock,
    admission: () => [],
  })
  for (const name of ['shop', 'other', ...(options.namespaces ?? [])])
    registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const kubelet = startNode({ registry, clock, mesh: options.mesh })
  const find = (name: string, namespace = 'shop'): Pod | undefined =>
    registry.get(pods, name, namespace) as Pod | undefined
  const until: SmallCluster['until'] = (name, holds, namespace = 'shop') =>
    new Promise((resolve) => {
      const check = (): boolean => {
        const pod = find(name, namespace)
        if (!holds(pod)) return false
        resolve(pod)
        return true
      }
      if (check()) return
      const stop = registry.watch(pods, () => {
        if (check()) stop()
      })
    })
  const isReady = (pod: Pod | undefined): boolean =>
    pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  return {
    registry,
    kubelet,
    add: (object) => registry.create(object),
    run: (name, container, more = {}) =>
      registry.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: more.namespace ?? 'shop', labels: more.labels ?? { app: name } },
        spec: { containers: [{ name: 'main', ...container }], nodeName: 'node-1', ...more.spec },
      }) as Pod,
    pod: find,
    until,
    async ready(...names) {
      for (const name of names) await until(name, isReady)
    },
    async exec(pod, argv, { stdin, container, namespace = 'shop', tty } = {}) {
      const out: Uint8Array[] = []
      const err: Uint8Array[] = []
      const { exitCode } = await kubelet.exec({ namespace, pod, container }, argv, {
        stdin:
          stdin === undefined
            ? undefined
            : (async function* () {
                yield new TextEncoder().encode(stdin)
              })(),
        stdout: (chunk) => void out.push(chunk),
        stderr: (chunk) => void err.push(chunk),
        tty,
      })
      return { exitCode, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
    },
    events: () =>
      registry
        .list({ group: '', resource: 'events' })
        .map((event) => `${event.type} ${event.reason}: ${event.message}`),
    stop: () => kubelet.stop(),
  }
}

export const service = (name: string, spec: Record<string, unknown>, namespace = 'shop'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec,
})

/** Resolves once a whole cluster lets pods into its default namespace: their service account has been made. */
export const settled = ({ registry }: { registry: Registry }): Promise<void> =>
  new Promise((resolve) => {
    const stop = registry.watch(
      { group: '', resource: 'serviceaccounts' },
      ({ object }) => {
        if (object.metadata.namespace !== 'default') return
        resolve()
        queueMicrotask(() => stop())
      },
      { replay: true },
    )
  })
