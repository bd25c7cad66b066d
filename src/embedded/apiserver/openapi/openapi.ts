/**
 * OpenAPI v3 per group and version, with complete schemas (`kubectl explain`, validation and dry-run detection live on
 * them), and as little v2 as old clients need. Documents are made when asked for and kept until their kinds change.
 */
import { structOfKind } from '../../kinds/fields.ts'
import type { Kind } from '../../kinds/kind.ts'
import { type ApiDocument, apiDocument, contentHash } from '../document.ts'
import { parseMediaTypes } from '../negotiation.ts'
import { addComponents, componentName, loadDescriptions, reference, type Schema } from './components.ts'
import { customComponentName, customSchema, groupVersionKind } from './custom.ts'
import { pathsOf } from './paths.ts'

export interface OpenApiDocument extends ApiDocument {
  /** What `?hash=` must say for the client to keep the document forever. */
  hash: string
}

export interface OpenApi {
  /** `/openapi/v3` */
  index(): ApiDocument
  /** `/openapi/v3/<path>`, the path as in the index (`api/v1`, `apis/apps/v1`); undefined when it is not served. */
  groupVersion(path: string): OpenApiDocument | undefined
  /** `/openapi/v2`: protobuf (for kubectl before 1.29) when that is all that is accepted, else JSON. */
  v2(accept: string | null): ApiDocument
}

const pathOf = ({ group, version }: Kind): string => (group === '' ? `api/${version}` : `apis/${group}/${version}`)

/** The component's name. */
const addBuiltin = (schemas: Map<string, Schema>, kind: Kind, struct: string): string => {
  const name = componentName(struct)
  schemas.set(name, { ...schemas.get(name), 'x-kubernetes-group-version-kind': groupVersionKind(kind, kind.kind) })
  return name
}

const addCustom = (schemas: Map<string, Schema>, kind: Kind): string => {
  const name = customComponentName(kind)
  schemas.set(name, customSchema(kind))
  return name
}

const listSchema = (kind: Kind, item: Schema): Schema => ({
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    items: { type: 'array', items: { allOf: [item] } },
    kind: { type: 'string' },
    metadata: { allOf: [reference('meta/v1.ListMeta')] },
  },
  required: ['items'],
  'x-kubernetes-group-version-kind': groupVersionKind(kind, kind.listKind ?? `${kind.kind}List`),
})

const document = (kinds: readonly Kind[]) => {
  const schemas = new Map<string, Schema>()
  const paths: [string, Schema][] = []
  const descriptions = loadDescriptions()
  for (const shared of ['meta/v1.ListMeta', 'meta/v1.ObjectMeta']) addComponents(schemas, shared, descriptions)
  for (const kind of kinds) {
    const struct = structOfKind(kind)
    if (struct) addComponents(schemas, struct.name, descriptions)
    const name = struct ? addBuiltin(schemas, kind, struct.name) : addCustom(schemas, kind)
    const listName = `${name}List`
    const component = (key: string): Schema => ({ $ref: `#/components/schemas/${key}` })
    schemas.set(listName, listSchema(kind, component(name)))
    paths.push(...pathsOf(kind, component(name), component(listName)))
  }
  const sorted = [...schemas].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.0' },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(sorted) },
  }
}

const protobufV2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/** `swagger: "2.0"`, `info: {title: "Kubernetes", version: "v1"}` and empty paths: enough for kubectl to go on to v3. */
const emptyV2 = (): Uint8Array<ArrayBuffer> => {
  const text = (field: number, value: string): number[] => [(field << 3) | 2, value.length, ...Buffer.from(value)]
  const info = [...text(1, 'Kubernetes'), ...text(2, 'v1')]
  return Uint8Array.from([...text(1, '2.0'), (2 << 3) | 2, info.length, ...info, (8 << 3) | 2, 0])
}

/** @param kinds the served kinds; the same array as long as nothing changed */
export const createOpenApi = (kinds: () => readonly Kind[]): OpenApi => {
  let seen: readonly Kind[] | undefined
  let groups = new Map<string, Kind[]>()
  const kept = new Map<string, { kinds: readonly Kind[]; document: OpenApiDocument }>()

  const fresh = (): Map<string, Kind[]> => {
    if (seen === kinds()) return groups
    seen = kinds()
    groups = Map.groupBy(seen, pathOf)
    for (const path of kept.keys()) if (!groups.has(path)) kept.delete(path)
    return groups
  }
  const same = (a: readonly Kind[], b: readonly Kind[]) =>
    a.length === b.length && a.every((kind, index) => kind === b[index])

  const groupVersion = (path: string): OpenApiDocument | undefined => {
    const own = fresh().get(path)
    if (!own) return undefined
    const known = kept.get(path)
    if (known && same(known.kinds, own)) return known.document
    const body = JSON.stringify(document(own))
    const made = { ...apiDocument(body), hash: contentHash(body) }
    kept.set(path, { kinds: own, document: made })
    return made
  }

  return {
    groupVersion,
    index: () => {
      const entries = [...fresh().keys()].map((path) => [
        path,
        { serverRelativeURL: `/openapi/v3/${path}?hash=${groupVersion(path)?.hash}` },
      ])
      return apiDocument(JSON.stringify({ paths: Object.fromEntries(entries) }))
    },
    v2: (accept) => {
      const offered = parseMediaTypes(accept ?? '').map(({ mediaType }) => mediaType)
      if (offered.includes(protobufV2) && !offered.includes('application/json') && !offered.includes('*/*')) {
        // With the `@` of the Accept header, Go cannot parse the content type.
        return apiDocument(emptyV2(), protobufV2.replace('@', '.'))
      }
      const info = { title: 'Kubernetes', version: 'v1.36.0' }
      return apiDocument(JSON.stringify({ swagger: '2.0', info, paths: {}, definitions: {} }))
    },
  }
}
