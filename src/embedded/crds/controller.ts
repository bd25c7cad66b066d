/**
 * Serves what CRDs define: accepts their names, puts their kinds into the kind table, and cleans up when they go.
 * Kinds are served before `Established` shows, so that whoever waits for it finds them.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { KindTable } from '../apiserver/kind-table.ts'
import { type Clock, timestamp } from '../clock.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Registry } from '../registry.ts'
import { asDefinition, type CrdCondition, type CrdNames, type CustomResourceDefinition } from './definition.ts'
import { kindsFromCrd } from './kinds.ts'

export interface CrdControllerParts {
  registry: Registry
  kindTable: KindTable
  clock: Clock
}

const crds = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }
const cleanup = 'customresourcecleanup.apiextensions.k8s.io'

type Verdict = Omit<CrdCondition, 'lastTransitionTime'>

const accepted: Verdict[] = [
  { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
  {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  },
]

/** The first name that another kind of the group has already. */
const conflictOf = ({ spec }: CustomResourceDefinition, others: readonly Kind[]): Verdict[] | undefined => {
  const rivals = others.filter((kind) => kind.group === spec.group && kind.resource !== spec.names.plural)
  const { kind, listKind = `${kind}List`, singular = kind.toLowerCase(), shortNames = [] } = spec.names
  const resources = new Set(rivals.flatMap((rival) => [rival.resource, rival.singular, ...(rival.shortNames ?? [])]))
  const kinds = new Set(rivals.flatMap((rival) => [rival.kind, rival.listKind ?? `${rival.kind}List`]))
  const shortName = shortNames.find((name) => resources.has(name))
  const found: [string, string] | undefined = resources.has(singular)
    ? ['SingularConflict', singular]
    : shortName !== undefined
      ? ['ShortNamesConflict', shortName]
      : kinds.has(kind)
        ? ['KindConflict', kind]
        : kinds.has(listKind)
          ? ['ListKindConflict', listKind]
          : undefined
  if (!found) return undefined
  const [reason, name] = found
  return [
    { type: 'NamesAccepted', status: 'False', reason, message: `"${name}" is already in use` },
    { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
  ]
}

/** Conditions keep their order and the time of their last change. */
const withVerdicts = (
  conditions: readonly CrdCondition[],
  verdicts: readonly Verdict[],
  now: string,
): CrdCondition[] => {
  const result = [...conditions]
  for (const verdict of verdicts) {
    const at = result.findIndex(({ type }) => type === verdict.type)
    const before = result[at]
    const lastTransitionTime = before?.status === verdict.status ? (before.lastTransitionTime ?? now) : now
    const { type, status, reason, message } = verdict
    result.splice(at < 0 ? result.length : at, at < 0 ? 0 : 1, { type, status, lastTransitionTime, reason, message })
  }
  return result
}

/** Starts serving CRDs, those that exist already included. @returns the function that stops it; what is served stays */
export const startCrdController = ({ registry, kindTable, clock }: CrdControllerParts): (() => void) => {
  /** What is served, by the CRD's name; made anew only when its spec changes. */
  const served = new Map<string, { key: string; kinds: Kind[] }>()
  const emptying = new Map<string, () => void>()

  const unserve = (name: string): void => {
    for (const { group, resource, version } of served.get(name)?.kinds ?? []) kindTable.remove(group, resource, version)
    served.delete(name)
  }

  const serve = (crd: CustomResourceDefinition): void => {
    const { name, uid, generation } = crd.metadata
    const key = `${uid}/${generation}`
    if (served.get(name)?.key === key) return
    const kinds = kindsFromCrd(crd)
    const gone = (served.get(name)?.kinds ?? []).filter(
      (old) => !kinds.some(({ version, resource }) => version === old.version && resource === old.resource),
    )
    for (const { group, resource, version } of gone) kindTable.remove(group, resource, version)
    kindTable.add(kinds)
    served.set(name, { key, kinds })
  }

  const says = (name: string, verdicts: readonly Verdict[], names: CrdNames | undefined): boolean => {
    const found = registry.get(crds, name)
    const status = found && asDefinition(found).status
    const told = (verdict: Verdict) =>
      status?.conditions?.some(
        ({ type, status: is, reason }) => type === verdict.type && is === verdict.status && reason === verdict.reason,
      )
    return verdicts.every(told) && (!names || JSON.stringify(names) === JSON.stringify(status?.acceptedNames))
  }

  const setStatus = (name: string, verdicts: readonly Verdict[], names: CrdNames | undefined): void => {
    if (says(name, verdicts, names)) return
    const change = (draft: KubeObject) => {
      const { status } = asDefinition(draft)
      const conditions = withVerdicts(status?.conditions ?? [], verdicts, timestamp(clock))
      draft.status = { ...status, conditions, ...(names ? { acceptedNames: names } : {}) }
    }
    registry.mutate(crds, name, undefined, change, { subresource: 'status' })
  }

  const accept = (crd: CustomResourceDefinition): void => {
    const { name } = crd.metadata
    const conflict = conflictOf(crd, kindTable.all())
    if (conflict) {
      setStatus(name, conflict, undefined)
      return
    }
    serve(crd)
    // Definitions are large: what is there already is not written again.
    if (!crd.metadata.finalizers?.includes(cleanup)) {
      registry.mutate(crds, name, undefined, (draft) => {
        draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []), cleanup]
      })
    }
    setStatus(name, accepted, crd.spec.names)
  }

  const release = (name: string): void => {
    emptying.get(name)?.()
    emptying.delete(name)
    unserve(name)
    registry.mutate(crds, name, undefined, (draft) => {
      const finalizers = (draft.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanup)
      if (finalizers.length > 0) draft.metadata.finalizers = finalizers
      else delete draft.metadata.finalizers
    })
  }

  const terminate = (crd: CustomResourceDefinition): void => {
    const { name } = crd.metadata
    const [kind] = served.get(name)?.kinds ?? []
    if (emptying.has(name) || !crd.metadata.finalizers?.includes(cleanup)) return
    if (!kind) {
      release(name)
      return
    }
    const isEmpty = () => registry.list(kind).length === 0
    // Objects with finalizers of their own go later.
    emptying.set(
      name,
      registry.watch(kind, () => void (isEmpty() && release(name))),
    )
    setStatus(
      name,
      [
        {
          type: 'Terminating',
          status: 'True',
          reason: 'InstanceDeletionInProgress',
          message: 'CustomResource deletion is in progress',
        },
      ],
      undefined,
    )
    for (const { metadata } of registry.list(kind)) registry.delete(kind, metadata.name, metadata.namespace)
    if (isEmpty()) release(name)
  }

  const stop = registry.watch(
    crds,
    ({ type, object }) => {
      const crd = asDefinition(object)
      if (type === 'DELETED') unserve(object.metadata.name)
      else if (object.metadata.deletionTimestamp) terminate(crd)
      else if (registry.get(crds, object.metadata.name)) accept(crd)
    },
    { replay: true },
  )
  return () => {
    stop()
    for (const stopWatching of emptying.values()) stopWatching()
  }
}

/** Resolves once all CRDs that exist now are decided on: served, or refused for their names. */
export const crdsSettled = (registry: Registry): Promise<void> => {
  const pending = (): boolean =>
    registry.list(crds, { where: (crd) => (asDefinition(crd).status?.conditions ?? []).length === 0 }).length > 0
  return new Promise((resolve) => {
    const stop = registry.watch(crds, () => void check())
    const check = (): void => {
      if (pending()) return
      stop()
      resolve()
    }
    check()
  })
}
