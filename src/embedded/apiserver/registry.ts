/**
 * The one way to change the cluster: defaulting, admission, validation, bookkeeping, then the store. HTTP verbs and
 * controllers both come through here. Each write is one synchronous turn, so nothing can come between its read and
 * its write.
 *
 * Not modelled: conversion between versions of a kind that differ in more than `apiVersion`.
 */
import { randomUUID } from 'node:crypto'
import type { Json, KubeObject, WatchEvent } from '../../kube/api.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { type Clock, timestamp } from '../clock.ts'
import type { FieldError, Kind } from '../kinds/kind.ts'
import type { DeleteOptions, GroupResource, Registry, WriteOptions } from '../registry.ts'
import { type Revision, type Store, TooLarge } from '../store.ts'
import { deletionOf } from './deletion.ts'
import { atPath, cloneJson, sameJson, setAtPath } from './equality.ts'
import { alreadyExists, conflict, invalid, notFound, plain } from './errors.ts'
import { apiVersionOf, type KindTable, splitApiVersion } from './kind-table.ts'
import { inheritMetadata, metadataWarnings, validateMetadata, validateMetadataUpdate } from './metadata.ts'
import { generatedName } from './names.ts'
import { checkNamespaceForCreate, checkNamespaceForDelete, namespaceFinalizers } from './namespaces.ts'
import { trackWrite } from './patch/managed-fields.ts'

/** What HTTP verbs may ask for beyond the in-process door. */
export interface ApiWriteOptions extends Omit<WriteOptions, 'subresource'> {
  /** A subresource other than `status` and `scale` writes what its handler composed; the name goes into managedFields. */
  subresource?: string
  /** Ships with the program and is known to be valid: saves the time to check it again at every start. */
  trusted?: boolean
  /** Server-side apply has worked them out already. */
  managedFields?: Json[]
}

export interface ApiRegistry extends Registry {
  readonly store: Store
  readonly kindTable: KindTable
  create(object: KubeObject, options?: ApiWriteOptions): KubeObject
  update(object: KubeObject, options?: ApiWriteOptions): KubeObject
}

export interface RegistryParts {
  store: Store
  kindTable: KindTable
  clock: Clock
  /** Asked at every write, so that plugins may be made with the registry itself. */
  admission: () => readonly AdmissionPlugin[]
}

export const bucketOf = (kind: GroupResource & { stored?: GroupResource }): string => {
  const { group, resource } = kind.stored ?? kind
  return `${group}/${resource}`
}
export const keyOf = (name: string, namespace = ''): string => (namespace ? `${namespace}/${name}` : name)

const collisionTries = 8

