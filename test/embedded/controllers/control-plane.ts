/** The real registry, admission and controllers, with a node whose pods do as the test says. */
import { builtinAdmission } from '../../../src/embedded/admission/index.ts'
import { createKindTable } from '../../../src/embedded/apiserver/kind-table.ts'
import { createAuthorizer } from '../../../src/embedded/apiserver/rbac/authorizer.ts'
import { createRegistry } from '../../../src/embedded/apiserver/registry.ts'
import { timestamp } from '../../../src/embedded/clock.ts'
import { startControllers } from '../../../src/embedded/controllers/index.ts'
import { builtinKinds } from '../../../src/embedded/kinds/index.ts'
import type { DeploymentObject, PodObject } from '../../../src/embedded/kinds/types.ts'
import type { GroupResource, Registry } from '../../../src/embedded/registry.ts'
import { Store } from '../../../src/embedded/store.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'

export const kind = (resource: string, group = ''): GroupResource => ({ group, resource })
export const pods = kind('pods')
export const services = kind('services')
export const namespaces = kind('namespaces')
export const deployments = kind('deployments', 'apps')
export const replicaSets = kind('replicasets', 'apps')
export const jobs = kind('jobs', 'batch')

export interface ControlPlane {
  registry: Registry
  clock: ManualClock
  /** Resolves once nobody has anything left to do at this time. */
  settle(): Promise<void>
  /** New pods run but become ready only when told. */
  holdReadiness(hold: boolean): void
  /** Deleted pods stay until this is lifted, as pods with a long grace do. */
  holdDeletion(hold: boolean): void
  setReady(pod: PodObject, ready: boolean): void
  /** Ends the pod's only container. */
  finish(pod: PodObject, exitCode: number): void
  pods(where?: (pod: PodObject) => boolean, namespace?: string): PodObject[]
  get<T extends KubeObject>(of: GroupResource, name: string, namespace?: string): T
  /** `Reason: message`, oldest first. */
  events(reason?: string): string[]
  stop(): void
}

const node = (name: string, fields: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  ...fields,
})

/** Writes the status that a kubelet would. */
const fakeNode = (registry: Registry, clock: ManualClock) => {
  let holdsReadiness = false
  let holdsDeletion = false
  let addresses = 1
  const write = (pod: PodObject, change: (status: NonNullable<PodObject['status']>) => void) => {
    const { name, namespace } = pod.metadata
    const apply = (draft: KubeObject) => {
      draft.status ??= {}
      change((draft as PodObject).status!)
    }
    registry.mutate(pods, name, namespace, apply, { subresource: 'status' })
  }
  const setReady = (pod: PodObject, ready: boolean) =>
    write(pod, (status) => {
      const others = (status.conditions ?? []).filter(({ type }) => type !== 'Ready')
      const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timestamp(clock) }
      status.conditions = [...others, condition]
    })
  const remove = (pod: PodObject) => {
    if (!holdsDeletion) registry.delete(pods, pod.metadata.name, pod.metadata.namespace, { gracePeriodSeconds: 0 })
  }
  const stop = registry.watch(
    pods,
    ({ type, object }) => {
      const pod = object as PodObject
      if (type === 'DELETED' || !pod.spec?.nodeName) return
      if (pod.metadata.deletionTimestamp) return remove(pod)
      if (pod.status?.podIP) return
      write(pod, (status) => {
        status.phase = 'Running'
        status.podIP = `10.244.0.${++addresses}`
        status.podIPs = [{ ip: status.podIP }]
      })
      setReady(pod, !holdsReadiness)
    },
    { replay: true },
  )
  return {
    stop,
    write,
    setReady,
    holdReadiness: (hold: boolean) => {
      holdsReadiness = hold
    },
    holdDeletion: (hold: boolean) => {
      holdsDeletion = hold
      if (hold) return
      for (const pod of registry.list(pods)) if (pod.metadata.deletionTimestamp) remove(pod)
    },
  }
}

export const controlPlane = (options: { nodes?: KubeObject[]; kubelet?: boolean } = {}): ControlPlane => {
  const clock = manualClock()
  const registry: Registry = createRegistry({
    store: new Store(),
    kindTable: createKindTable(builtinKinds()),
    clock,
    admission: () => plugins,
  })
  const plugins = builtinAdmission({ registry, authorizer: createAuthorizer(registry) })
  for (const name of ['default', 'kube-node-lease', 'shop']) {
    registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  for (const one of options.nodes ?? [node('node-1')]) registry.create(one)
  const kubelet = fakeNode(registry, clock)
  const stopControllers = startControllers({ registry, clock })

  /** Every step of every controller takes one turn: a few turns without a write mean that nothing is left. */
  const settle = async () => {
    for (let quiet = 0, seen = registry.revision; quiet < 5; quiet++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (registry.revision === seen) continue
      seen = registry.revision
      quiet = 0
    }
  }

  return {
    registry,
    clock,
    settle,
    holdReadiness: kubelet.holdReadiness,
    holdDeletion: kubelet.holdDeletion,
    setReady: kubelet.setReady,
    finish: (pod, exitCode) =>
      kubelet.write(pod, (status) => {
        status.phase = exitCode === 0 ? 'Succeeded' : 'Failed'
        const terminated = { exitCode, finishedAt: timestamp(clock) }
        status.containerStatuses = [
          { name: 'c', image: 'busybox', ready: false, restartCount: 0, state: { terminated } },
        ]
      }),
    pods: (where = () => true, namespace = 'shop') => (registry.list(pods, { namespace }) as PodObject[]).filter(where),
    get: <T extends KubeObject>(of: GroupResource, name: string, namespace: string | undefined = 'shop'): T => {
      const found = registry.get(of, name, namespace) ?? registry.get(of, name)
      if (!found) throw new Error(`no ${of.resource} ${name}`)
      return found as T
    },
    events: (reason) =>
      registry
        .list(kind('events'))
        .sort((a, b) =>
          Number(BigInt(`0x${a.metadata.name.split('.').at(-1)}`) - BigInt(`0x${b.metadata.name.split('.').at(-1)}`)),
        )
        .filter((event) => reason === undefined || event.reason === reason)
        .map((event) => `${event.reason}: ${event.message}`),
    stop: () => {
      stopControllers()
      kubelet.stop()
    },
  }
}

export const nodeNamed = node

/** A pod template of one container `c`. */
export const template = (image = 'nginx:1', labels: Record<string, string> = { app: 'web' }) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image }] },
})

export const deployment = (name: string, spec: NonNullable<DeploymentObject['spec']> = {}): DeploymentObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: template('nginx:1', { app: name }),
    ...spec,
  },
})

/** Changes a Deployment as a client would. */
export const edit = (
  { registry }: ControlPlane,
  name: string,
  change: (spec: NonNullable<DeploymentObject['spec']>, draft: KubeObject) => void,
) => registry.mutate(deployments, name, 'shop', (draft) => change((draft as DeploymentObject).spec!, draft))

export const setImage = (plane: ControlPlane, name: string, image: string) =>
  edit(plane, name, (spec) => {
    spec.template!.spec!.containers![0]!.image = image
  })

export const imagesOf = (all: PodObject[]): string[] => all.map((pod) => pod.spec?.containers?.[0]?.image ?? '').sort()
