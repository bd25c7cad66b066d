/** Which kinds the API server serves, by resource and by kind. CRDs come and go while it runs. */
import type { Kind } from '../kinds/kind.ts'

export interface KindTable {
  /** Every served kind and version, in order of registration. */
  all(): readonly Kind[]
  /** Without a version the one that was added first: the version that objects are stored in. */
  byResource(group: string, resource: string, version?: string): Kind | undefined
  byKind(apiVersion: string, kind: string): Kind | undefined
  /** Replaces a record of the same group, version and resource. */
  add(kinds: readonly Kind[]): void
  remove(group: string, resource: string, version?: string): void
  /** Called after every add and remove; returns the function that stops it. */
  onChange(listener: () => void): () => void
}

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = (kind: { group: string; version: string }): string =>
  kind.group ? `${kind.group}/${kind.version}` : kind.version

export const splitApiVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

/** `deployments.apps`, or `pods` for the core group: how messages name a resource. */
export const qualifiedResource = (kind: { group: string; resource: string }): string =>
  kind.group ? `${kind.resource}.${kind.group}` : kind.resource

export function createKindTable(initial: readonly Kind[] = []): KindTable {
  const byGvr = new Map<string, Kind>()
  const byGvk = new Map<string, Kind>()
  const byGr = new Map<string, Kind>()
  const listeners = new Set<() => void>()
  let cached: readonly Kind[] | undefined

  const put = (kind: Kind): void => {
    const gvr = `${kind.group}/${kind.version}/${kind.resource}`
    const replaced = byGvr.get(gvr)
    byGvr.set(gvr, kind)
    byGvk.set(`${apiVersionOf(kind)} ${kind.kind}`, kind)
    const gr = `${kind.group}/${kind.resource}`
    if (!byGr.has(gr) || byGr.get(gr) === replaced) byGr.set(gr, kind)
  }
  const changed = (): void => {
    cached = undefined
    for (const listener of listeners) listener()
  }
  for (const kind of initial) put(kind)

  return {
    all: () => {
      cached ??= [...byGvr.values()]
      return cached
    },
    byResource: (group, resource, version) =>
      version === undefined ? byGr.get(`${group}/${resource}`) : byGvr.get(`${group}/${version}/${resource}`),
    byKind: (apiVersion, kind) => byGvk.get(`${apiVersion} ${kind}`),
    add: (kinds) => {
      for (const kind of kinds) put(kind)
      changed()
    },
    remove: (group, resource, version) => {
      for (const [gvr, kind] of byGvr) {
        if (kind.group !== group || kind.resource !== resource) continue
        if (version !== undefined && kind.version !== version) continue
        byGvr.delete(gvr)
        byGvk.delete(`${apiVersionOf(kind)} ${kind.kind}`)
        if (byGr.get(`${group}/${resource}`) === kind) byGr.delete(`${group}/${resource}`)
      }
      const left = [...byGvr.values()].find((kind) => kind.group === group && kind.resource === resource)
      if (left && !byGr.has(`${group}/${resource}`)) byGr.set(`${group}/${resource}`, left)
      changed()
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
