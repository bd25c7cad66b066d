/**
 * Objects as clients asked to see them: whole, as Table rows, or metadata only; single, in lists and in watches.
 * Not modelled: row conditions (kubectl does not read them).
 */
import type { KubeObject, WatchEvent } from '../../kube/api.ts'
import type { Kind } from '../kinds/kind.ts'
import { badRequest } from './errors.ts'
import { apiVersionOf } from './kind-table.ts'
import type { Representation } from './negotiation.ts'

export type IncludeObject = 'Metadata' | 'Object' | 'None'

/** How one response shows its objects. */
export interface View {
  representation: Representation
  /** For Tables: what each row carries besides its cells. */
  includeObject: IncludeObject
  /** Milliseconds since the epoch, for ages. */
  now: () => number
}

export interface ListMeta {
  resourceVersion: string
  continue?: string
  remainingItemCount?: number
}

/** The `includeObject` query parameter. @throws StatusError 400 when it is not one of the three */
export const parseIncludeObject = (value: string | null): IncludeObject => {
  if (value === null || value === '') return 'Metadata'
  if (value === 'Metadata' || value === 'Object' || value === 'None') return value
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: "${value}": must be 'Metadata', 'Object', 'None', or empty`,
  )
}

const metaVersion = (view: View): string => `meta.k8s.io/${view.representation.version}`

const partial = (object: KubeObject, view: View) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: metaVersion(view),
  metadata: object.metadata,
})

const columnDefinitions = (kind: Kind) =>
  kind.columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }))

const row = (kind: Kind, object: KubeObject, view: View, now: number) => {
  const cells = kind.columns.map((column) => column.cell(object, now))
  if (view.includeObject === 'None') return { cells, object: null }
  return { cells, object: view.includeObject === 'Object' ? object : partial(object, view) }
}

const table = (kind: Kind, objects: readonly KubeObject[], metadata: object, view: View) => {
  const now = view.now()
  return {
    kind: 'Table',
    apiVersion: metaVersion(view),
    metadata,
    columnDefinitions: columnDefinitions(kind),
    rows: objects.map((object) => row(kind, object, view, now)),
  }
}

/** One object as the body of a GET, POST, PUT or PATCH. */
export const renderObject = (kind: Kind, object: KubeObject, view: View): object => {
  switch (view.representation.as) {
    case 'Table':
      return table(kind, [object], { resourceVersion: object.metadata.resourceVersion ?? '' }, view)
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return partial(object, view)
    default:
      return object
  }
}

/** A list body. Items of built-in kinds carry no kind and apiVersion of their own, those of CRDs do. */
export const renderList = (kind: Kind, items: readonly KubeObject[], metadata: ListMeta, view: View): object => {
  switch (view.representation.as) {
    case 'Table':
      return table(kind, items, metadata, view)
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: metaVersion(view),
        metadata,
        items: items.map((item) => partial(item, view)),
      }
    default: {
      const bare = ({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject) => rest
      return {
        kind: kind.listKind ?? `${kind.kind}List`,
        apiVersion: apiVersionOf(kind),
        metadata,
        items: kind.prune ? items : items.map(bare),
      }
    }
  }
}

/**
 * Turns the events of one watch into the bodies that its client asked for. Keep one renderer per watch: a Table watch
 * sends its column definitions once. ERROR events stay plain Status objects.
 */
export const renderEvents = (kind: Kind, view: View): ((event: WatchEvent) => { type: string; object: unknown }) => {
  let headed = false
  return ({ type, object }) => {
    if (type === 'ERROR' || view.representation.as === 'object') return { type, object }
    if (view.representation.as !== 'Table') return { type, object: partial(object, view) }
    const { resourceVersion = '', annotations } = object.metadata
    const bookmark = type === 'BOOKMARK'
    const metadata = bookmark && annotations ? { resourceVersion, annotations } : { resourceVersion }
    const body = table(kind, bookmark ? [] : [object], metadata, view)
    const seen = { ...body, columnDefinitions: headed ? null : body.columnDefinitions }
    headed = true
    return { type, object: seen }
  }
}

/** A BOOKMARK event: how far the watch has come, and whether it has now sent all that existed before (WatchList). */
export const bookmark = (kind: Kind, resourceVersion: string, initialEventsEnd = false): WatchEvent => ({
  type: 'BOOKMARK',
  // A bookmark has neither a name nor a spec; clients read its resourceVersion and annotations only.
  object: {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: {
      resourceVersion,
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    } as KubeObject['metadata'],
  },
})
