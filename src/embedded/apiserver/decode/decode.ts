/**
 * Request bodies into objects: JSON, YAML and protobuf, with the refusals and warnings of a real API server.
 * Not modelled: CBOR bodies (415), protobuf bodies of CRDs' kinds (415; real servers do not take them either).
 */
import { keyOffsets } from '../../../go/json.ts'
import type { Json, KubeObject, ObjectMeta } from '../../../kube/api.ts'
import { fieldTable, structOfKind } from '../../kinds/fields.ts'
import { badRequest, field, invalid } from '../errors.ts'
import { apiVersionOf } from '../kind-table.ts'
import { type ExpectedKind, type ParsedBody, parseBody, summarize, syntaxProblem, typeMetaProblem } from './body.ts'
import { convertStruct, isObject, type JsonObject } from './convert.ts'
import { GoDecodeError } from './leaves.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface DecodeRequest {
  bytes: Uint8Array
  /** The `Content-Type` header; missing or empty means JSON. */
  contentType?: string | null
  /** What the URL names. Kind and apiVersion missing in the body are taken from it. */
  expected: ExpectedKind
  /** Default: Warn. */
  fieldValidation?: FieldValidation
}

export interface Decoded {
  /** As Go would hold it: unknown fields dropped, nulls and empty optional values left out, quantities canonical. */
  object: KubeObject
  /** `unknown field "spec.foo"`, one per `Warning` header. Empty with Ignore. */
  warnings: string[]
}

/** The Go package of the server's own form of a kind, which this message shows. */
const goPackage = (group: string): string => (group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!)

const kindProblem = (kind: string, apiVersion: string, expected: ExpectedKind): string | undefined => {
  if (kind === expected.kind && apiVersion === apiVersionOf(expected)) return undefined
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  if (!fieldTable().knowsKind(group, version, kind)) {
    return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`
  }
  return `converting (${version}.${kind}) to (${goPackage(expected.group)}.${expected.kind}): unknown conversion`
}

const customKindRefusal = (kind: string, apiVersion: string, name: string, expected: ExpectedKind) => {
  if (apiVersion !== apiVersionOf(expected)) {
    return badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(expected)})`,
    )
  }
  return invalid(expected, name, [field.invalid('kind', kind, `must be ${expected.kind}`)])
}

// `metadata` has no name yet when the server is to generate one, so it is only nearly an ObjectMeta.
const toKubeObject = (value: JsonObject, expected: ExpectedKind): KubeObject => {
  const { kind, apiVersion, metadata, ...rest } = value
  return {
    kind: typeof kind === 'string' ? kind : expected.kind,
    apiVersion: typeof apiVersion === 'string' ? apiVersion : apiVersionOf(expected),
    metadata: Object.assign({} as ObjectMeta, metadata),
    ...rest,
  }
}

/** CRDs' kinds: metadata by its Go type, the rest by the kind's schema. */
const convertCustom = (value: JsonObject, expected: ExpectedKind, onUnknown: (path: string) => void): KubeObject => {
  const struct = fieldTable().struct('meta/v1.ObjectMeta')
  if (!struct) throw new Error('the field table lacks ObjectMeta')
  const place = { path: 'metadata', goPath: '' }
  const slot = { field: '', goType: 'v1.ObjectMeta' }
  const metadata = convertStruct(struct, value.metadata ?? {}, place, slot, onUnknown)
  const object = toKubeObject({ ...value, metadata }, expected)
  expected.prune?.(object).forEach(onUnknown)
  return object
}

/**
 * A value that is JSON already, such as a merged patch, as an object of that kind. `unknown` are the paths of fields
 * that the kind does not know, in document order; they are dropped from the object. The value itself is not changed.
 * @throws GoDecodeError in Go's words (`json: cannot unmarshal string into Go struct field …`)
 */
export const decodeValue = (value: Json, expected: ExpectedKind): { object: KubeObject; unknown: string[] } => {
  const unknown: string[] = []
  const onUnknown = (path: string) => void unknown.push(path)
  const source = isObject(value) ? value : {}
  const struct = structOfKind(expected)
  const object = struct
    ? toKubeObject(convertStruct(struct, source, undefined, undefined, onUnknown), expected)
    : convertCustom(structuredClone(source), expected, onUnknown)
  return { object, unknown }
}

/** Unknown and duplicate fields as messages, in the order in which they stand in the document. */
const inDocumentOrder = (unknown: string[], { duplicates, text }: ParsedBody, custom: boolean): string[] => {
  const unknownTexts = unknown.map((path) => ({ path, text: `unknown field "${path}"` }))
  const duplicateTexts = duplicates.map((path) => ({
    path,
    text: path.startsWith('yaml: ') ? path : `duplicate field "${path}"`,
  }))
  const all = custom ? [...duplicateTexts, ...unknownTexts] : [...unknownTexts, ...duplicateTexts]
  if (text !== undefined && !custom && duplicates.length > 0 && unknown.length > 0) {
    const offsets = keyOffsets(text)
    all.sort((a, b) => (offsets.get(a.path) ?? 0) - (offsets.get(b.path) ?? 0))
  }
  return [...new Set(all.map((problem) => problem.text))]
}

/**
 * A POST or PUT body as an object of the expected kind.
 * @throws StatusError 400 (unreadable, wrong kind, wrong type, strict problems), 415 (media type), 422 (a CR of another kind)
 */
export const decodeBody = async (request: DecodeRequest): Promise<Decoded> => {
  const { bytes, expected, fieldValidation = 'Warn' } = request
  const unrecognized = (problem: string) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${problem} (${summarize(bytes)})`,
    )

  let parsed: ParsedBody
  try {
    parsed = await parseBody(bytes, request.contentType, expected)
  } catch (error) {
    const problem = syntaxProblem(error)
    throw problem === undefined ? error : unrecognized(problem)
  }
  const noTypeMeta = typeMetaProblem(parsed.value)
  if (noTypeMeta !== undefined) throw unrecognized(noTypeMeta)

  const body = isObject(parsed.value) ? parsed.value : {}
  const kind = typeof body.kind === 'string' && body.kind !== '' ? body.kind : expected.kind
  const apiVersion =
    typeof body.apiVersion === 'string' && body.apiVersion !== '' ? body.apiVersion : apiVersionOf(expected)
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const cannotHandle = (problem: string) =>
    badRequest(`${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${problem}`)

  const wrongKind = kindProblem(kind, apiVersion, expected)
  if (wrongKind !== undefined) {
    const name = isObject(body.metadata) && typeof body.metadata.name === 'string' ? body.metadata.name : ''
    throw expected.prune ? customKindRefusal(kind, apiVersion, name, expected) : cannotHandle(wrongKind)
  }

  try {
    const { object, unknown } = decodeValue({ ...body, kind, apiVersion }, expected)
    const problems = inDocumentOrder(unknown, parsed, expected.prune !== undefined)
    if (problems.length > 0 && fieldValidation === 'Strict') {
      throw cannotHandle(`strict decoding error: ${problems.join(', ')}`)
    }
    return { object, warnings: fieldValidation === 'Ignore' ? [] : problems }
  } catch (error) {
    throw error instanceof GoDecodeError ? cannotHandle(error.message) : error
  }
}
