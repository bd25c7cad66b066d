/** The bytes of a request body as a JSON value, by its media type. */
import { JsonSyntaxError, parseJson } from '../../../go/json.ts'
import type { Json } from '../../../kube/api.ts'
import { structOfKind } from '../../kinds/fields.ts'
import type { Kind } from '../../kinds/kind.ts'
import { unsupportedMediaType } from '../errors.ts'
import { parseMediaTypes, supportedMediaTypes } from '../negotiation.ts'
import { isObject } from './convert.ts'
import { decodeMessage, openEnvelope, ProtobufError } from './protobuf.ts'
import { parseYaml, YamlError } from './yaml.ts'

/** What a body is expected to hold; a `Kind` record, or just the names for bodies such as Scale and Eviction. */
export type ExpectedKind = Pick<Kind, 'group' | 'version' | 'kind' | 'goType' | 'prune'>

/** What the bytes said before any type was asked. */
export interface ParsedBody {
  value: Json
  duplicates: string[]
  /** The JSON text, to put problems in document order. */
  text?: string
}

const mediaTypeOf = (contentType: string | null | undefined): string =>
  parseMediaTypes(contentType ?? '')[0]?.mediaType ?? 'application/json'

const decodeProtobuf = (bytes: Uint8Array, expected: ExpectedKind): ParsedBody => {
  if (expected.prune) throw unsupportedMediaType(supportedMediaTypes)
  const { apiVersion, kind, raw } = openEnvelope(bytes)
  // DeleteOptions and the like arrive with whatever group the client works on; the expected kind says what they are.
  const struct = structOfKind(expected)
  if (!struct) throw unsupportedMediaType(supportedMediaTypes)
  const sameKind = kind === '' || kind === expected.kind
  const value = sameKind ? decodeMessage(struct, raw) : {}
  return { value: { ...value, ...(kind ? { kind } : {}), ...(apiVersion ? { apiVersion } : {}) }, duplicates: [] }
}

/** @throws StatusError 415; JsonSyntaxError, YamlError or ProtobufError when the bytes are not what they claim to be */
export const parseBody = async (
  bytes: Uint8Array,
  contentType: string | null | undefined,
  expected: ExpectedKind,
): Promise<ParsedBody> => {
  switch (mediaTypeOf(contentType)) {
    case 'application/json': {
      const text = new TextDecoder().decode(bytes)
      const { value, duplicates } = parseJson(text)
      return { value, duplicates: duplicates.map(({ path }) => path), text }
    }
    case 'application/yaml': {
      const { value, duplicates } = await parseYaml(new TextDecoder().decode(bytes))
      return { value, duplicates: duplicates.map((line) => `yaml: unmarshal errors:\n  ${line}`) }
    }
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobuf(bytes, expected)
    default:
      throw unsupportedMediaType(supportedMediaTypes)
  }
}

/** The beginning of a body, as the API server quotes it. */
export const summarize = (bytes: Uint8Array): string => {
  if (bytes.length === 0) return '<empty>'
  const start = Buffer.from(bytes.subarray(0, 30))
  return `${start.toString(start[0] === 0x7b ? 'utf8' : 'hex')}${bytes.length > 30 ? ' ...' : ''}`
}

/** The words for a body that does not parse; undefined for any other error. */
export const syntaxProblem = (error: unknown): string | undefined => {
  if (error instanceof JsonSyntaxError) return `couldn't get version/kind; json parse error: ${error.message}`
  if (error instanceof RangeError) return "couldn't get version/kind; json parse error: exceeded max depth"
  return error instanceof YamlError || error instanceof ProtobufError ? error.message : undefined
}

const typeMetaStruct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** Why the value cannot carry kind and apiVersion; undefined when it can. */
export const typeMetaProblem = (value: Json): string | undefined => {
  const problem = (text: string) => `couldn't get version/kind; json parse error: json: cannot unmarshal ${text}`
  const name = (item: Json) => (Array.isArray(item) ? 'array' : typeof item === 'boolean' ? 'bool' : typeof item)
  if (value === null) return undefined
  if (!isObject(value)) return problem(`${name(value)} into Go value of type ${typeMetaStruct}`)
  for (const field of ['apiVersion', 'kind']) {
    const item = value[field] ?? null
    if (item !== null && typeof item !== 'string') {
      return problem(`${name(item)} into Go struct field .${field} of type string`)
    }
  }
  return undefined
}
