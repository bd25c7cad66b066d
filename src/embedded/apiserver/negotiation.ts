/**
 * Which representation a client asked for in `Accept`. Not modelled: protobuf and CBOR answers (the entry is skipped,
 * and every known client offers JSON after it), quality values (order decides, as in all real clients).
 */
import { failure, notAcceptable } from './errors.ts'

export interface Representation {
  /** What the body is made into. `Table` is what `kubectl get` prints. */
  as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  /** The API version of a Table or PartialObjectMetadata. */
  version: 'v1' | 'v1beta1'
  mediaType: 'application/json' | 'application/yaml'
}

/** In the order in which refusals list them. */
export const supportedMediaTypes = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

const plain = (mediaType: Representation['mediaType']): Representation => ({ as: 'object', version: 'v1', mediaType })

interface AcceptEntry {
  mediaType: string
  parameters: Map<string, string>
}

/** Splits an `Accept` (or `Content-Type`) header; media types and parameter names in lower case. */
export const parseMediaTypes = (header: string): AcceptEntry[] =>
  header
    .split(',')
    .map((entry) => {
      const [mediaType = '', ...parameters] = entry.split(';').map((part) => part.trim())
      const pairs = parameters.map((part): [string, string] => {
        const at = part.indexOf('=')
        return at < 0 ? [part.toLowerCase(), ''] : [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()]
      })
      return { mediaType: mediaType.toLowerCase(), parameters: new Map(pairs) }
    })
    .filter((entry) => entry.mediaType !== '')

const transforms = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] as const

const transformOf = (parameters: Map<string, string>): Pick<Representation, 'as' | 'version'> | undefined => {
  const as = transforms.find((name) => name === parameters.get('as'))
  const version = parameters.get('v')
  if (!as || parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined
  return { as, version }
}

/**
 * The first entry of `Accept` that can be served; JSON without one.
 * @throws StatusError 406 when nothing in it can be served
 */
export const negotiate = (accept: string | null | undefined): Representation => {
  const entries = parseMediaTypes(accept ?? '')
  if (entries.length === 0) return plain('application/json')
  for (const { mediaType, parameters } of entries) {
    const served =
      mediaType === 'application/yaml'
        ? 'application/yaml'
        : ['application/json', 'application/*', '*/*'].includes(mediaType)
          ? 'application/json'
          : undefined
    if (!served) continue
    if (!parameters.has('as')) return plain(served)
    const transform = transformOf(parameters)
    if (transform) return { ...transform, mediaType: served }
  }
  const known = entries.some(({ mediaType }) => supportedMediaTypes.split(', ').includes(mediaType))
  if (known) throw notAcceptable()
  throw failure(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${supportedMediaTypes}`, {})
}
