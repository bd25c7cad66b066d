/**
 * What resources there are: the aggregated documents of newer clients (v2, and v2beta1 for kubectl before 1.30) and the
 * classic ones per group and version. Made from the kind table when asked, and kept until it changes.
 */
import { createHash } from 'node:crypto'
import type { Kind } from '../kinds/kind.ts'
import { type ApiDocument, apiDocument } from './document.ts'
import { apiVersionOf } from './kind-table.ts'
import { parseMediaTypes } from './negotiation.ts'

export interface Discovery {
  /** `/api`: the core group. `serverAddress` is `host:port`, for the classic form. */
  api(accept: string | null, serverAddress: string): ApiDocument
  /** `/apis`: all other groups. */
  apis(accept: string | null): ApiDocument
  /** `/apis/<group>`; undefined when there is no such group. */
  group(group: string): ApiDocument | undefined
  /** `/api/v1`, `/apis/<group>/<version>`; undefined when it is not served. */
  groupVersion(group: string, version: string): ApiDocument | undefined
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const subresourceVerbs = ['get', 'patch', 'update']

interface Subresource {
  name: string
  kind: string
  group: string
  version: string
  verbs: string[]
}

const subresourcesOf = (kind: Kind): Subresource[] => {
  const others = (kind.subresources ?? []).map(({ group = '', version = '', ...rest }) => ({ group, version, ...rest }))
  const scale = kind.scale
    ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: subresourceVerbs }]
    : []
  const status = kind.status
    ? [{ name: 'status', kind: kind.kind, group: '', version: '', verbs: subresourceVerbs }]
    : []
  const names = new Set(others.map(({ name }) => name))
  return [...others, ...[...scale, ...status].filter(({ name }) => !names.has(name))].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )
}

/** `v2` before `v1` before `v1beta1`; names that are no Kubernetes versions last. */
const versionRank = (version: string): number[] => {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!match) return [0, 0, 0]
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1
  return [stage, Number(match[1]), Number(match[3] ?? 0)]
}

export const byVersionPriority = (a: string, b: string): number => {
  const left = versionRank(a)
  const right = versionRank(b)
  const differing = left.findIndex((part, index) => part !== right[index])
  if (differing < 0) return a < b ? -1 : a > b ? 1 : 0
  return (right[differing] ?? 0) - (left[differing] ?? 0)
}

interface GroupVersion {
  version: string
  /** By resource name. */
  kinds: Kind[]
}

/** Groups in the order of their first kind, which decides which one an ambiguous short name means. */
const groupKinds = (kinds: readonly Kind[]): Map<string, GroupVersion[]> => {
  const groups = new Map<string, GroupVersion[]>()
  for (const kind of kinds) {
    const versions = groups.get(kind.group) ?? []
    groups.set(kind.group, versions)
    const known = versions.find(({ version }) => version === kind.version)
    if (known) known.kinds.push(kind)
    else versions.push({ version: kind.version, kinds: [kind] })
  }
  for (const versions of groups.values()) {
    versions.sort((a, b) => byVersionPriority(a.version, b.version))
    for (const { kinds: served } of versions) served.sort((a, b) => (a.resource < b.resource ? -1 : 1))
  }
  return groups
}

const optional = <T>(name: string, list: readonly T[] | undefined) => (list && list.length > 0 ? { [name]: list } : {})

const aggregatedResource = (kind: Kind) => ({
  resource: kind.resource,
  responseKind: { group: '', version: '', kind: kind.kind },
  scope: kind.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: kind.singular,
  verbs: kind.verbs ?? allVerbs,
  ...optional('shortNames', kind.shortNames),
  ...optional('categories', kind.categories),
  ...optional(
    'subresources',
    subresourcesOf(kind).map(({ name, verbs, ...responseKind }) => ({ subresource: name, responseKind, verbs })),
  ),
})

const aggregated = (groups: [string, GroupVersion[]][], version: 'v2' | 'v2beta1') => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groups.map(([name, versions]) => ({
    metadata: name === '' ? {} : { name },
    versions: versions.map((groupVersion) => ({
      version: groupVersion.version,
      freshness: 'Current',
      resources: groupVersion.kinds.map(aggregatedResource),
    })),
  })),
})

