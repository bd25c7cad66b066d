/** The optional body of a DELETE: DeleteOptions as JSON, YAML or protobuf. kubectl puts `dryRun` only there. */
import { fieldTable } from '../../kinds/fields.ts'
import { plain } from '../errors.ts'
import { type ExpectedKind, parseBody, syntaxProblem } from './body.ts'
import { convertStruct, isObject } from './convert.ts'
import { GoDecodeError } from './leaves.ts'

/** DeleteOptions as sent; what the query says is the caller's to merge. */
export interface DeleteOptionsBody {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  orphanDependents?: boolean
  propagationPolicy?: string
  dryRun?: string[]
}

// Clients state whatever group they work on; only the kind counts.
const deleteOptions: ExpectedKind = { group: '', version: 'v1', kind: 'DeleteOptions', goType: 'meta/v1.DeleteOptions' }

/**
 * The body of a DELETE or deletecollection; an empty one (client-node sends those) is no options at all.
 * @throws StatusError 500 without a reason when it does not parse, as the real server reports it; 415
 */
export const decodeOptions = async (bytes: Uint8Array, contentType?: string | null): Promise<DeleteOptionsBody> => {
  const struct = fieldTable().struct('meta/v1.DeleteOptions')
  if (bytes.length === 0 || !struct) return {}
  try {
    const { value } = await parseBody(bytes, contentType, deleteOptions)
    if (isObject(value) && typeof value.kind === 'string' && value.kind !== 'DeleteOptions') {
      throw plain('decoded object cannot be converted to DeleteOptions')
    }
    const { kind: _kind, apiVersion: _apiVersion, ...options } = convertStruct(struct, value ?? {})
    return options
  } catch (error) {
    const problem = error instanceof GoDecodeError ? error.message : syntaxProblem(error)
    throw problem === undefined ? error : plain(problem)
  }
}
