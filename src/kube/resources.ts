/**
 * From a kind to the resource that its URLs name, by asking the cluster's discovery documents (`RESTMapping` in
 * client-go). Answers are kept per group and version; a kind that is not found is asked for once more, because a
 * CustomResourceDefinition may have come meanwhile.
 */
import type { Cluster, ResourceRef } from './api.ts'
import { StatusError } from './errors.ts'
import { readJson } from './responses.ts'

export interface ApiResource extends ResourceRef {
  kind: string
  namespaced: boolean
}

interface ApiResourceList {
  resources?: { name: string; kind: string; namespaced: boolean }[]
}

/** `apps/v1` → group and version; the core group is empty. */
export const parseApiVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export const formatApiVersion = ({ group, version }: { group: string; version: string }): string =>
  group ? `${group}/${version}` : version

/** The path of a collection, or of one object in it. Without a namespace: all of them, or a cluster-scoped one. */
export const resourcePath = (resource: ResourceRef, namespace?: string, name?: string, subresource?: string): string =>
  [
    resource.group ? `/apis/${resource.group}` : '/api',
    resource.version,
    ...(namespace ? ['namespaces', encodeURIComponent(namespace)] : []),
    resource.resource,
    ...(name ? [encodeURIComponent(name)] : []),
    ...(subresource ? [subresource] : []),
  ].join('/')

const noMatch = (apiVersion: string, kind: string): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'NotFound',
    code: 404,
    message: `no matches for kind "${kind}" in version "${apiVersion}": is its CustomResourceDefinition installed?`,
  })

export interface ResourceMapper {
  /** Throws a 404 `StatusError` for a kind that the cluster does not serve. */
  resourceOf(apiVersion: string, kind: string): Promise<ApiResource>
  /** The same by plural name, for who holds a `ResourceRef` and needs its kind or scope. */
  describe(resource: ResourceRef): Promise<ApiResource>
}

export const createResourceMapper = (cluster: Cluster): ResourceMapper => {
  const documents = new Map<string, Promise<ApiResource[]>>()

  const load = async (apiVersion: string): Promise<ApiResource[]> => {
    const { group, version } = parseApiVersion(apiVersion)
    const path = group ? `/apis/${group}/${version}` : `/api/${version}`
    const response = await cluster.fetch(
      new Request(`http://cluster${path}`, { headers: { accept: 'application/json' } }),
    )
    if (response.status === 404) {
      await response.body?.cancel()
      return []
    }
    const list = await readJson<ApiResourceList>(response)
    return (list.resources ?? [])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ group, version, resource: name, kind, namespaced }))
  }

  const find = async (apiVersion: string, matches: (resource: ApiResource) => boolean) => {
    for (const fresh of [false, true]) {
      let document = documents.get(apiVersion)
      if (!document || fresh) {
        document = load(apiVersion)
        documents.set(apiVersion, document)
        document.catch(() => documents.delete(apiVersion))
      }
      const found = (await document).find(matches)
      if (found) return found
    }
    return undefined
  }

  return {
    async resourceOf(apiVersion, kind) {
      const found = await find(apiVersion, (resource) => resource.kind === kind)
      if (!found) throw noMatch(apiVersion, kind)
      return found
    },
    async describe(resource) {
      const apiVersion = formatApiVersion(resource)
      const found = await find(apiVersion, ({ resource: plural }) => plural === resource.resource)
      if (!found) throw noMatch(apiVersion, resource.resource)
      return found
    },
  }
}