export function createRegistry({ store, kindTable, clock, admission }: RegistryParts): ApiRegistry {
  const kindOf = (object: KubeObject): Kind => {
    const kind = kindTable.byKind(object.apiVersion, object.kind)
    if (kind) return kind
    const { group } = splitApiVersion(object.apiVersion)
    throw notFound({ group, resource: object.kind.toLowerCase() }, object.metadata.name ?? '')
  }
  const get: Registry['get'] = (kind, name, namespace) => store.get(bucketOf(kind), keyOf(name, namespace))

  const admissionRequest = (
    kind: Kind,
    operation: AdmissionRequest['operation'],
    object: KubeObject | undefined,
    oldObject: KubeObject | undefined,
    options: ApiWriteOptions,
  ): AdmissionRequest => {
    const { name, namespace } = (object ?? oldObject)!.metadata
    return {
      operation,
      group: kind.group,
      resource: kind.resource,
      ...(kind.namespaced ? { namespace } : {}),
      name,
      ...(options.subresource ? { subresource: options.subresource } : {}),
      ...(options.user ? { user: options.user } : {}),
      dryRun: options.dryRun ?? false,
      object,
      oldObject,
      warn: options.warn ?? (() => {}),
    }
  }

  /** Defaults, mutating plugins, defaults again for what they added; then every problem at once; then the judges. */
  const admit = (kind: Kind, request: AdmissionRequest, validate: (object: KubeObject) => FieldError[]): KubeObject => {
    const plugins = admission()
    // The status of a built-in kind has no defaults, and the rest of the object is the stored one.
    if (!isBuiltinStatus(kind, request.subresource)) {
      kind.setDefaults?.(request.object!)
      for (const plugin of plugins) plugin.mutate?.(request)
      kind.setDefaults?.(request.object!)
    }
    const object = request.object!
    const errors = validate(object)
    if (errors.length > 0) throw invalid(kind, object.metadata.name ?? '', errors)
    for (const warning of kind.warnings?.(object, request.oldObject) ?? []) request.warn(warning)
    for (const plugin of plugins) plugin.validate?.(request)
    return object
  }

  const create: ApiRegistry['create'] = (input, options = {}) => {
    const kind = kindOf(input)
    if (kind.stored) return create(kind.stored.toStored(input), options)
    const object = cloneJson(input)
    object.metadata ??= { name: '' }
    const { metadata } = object
    if (kind.namespaced) metadata.namespace ||= 'default'
    else delete metadata.namespace
    if (metadata.resourceVersion) throw plain('resourceVersion should not be set on objects to be created')
    const { namespace = '' } = metadata
    if (kind.namespaced)
      checkNamespaceForCreate(kind, metadata.name, namespace, get({ group: '', resource: 'namespaces' }, namespace))

    delete metadata.deletionTimestamp
    delete metadata.deletionGracePeriodSeconds
    metadata.uid = randomUUID()
    metadata.creationTimestamp = timestamp(clock)
    if (kind.generation) metadata.generation = 1
    else delete metadata.generation
    delete metadata.managedFields
    if (kind.status) delete object.status
    if (!metadata.name && metadata.generateName)
      for (let tries = 0; tries < collisionTries; tries++) {
        metadata.name = generatedName(metadata.generateName)
        if (!get(kind, metadata.name, namespace)) break
      }

    const request = admissionRequest(kind, 'CREATE', object, undefined, options)
    const validate = (o: KubeObject) => [...validateMetadata(kind, o.metadata), ...(kind.validate?.(o) ?? [])]
    const admitted = admit(kind, request, options.trusted ? () => [] : validate)
    const existing = get(kind, admitted.metadata.name, namespace)
    if (existing) throw alreadyExists(kind, admitted.metadata.name, existing.metadata.deletionTimestamp !== undefined)
    for (const warning of metadataWarnings(admitted)) options.warn?.(warning)
    track(kind, admitted, undefined, options)
    return save(kind, admitted, options)
  }

  const track = (kind: Kind, object: KubeObject, old: KubeObject | undefined, options: ApiWriteOptions): void => {
    const managedFields = options.managedFields ?? trackWrite(kind, object, old, { ...options, time: timestamp(clock) })
    if (managedFields?.length) object.metadata.managedFields = managedFields
    else delete object.metadata.managedFields
  }

  const save = (kind: Kind, object: KubeObject, options: ApiWriteOptions): KubeObject => {
    object.apiVersion = apiVersionOf(kindTable.byResource(kind.group, kind.resource) ?? kind)
    if (options.dryRun) return object
    try {
      return store.put(bucketOf(kind), keyOf(object.metadata.name, object.metadata.namespace), object)
    } catch (error) {
      throw error instanceof TooLarge ? plain('etcdserver: request is too large') : error
    }
  }

  /** `draft` is the caller's own and may be changed. */
  const write = (draft: KubeObject, options: ApiWriteOptions): KubeObject => {
    const input = draft
    const kind = kindOf(input)
    if (kind.stored) return write(cloneJson(kind.stored.toStored(input)), options)
    const { name, resourceVersion, uid } = input.metadata
    const namespace = kind.namespaced ? (input.metadata.namespace ?? 'default') : undefined
    const old = get(kind, name, namespace)
    if (!old) throw notFound(kind, name)
    if (resourceVersion && !/^\d+$/.test(resourceVersion))
      throw plain(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
    if (uid && uid !== old.metadata.uid) throw conflict(kind, name, uidMismatch(kind, old, uid))
    if (resourceVersion && resourceVersion !== '0' && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(kind, name)

    const object = merge(kind, old, input, options.subresource)
    const { metadata } = object
    metadata.namespace = old.metadata.namespace
    inheritMetadata(metadata, old.metadata)
    const request = admissionRequest(kind, 'UPDATE', object, old, options)
    const admitted = admit(kind, request, (o) => [
      ...validateMetadataUpdate(o.metadata, old.metadata),
      ...(sameJson(o.metadata, old.metadata) ? [] : validateMetadata(kind, o.metadata)),
      // What was valid stays valid; the status of a built-in kind comes from our own controllers.
      ...(isBuiltinStatus(kind, options.subresource) || !changed(o, old) ? [] : (kind.validate?.(o, old) ?? [])),
    ])
    for (const warning of metadataWarnings(admitted, old)) options.warn?.(warning)
    admitted.apiVersion = input.apiVersion
    // A binding is nobody's field and no new generation (kubernetes/kubernetes pkg/registry/core/pod/storage/storage.go).
    const isBinding = options.subresource === 'binding'
    track(kind, admitted, old, isBinding ? { managedFields: old.metadata.managedFields as Json[] } : options)
    if (
      kind.generation &&
      options.subresource !== 'status' &&
      !isBinding &&
      (changed({ ...admitted, status: old.status }, old) ||
        // What the controller itself writes there is part of a status update upstream.
        (kind.generation === 'annotations' &&
          options.user !== undefined &&
          !sameJson(admitted.metadata.annotations, old.metadata.annotations)))
    )
      admitted.metadata.generation = (old.metadata.generation ?? 0) + 1
    admitted.metadata.resourceVersion = old.metadata.resourceVersion
    admitted.apiVersion = old.apiVersion
    if (sameJson(admitted, old)) return old
    if (isReleased(kind, admitted)) {
      if (!options.dryRun) store.remove(bucketOf(kind), keyOf(name, namespace))
      return admitted
    }
    return save(kind, admitted, options)
  }

  const remove = (
    kind: GroupResource,
    name: string,
    namespace?: string,
    options: DeleteOptions = {},
  ): KubeObject | undefined => {
    const known = kindTable.byResource(kind.group, kind.resource)
    const old = known && get(known, name, namespace)
    if (!known || !old) return undefined
    const { dryRun, user, warn } = options
    const writeOptions: ApiWriteOptions = { dryRun, user, warn }
    const draft = deletionOf(known, old, options, clock.now())
    const request = admissionRequest(known, 'DELETE', undefined, old, writeOptions)
    if (!known.group && known.resource === 'namespaces') checkNamespaceForDelete(name)
    for (const plugin of admission()) plugin.mutate?.(request)
    for (const plugin of admission()) plugin.validate?.(request)
    if (!draft || isReleased(known, draft)) {
      if (!options.dryRun) store.remove(bucketOf(known), keyOf(name, namespace))
      return undefined
    }
    if (sameJson(draft, old)) return old
    return save(known, draft, writeOptions)
  }

  return {
    store,
    kindTable,
    get revision() {
      return store.revision
    },
    changed: (kind) => store.changed(bucketOf(kind)),
    get,
    list: (kind, { namespace, where } = {}) => {
      const objects = store.list(bucketOf(kind), namespace ? `${namespace}/` : '')
      return where ? objects.filter(where) : objects
    },
    create,
    update: (object, options = {}) => write(cloneJson(object), options),
    mutate: (kind, name, namespace, change, options) => {
      const old = get(kind, name, namespace)
      if (!old) return undefined
      const draft = cloneJson(old)
      return change(draft) === false ? old : write(draft, options ?? {})
    },
    delete: remove,
    watch: (kind, onEvent, { replay = false, namespace } = {}) =>
      store.watch(
        bucketOf(kind),
        (revision) => {
          if (!namespace || revision.object.metadata.namespace === namespace) onEvent(eventOf(revision))
        },
        { replay },
      ),
    kinds: () =>
      kindTable.all().filter((kind) => !kind.stored && kindTable.byResource(kind.group, kind.resource) === kind),
    watchAll: (onEvent, { replay = false } = {}) =>
      store.watchAll(
        (revision) => {
          const { group } = splitApiVersion(revision.object.apiVersion)
          const kind = kindTable.byResource(group, revision.bucket.slice(group.length + 1))
          if (kind) onEvent(eventOf(revision), kind)
        },
        { replay },
      ),
  }
}

const eventOf = ({ type, object }: Revision): WatchEvent => ({ type, object })

const isBuiltinStatus = (kind: Kind, subresource: string | undefined): boolean =>
  subresource === 'status' && !kind.schema

/** What an update through a subresource takes from the sent object; the rest stays as it is, and may be shared with it. */
function merge(kind: Kind, old: KubeObject, input: KubeObject, subresource: string | undefined): KubeObject {
  const { managedFields } = input.metadata
  if (subresource === 'status') {
    const base = kind.schema ? cloneJson(old) : old
    const { status: _old, ...rest } = base
    const metadata = { ...base.metadata, managedFields }
    return { ...rest, metadata, ...(input.status === undefined ? {} : { status: input.status }) } as KubeObject
  }
  if (subresource === 'approval') {
    const { conditions } = (input.status ?? {}) as { conditions?: unknown }
    const status = { ...(old.status as object | undefined), ...(conditions === undefined ? {} : { conditions }) }
    return { ...old, metadata: { ...old.metadata, managedFields }, status } as KubeObject
  }
  if (subresource === 'scale' && kind.scale) {
    const object = cloneJson(old)
    object.metadata.managedFields = managedFields
    setAtPath(object, kind.scale.specReplicas, atPath(input, kind.scale.specReplicas))
    return object
  }
  if (!kind.status) return input
  const { status: _sent, ...object } = input
  return (old.status === undefined ? object : { ...object, status: old.status }) as KubeObject
}

/** Whether anything outside metadata differs. */
function changed(object: KubeObject, old: KubeObject): boolean {
  const { metadata: _m, apiVersion: _a, ...rest } = object
  const { metadata: _om, apiVersion: _oa, ...oldRest } = old
  return !sameJson(rest, oldRest)
}

/** Being deleted, and nothing holds it any more. */
const isReleased = (kind: Kind, object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  !object.metadata.deletionGracePeriodSeconds &&
  !object.metadata.finalizers?.length &&
  !(kind.group === '' && kind.resource === 'namespaces' && namespaceFinalizers(object).length > 0)

const uidMismatch = (kind: Kind, old: KubeObject, uid: string): string =>
  `StorageError: invalid object, Code: 4, Key: /registry/${kind.group ? `${kind.group}/` : ''}${kind.resource}/${keyOf(old.metadata.name, old.metadata.namespace)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`
