/**
 * The client that everything above a cluster uses: the verbs of the API on objects, for any `Cluster`.
 * Refusals are `StatusError`, no answer at all is `ClusterUnreachable` (kube/errors.ts).
 */
import type { Cluster, KubeObject, ObjectRef, PodTarget, ResourceRef } from './api.ts'
import { type ApplyOptions, type ApplyResult, applyAll } from './apply.ts'
import { isNotFound } from './errors.ts'
import { type ApiResource, createResourceMapper, formatApiVersion, resourcePath } from './resources.ts'
import { assertOk, readJson } from './responses.ts'
import { type Watch, type WatchOptions, watchResource } from './watch.ts'

/** Names a collection: by kind (discovery is asked) or by resource (it is not). */
export type Collection = { apiVersion: string; kind: string } | ResourceRef

export interface Selection {
  /** Absent: all namespaces. */
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  signal?: AbortSignal
}

export interface ListResult<T extends KubeObject> {
  items: T[]
  /** Where a watch goes on from. */
  resourceVersion: string
}

export interface WriteOptions {
  fieldManager?: string
  /** `Strict` refuses unknown fields, as kubectl asks for. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
  dryRun?: boolean
  signal?: AbortSignal
}

export type PatchType = 'json' | 'merge' | 'strategic'

export interface Client {
  readonly cluster: Cluster
  /** Throws a 404 `StatusError` when it is not there; `find` returns undefined instead. */
  get<T extends KubeObject = KubeObject>(ref: ObjectRef): Promise<T>
  find<T extends KubeObject = KubeObject>(ref: ObjectRef): Promise<T | undefined>
  /** Everything selected, however many pages that takes. Items carry apiVersion and kind, and may be frozen. */
  list<T extends KubeObject = KubeObject>(collection: Collection, selection?: Selection): Promise<ListResult<T>>
  /** Lists several resources at once; one that the cluster does not serve counts as empty. */
  listAll(collections: readonly Collection[], selection?: Selection): Promise<KubeObject[]>
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  replace(object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  patch(ref: ObjectRef, type: PatchType, body: unknown, options?: WriteOptions): Promise<KubeObject>
  /** Resolves once the server has accepted it; an object that was not there already is fine. */
  delete(ref: ObjectRef, options?: { gracePeriodSeconds?: number; propagationPolicy?: string }): Promise<void>
  /** What there is and every change from then on; reconnects by itself until stopped. */
  watch<T extends KubeObject = KubeObject>(collection: Collection, options: WatchOptions<T>): Watch
  /** As `kubectl apply` does; throws `ApplyFailed` when any object was refused, after trying all. */
  apply(objects: readonly KubeObject[], options?: ApplyOptions): Promise<ApplyResult[]>
  logs(target: PodTarget, options?: { tailLines?: number; sinceTime?: string }): Promise<string>
  /** The resource behind a collection. */
  resourceOf(collection: Collection): Promise<ApiResource>
}

const pageSize = 500
const patchContentType: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}

/** A query string of what is set, with its question mark; empty when nothing is. */
export const queryOf = (parameters: Record<string, string | number | boolean | undefined>): string => {
  const set = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
  return set.length ? `?${new URLSearchParams(set.map(([key, value]): [string, string] => [key, String(value)]))}` : ''
}

const writeQuery = (options: WriteOptions = {}): string =>
  queryOf({
    fieldManager: options.fieldManager ?? 'meshdojo',
    fieldValidation: options.fieldValidation,
    dryRun: options.dryRun ? 'All' : undefined,
  })