const storageVersionHash = (kind: Kind): string =>
  createHash('sha256').update(`${kind.group}/${kind.version}/${kind.kind}`).digest().subarray(0, 8).toString('base64')

const classicResources = (kind: Kind) => [
  {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs ?? allVerbs,
    ...optional('shortNames', kind.shortNames),
    ...optional('categories', kind.categories),
    ...((kind.verbs ?? allVerbs).includes('list') ? { storageVersionHash: storageVersionHash(kind) } : {}),
  },
  ...subresourcesOf(kind).map((subresource) => ({
    name: `${kind.resource}/${subresource.name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(subresource.group === '' && subresource.version === '' ? {} : { group: subresource.group }),
    ...(subresource.version === '' ? {} : { version: subresource.version }),
    kind: subresource.kind,
    verbs: subresource.verbs,
  })),
]

const classicGroup = (name: string, versions: GroupVersion[]) => {
  const entries = versions.map(({ version }) => ({ groupVersion: apiVersionOf({ group: name, version }), version }))
  return { name, versions: entries, preferredVersion: entries[0] }
}

/** The first aggregated form that the client offers to take, unless it prefers the classic one. */
const aggregatedForm = (accept: string | null): 'v2' | 'v2beta1' | undefined => {
  for (const { mediaType, parameters } of parseMediaTypes(accept ?? '')) {
    if (mediaType !== 'application/json') continue
    if (!parameters.has('as')) return undefined
    const version = parameters.get('v')
    if (parameters.get('g') !== 'apidiscovery.k8s.io' || parameters.get('as') !== 'APIGroupDiscoveryList') continue
    if (version === 'v2' || version === 'v2beta1') return version
  }
  return undefined
}

/** @param kinds the served kinds; the same array as long as nothing changed */
export const createDiscovery = (kinds: () => readonly Kind[]): Discovery => {
  let seen: readonly Kind[] | undefined
  let groups = new Map<string, GroupVersion[]>()
  const documents = new Map<string, ApiDocument>()

  const fresh = (): Map<string, GroupVersion[]> => {
    if (seen !== kinds()) {
      seen = kinds()
      groups = groupKinds(seen)
      documents.clear()
    }
    return groups
  }
  const kept = (key: string, make: () => object, contentType?: string): ApiDocument => {
    const document = documents.get(key) ?? apiDocument(JSON.stringify(make()), contentType)
    documents.set(key, document)
    return document
  }
  const asked = (accept: string | null, path: string, own: (group: string) => boolean, classic: () => object) => {
    const all = [...fresh()].filter(([name]) => own(name))
    const version = aggregatedForm(accept)
    if (version === undefined) return kept(path, classic)
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
    return kept(`${path} ${version}`, () => aggregated(all, version), contentType)
  }

  return {
    api: (accept, serverAddress) =>
      asked(
        accept,
        `/api ${serverAddress}`,
        (group) => group === '',
        () => ({
          kind: 'APIVersions',
          versions: (groups.get('') ?? []).map(({ version }) => version),
          serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
        }),
      ),
    apis: (accept) =>
      asked(
        accept,
        '/apis',
        (group) => group !== '',
        () => ({
          kind: 'APIGroupList',
          apiVersion: 'v1',
          groups: [...groups].filter(([name]) => name !== '').map(([name, versions]) => classicGroup(name, versions)),
        }),
      ),
    group: (group) => {
      const versions = fresh().get(group)
      if (!versions || group === '') return undefined
      return kept(`/apis/${group}`, () => ({ kind: 'APIGroup', apiVersion: 'v1', ...classicGroup(group, versions) }))
    },
    groupVersion: (group, version) => {
      const served = fresh()
        .get(group)
        ?.find((candidate) => candidate.version === version)
      if (!served) return undefined
      const groupVersion = apiVersionOf({ group, version })
      return kept(groupVersion, () => ({
        kind: 'APIResourceList',
        // The core group's list is older than apiVersion in it.
        ...(group === '' ? {} : { apiVersion: 'v1' }),
        groupVersion,
        resources: served.kinds.flatMap(classicResources),
      }))
    },
  }
}
