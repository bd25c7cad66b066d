/** PATCH: four media types, one way of writing. The patched object is decoded and checked as a PUT's body would be. */
import { parseJson } from '../../../go/json.ts'
import type { Json, KubeObject } from '../../../kube/api.ts'
import { timestamp } from '../../clock.ts'
import { attributesOf, requireAllowed } from '../auth.ts'
import { bodyOf, type Call, inVersion, respond } from '../call.ts'
import { decodeValue } from '../decode/decode.ts'
import { GoDecodeError } from '../decode/leaves.ts'
import { parseYaml } from '../decode/yaml.ts'
import { cloneJson, record, sameJson, sortedKeys } from '../equality.ts'
import { badRequest, conflict, failure, field, invalid, notFound, unsupportedMediaType } from '../errors.ts'
import { apiVersionOf } from '../kind-table.ts'
import { parseMediaTypes } from '../negotiation.ts'
import { type WriteQuery, writeQuery } from '../options.ts'
import { applyConfiguration } from '../patch/apply.ts'
import { goText, jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { schemaOf } from '../patch/schema.ts'
import { strategicMerge } from '../patch/strategic.ts'
import { checkIdentity } from './identity.ts'
import { keepNamespaceFinalizers } from './replace.ts'

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

export async function patch(call: Call): Promise<Response> {
  const { request, parts, kind, name = '', namespace, warn, subresource, user } = call
  const type = patchTypeOf(call)
  const asked = writeQuery(
    'PatchOptions',
    call.query,
    request.headers.get('user-agent') ?? '',
    type === patchTypes.apply,
  )
  const document = await patchDocument(await bodyOf(request), type)
  const live = parts.registry.get(kind, name, namespace)
  if (type === patchTypes.apply) return apply(call, document as unknown as KubeObject, live, asked)
  if (!live) throw notFound(kind, name)
  const current = inVersion(kind, live)
  const object = decodePatched(call, applyPatch(call, current, document, type), document, asked)
  checkIdentity(call, object)
  const { uid } = object.metadata
  if (uid && uid !== live.metadata.uid)
    throw invalid(kind, name, [field.invalid('metadata.uid', uid, 'field is immutable')])
  keepNamespaceFinalizers(call, object, live)
  const { dryRun, fieldManager } = asked
  return respond(call, parts.registry.update(object, { dryRun, fieldManager, warn, subresource, user }))
}

/** @throws StatusError 415 */
export function patchTypeOf(call: Call): string {
  const sent = parseMediaTypes(call.request.headers.get('content-type') ?? '')[0]?.mediaType ?? ''
  const accepted: string[] = [patchTypes.json, patchTypes.merge, patchTypes.apply]
  if (!call.kind.schema) accepted.splice(2, 0, patchTypes.strategic)
  if (accepted.includes(sent)) return sent
  throw call.kind.schema
    ? unsupportedMediaType(accepted.join(', '))
    : failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** @throws StatusError 400 */
export async function patchDocument(bytes: Uint8Array, type: string): Promise<Json> {
  const text = new TextDecoder().decode(bytes)
  try {
    if (type !== patchTypes.apply || text.trimStart().startsWith('{')) return parseJson(text).value
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    if (type !== patchTypes.apply) throw badRequest(`error decoding patch: ${problem}`)
  }
  try {
    return (await parseYaml(text)).value
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The three patches that are arithmetic on JSON. */
export function applyPatch(call: Call, current: KubeObject, document: Json, type: string): KubeObject {
  if (type === patchTypes.json) return jsonPatch(current, document)
  if (type === patchTypes.merge) return mergePatch(current, document)
  return strategicMerge(current, document, schemaOf(call.kind))
}

/** @throws StatusError 422 for fields that the kind does not know (Strict) and for values of the wrong type */
function decodePatched(call: Call, patched: KubeObject, document: Json, asked: WriteQuery): KubeObject {
  const isStrategic = patchTypeOf(call) === patchTypes.strategic
  const refuse = (problem: string) => {
    const shown = isStrategic ? goText(document) : JSON.stringify(sortedKeys(patched))
    return invalid({ group: '', kind: '' }, '', [field.invalid('patch', shown, problem)])
  }
  try {
    const { object, unknown } = decodeValue(patched as unknown as Json, call.kind)
    const problems = unknown.map((path) => `unknown field "${path}"`)
    if (problems.length > 0 && asked.fieldValidation === 'Strict')
      throw refuse(`strict decoding error: ${problems.join(', ')}`)
    if (asked.fieldValidation === 'Warn') for (const problem of problems) call.warn(problem)
    return object
  } catch (error) {
    throw error instanceof GoDecodeError ? refuse(error.message) : error
  }
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`, `/v1, Kind=Secret`, `/, Kind=`. */
function groupVersionKindText(config: Partial<KubeObject> | null): string {
  const { apiVersion = '', kind = '' } = record(config) ?? {}
  const text = String(apiVersion)
  return `${text.includes('/') ? text : `/${text}`}, Kind=${String(kind)}`
}

async function apply(
  call: Call,
  config: KubeObject,
  live: KubeObject | undefined,
  asked: WriteQuery,
): Promise<Response> {
  const { parts, kind, name = '', namespace, subresource, warn, user } = call
  if (config?.kind !== kind.kind || config.apiVersion !== apiVersionOf(kind))
    throw badRequest(`invalid object type: ${groupVersionKindText(config)}`)
  config.metadata ??= { name }
  if (!record(config.metadata)) throw badRequest('error decoding YAML: metadata is not an object')
  config.metadata.name ||= name
  checkIdentity(call, config)
  if (!live && subresource) throw notFound(kind, name)
  const { uid, resourceVersion } = config.metadata
  if (!live && uid)
    throw conflict(
      kind,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  const { dryRun, fieldManager: manager, force } = asked
  const current = live && inVersion(kind, live)
  const time = timestamp(parts.clock)
  const applied = applyConfiguration(kind, current, config, { manager, force, subresource, time })
  const { object } = decodeApplied(call, applied.object)
  if (namespace) object.metadata.namespace = namespace
  if (!live) {
    requireAllowed(parts.authorizer, user, attributesOf({ ...call, verb: 'create' }))
    const created = parts.registry.create(object, { dryRun, warn, user, managedFields: applied.managedFields })
    return respond(call, created, 201)
  }
  if (resourceVersion) object.metadata.resourceVersion = resourceVersion
  keepNamespaceFinalizers(call, object, live)
  const unchanged = sameJson(applied.managedFields, live.metadata.managedFields)
  const managedFields = unchanged ? (live.metadata.managedFields ?? []) : applied.managedFields
  return respond(
    call,
    parts.registry.update(object, { dryRun, warn, user, subresource, managedFields: cloneJson(managedFields) }),
  )
}

function decodeApplied(call: Call, object: KubeObject): { object: KubeObject } {
  try {
    return decodeValue(object as unknown as Json, call.kind)
  } catch (error) {
    if (!(error instanceof GoDecodeError)) throw error
    throw badRequest(`failed to convert merged object: ${error.message}`)
  }
}