export const createClient = (cluster: Cluster): Client => {
  const mapper = createResourceMapper(cluster)

  const resourceOf = (collection: Collection): Promise<ApiResource> =>
    'resource' in collection ? mapper.describe(collection) : mapper.resourceOf(collection.apiVersion, collection.kind)

  const send = (method: string, path: string, init: { body?: unknown; type?: string; signal?: AbortSignal } = {}) =>
    cluster.fetch(
      new Request(`http://cluster${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(init.body === undefined ? {} : { 'content-type': init.type ?? 'application/json' }),
        },
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
        ...(init.signal ? { signal: init.signal } : {}),
      }),
    )

  /** Where an object lives; a namespaced kind without a namespace is in `default`, as for kubectl. */
  const pathOf = async (ref: { apiVersion: string; kind: string; namespace?: string }, name?: string) => {
    const resource = await mapper.resourceOf(ref.apiVersion, ref.kind)
    return resourcePath(resource, resource.namespaced ? (ref.namespace ?? 'default') : undefined, name)
  }
  const placeOf = (object: KubeObject, name?: string) =>
    pathOf({ apiVersion: object.apiVersion, kind: object.kind, namespace: object.metadata.namespace }, name)

  const listPages = async <T extends KubeObject>(collection: Collection, selection: Selection = {}) => {
    const resource = 'resource' in collection ? collection : await resourceOf(collection)
    const { namespace, labelSelector, fieldSelector, signal } = selection
    signal?.throwIfAborted()
    const here = labelSelector || fieldSelector ? undefined : cluster.objects?.(resource, namespace)
    if (here) return { items: [...here.items] as T[], resourceVersion: here.resourceVersion }
    const items: T[] = []
    let page: { metadata: { resourceVersion?: string; continue?: string }; kind?: string; items?: T[] }
    let next: string | undefined
    do {
      const query = queryOf({
        limit: pageSize,
        continue: next,
        labelSelector,
        fieldSelector,
      })
      page = await readJson(await send('GET', resourcePath(resource, namespace) + query, { signal }))
      // Real servers leave apiVersion and kind out of the items of a list.
      const kind = (page.kind ?? '').replace(/List$/, '')
      for (const item of page.items ?? []) {
        items.push({ ...item, apiVersion: item.apiVersion ?? formatApiVersion(resource), kind: item.kind ?? kind })
      }
      next = page.metadata.continue
    } while (next)
    return { items, resourceVersion: page.metadata.resourceVersion ?? '' }
  }

  const client: Client = {
    cluster,
    resourceOf,
    get: async (ref) => readJson(await send('GET', await pathOf(ref, ref.name))),
    find: async (ref) => {
      try {
        return await client.get(ref)
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    list: listPages,
    listAll: async (collections, selection) => {
      const lists = await Promise.all(
        collections.map((collection) =>
          listPages(collection, selection).catch((error: unknown) => {
            if (isNotFound(error)) return { items: [] }
            throw error
          }),
        ),
      )
      return lists.flatMap(({ items }) => items)
    },
    create: async (object, options) =>
      readJson(
        await send('POST', (await placeOf(object)) + writeQuery(options), {
          body: object,
          signal: options?.signal,
        }),
      ),
    replace: async (object, options) =>
      readJson(
        await send('PUT', (await placeOf(object, object.metadata.name)) + writeQuery(options), {
          body: object,
          signal: options?.signal,
        }),
      ),
    patch: async (ref, type, body, options) =>
      readJson(
        await send('PATCH', (await pathOf(ref, ref.name)) + writeQuery(options), {
          body,
          type: patchContentType[type],
          signal: options?.signal,
        }),
      ),
    delete: async (ref, options = {}) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', ...options }
      const response = await send('DELETE', await pathOf(ref, ref.name), { body })
      if (response.status === 404) await response.body?.cancel()
      else await (await assertOk(response)).arrayBuffer()
    },
    watch: <T extends KubeObject>(collection: Collection, options: WatchOptions<T>) =>
      watchResource(
        {
          list: () => listPages<T>(collection, options),
          open: async (resourceVersion, signal) => {
            const resource = 'resource' in collection ? collection : await resourceOf(collection)
            const query = queryOf({
              watch: true,
              resourceVersion,
              allowWatchBookmarks: true,
              labelSelector: options.labelSelector,
              fieldSelector: options.fieldSelector,
            })
            return assertOk(await send('GET', resourcePath(resource, options.namespace) + query, { signal }))
          },
        },
        options,
      ),
    apply: (objects, options) => applyAll(client, objects, options),
    logs: async (target, options = {}) => {
      const query = queryOf({ container: target.container, ...options })
      const path = resourcePath({ group: '', version: 'v1', resource: 'pods' }, target.namespace, target.pod, 'log')
      return (await assertOk(await send('GET', path + query))).text()
    },
  }
  return client
}
