/**
 * What every namespace has (the ServiceAccount `default`, the ConfigMap `kube-root-ca.crt`), and the emptying of one that
 * is being deleted: everything inside is deleted, and once nothing is left the namespace itself is let go.
 */
import type { KubeObject } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import { sameJson } from '../apiserver/equality.ts'
import type { Kind } from '../kinds/kind.ts'
import type { NamespaceObject } from '../kinds/types.ts'
import { setCondition } from './conditions.ts'
import { asManager, asManagerStatus, type Controller, resources, stopAll } from './controller.ts'
import { workQueue } from './queue.ts'

const { namespaces } = resources
const serviceAccounts = { group: '', resource: 'serviceaccounts' }
const configMaps = { group: '', resource: 'configmaps' }

const rootCaName = 'kube-root-ca.crt'
const rootCaNote = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
    'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
}

/** Counts by resource, or by finalizer: what conditions list. */
const count = <T>(items: T[], of: (item: T) => string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const name of items.flatMap(of)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

export const namespaceController: Controller = ({ registry, clock, caCertificate = '' }) => {
  const furnish = (namespace: string) => {
    if (!registry.get(serviceAccounts, 'default', namespace)) {
      const metadata = { name: 'default', namespace }
      registry.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, asManager)
    }
    const bundle = registry.get(configMaps, rootCaName, namespace)
    const data = { 'ca.crt': caCertificate }
    if (!bundle) {
      const metadata = { name: rootCaName, namespace, annotations: rootCaNote }
      registry.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, asManager)
    } else if (!sameJson(bundle.data, data)) registry.update({ ...structuredClone(bundle), data }, asManager)
  }

  const contentOf = (namespace: string): { kind: Kind; object: KubeObject }[] =>
    registry
      .kinds()
      .filter((kind) => kind.namespaced && (kind.verbs?.includes('delete') ?? true))
      .flatMap((kind) => registry.list(kind, { namespace }).map((object) => ({ kind, object })))

  /** What is still there after everything was asked to go. */
  const empty = (namespace: string) => {
    for (const { kind, object } of contentOf(namespace)) {
      if (object.metadata.deletionTimestamp) continue
      try {
        registry.delete(kind, object.metadata.name, namespace, { propagationPolicy: 'Background' })
      } catch (error) {
        // Refused by admission: it stays in the list of what remains, and is tried again with the next event.
        if (!(error instanceof StatusError)) throw error
      }
    }
    return contentOf(namespace)
  }

  const reportRest = (namespace: string, rest: { kind: Kind; object: KubeObject }[]) => {
    const byKind = count(rest, ({ kind }) => [kind.group ? `${kind.resource}.${kind.group}` : `${kind.resource}.`])
    const byFinalizer = count(rest, ({ object }) => object.metadata.finalizers ?? [])
    const list = (counts: Map<string, number>, text: (name: string, n: number) => string) =>
      [...counts].map(([name, n]) => text(name, n)).join(', ')
    const flag = (type: string, set: boolean, reasons: [string, string], messages: [string, string]) => ({
      type,
      status: set ? 'True' : 'False',
      reason: set ? reasons[0] : reasons[1],
      message: set ? messages[0] : messages[1],
    })
    const conditions = [
      flag(
        'NamespaceDeletionDiscoveryFailure',
        false,
        ['', 'ResourcesDiscovered'],
        ['', 'All resources successfully discovered'],
      ),
      flag(
        'NamespaceDeletionGroupVersionParsingFailure',
        false,
        ['', 'ParsedGroupVersions'],
        ['', 'All legacy kube types successfully parsed'],
      ),
      flag(
        'NamespaceDeletionContentFailure',
        false,
        ['', 'ContentDeleted'],
        ['', 'All content successfully deleted, may be waiting on finalization'],
      ),
      flag(
        'NamespaceContentRemaining',
        rest.length > 0,
        ['SomeResourcesRemain', 'ContentRemoved'],
        [
          `Some resources are remaining: ${list(byKind, (name, n) => `${name} has ${n} resource instances`)}`,
          'All content successfully removed',
        ],
      ),
      flag(
        'NamespaceFinalizersRemaining',
        byFinalizer.size > 0,
        ['SomeFinalizersRemain', 'ContentHasNoFinalizers'],
        [
          `Some content in the namespace has finalizers remaining: ${list(byFinalizer, (name, n) => `${name} in ${n} resource instances`)}`,
          'All content-preserving finalizers finished',
        ],
      ),
    ]
    const write = (draft: KubeObject) => {
      const { status = {} } = draft as NamespaceObject
      const now = conditions.flatMap((condition) => {
        const before = (status.conditions ?? []).filter(({ type }) => type === condition.type)
        return setCondition(before, condition, clock, { touch: before[0]?.message !== condition.message })
      })
      draft.status = { ...status, conditions: now }
    }
    registry.mutate(namespaces, namespace, undefined, write, asManagerStatus)
  }

  const release = (namespace: string) => {
    const change = (draft: KubeObject) => {
      const { spec } = draft as NamespaceObject
      const others = (spec?.finalizers ?? []).filter((finalizer) => finalizer !== 'kubernetes')
      draft.spec = others.length > 0 ? { finalizers: others } : {}
    }
    registry.mutate(namespaces, namespace, undefined, change, asManager)
  }

  const queue = workQueue(clock, (name) => {
    const namespace = registry.get(namespaces, name) as NamespaceObject | undefined
    if (!namespace) return
    if (!namespace.metadata.deletionTimestamp) return furnish(name)
    if (!namespace.spec?.finalizers?.includes('kubernetes')) return
    const rest = empty(name)
    if (rest.length === 0) release(name)
    else reportRest(name, rest)
  })

  // At once for those that are there: a cluster is ready for its first pod when it has started.
  for (const { metadata } of registry.list(namespaces)) if (!metadata.deletionTimestamp) furnish(metadata.name)

  return stopAll(
    queue,
    registry.watch(namespaces, ({ object }) => queue.add(object.metadata.name), { replay: true }),
    // Losing its furniture, or the last of its content: either way the namespace has a next step.
    registry.watchAll(({ type, object }) => {
      if (type === 'DELETED' && object.metadata.namespace) queue.add(object.metadata.namespace)
    }),
  )
}
