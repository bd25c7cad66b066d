/** `/scale`: replicas of any kind that has them, as `autoscaling/v1 Scale`. */
import type { Json, KubeObject } from '../../../kube/api.ts'
import type { LabelSelector } from '../../../kube/kinds.ts'
import { bodyOf, type Call, respondPlain } from '../call.ts'
import { decodeBody, decodeValue } from '../decode/decode.ts'
import { GoDecodeError } from '../decode/leaves.ts'
import { atPath, record, setAtPath } from '../equality.ts'
import { badRequest, conflict, field, invalid, methodNotAllowed, notFound, notModelled } from '../errors.ts'
import { writeQuery } from '../options.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { patchDocument, patchTypeOf, patchTypes } from '../verbs/patch.ts'

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

export async function scale(call: Call): Promise<Response> {
  const { parts, kind, namespace, name = '', verb } = call
  const object = parts.registry.get(kind, name, namespace)
  if (!object) throw notFound(kind, name)
  if (verb === 'get') return respondPlain(call, scaleOf(call, object))
  if (verb === 'update') return write(call, await sentScale(call))
  if (verb === 'patch') return write(call, await patchedScale(call, scaleOf(call, object)))
  throw methodNotAllowed()
}

function scaleOf({ kind }: Call, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const { specReplicas, statusReplicas, selector } = kind.scale!
  const labels = selector ? selectorText(atPath(object, selector)) : undefined
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(atPath(object, specReplicas) ?? 0) },
    status: { replicas: Number(atPath(object, statusReplicas) ?? 0), ...(labels ? { selector: labels } : {}) },
  }
}

/** The string form, which is the only one that Scale has. */
function selectorText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const selector = record(value) as (LabelSelector & Record<string, unknown>) | undefined
  if (!selector) return undefined
  const isLabelSelector = 'matchLabels' in selector || 'matchExpressions' in selector
  const labels = isLabelSelector ? (selector.matchLabels ?? {}) : (selector as Record<string, string>)
  const equal = Object.entries(labels).map(([key, label]) => `${key}=${label}`)
  const expressions = (isLabelSelector ? (selector.matchExpressions ?? []) : []).map(
    ({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key
      if (operator === 'DoesNotExist') return `!${key}`
      return `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`
    },
  )
  return [...equal, ...expressions].sort().join(',')
}

async function sentScale(call: Call): Promise<KubeObject> {
  const { object } = await decodeBody({
    bytes: await bodyOf(call.request),
    contentType: call.request.headers.get('content-type'),
    expected: scaleKind,
  })
  return object
}

async function patchedScale(call: Call, current: KubeObject): Promise<KubeObject> {
  const type = patchTypeOf(call)
  if (type === patchTypes.apply) throw notModelled('server-side apply of a scale: use a merge patch')
  const document = await patchDocument(await bodyOf(call.request), type)
  const patched = type === patchTypes.json ? jsonPatch(current, document) : mergePatch(current, document)
  try {
    return decodeValue(patched as unknown as Json, scaleKind).object
  } catch (error) {
    throw error instanceof GoDecodeError ? badRequest(error.message) : error
  }
}

function write(call: Call, wanted: KubeObject): Promise<Response> {
  const { parts, kind, namespace, name = '', request, query, warn } = call
  const asked = writeQuery('UpdateOptions', query, request.headers.get('user-agent') ?? '')
  const replicas = Number(record(wanted.spec)?.replicas ?? 0)
  if (replicas < 0)
    throw invalid(scaleKind, name, [field.invalid('spec.replicas', replicas, 'must be greater than or equal to 0')])
  const live = parts.registry.get(kind, name, namespace)
  const { resourceVersion } = wanted.metadata
  if (resourceVersion && resourceVersion !== live?.metadata.resourceVersion) throw conflict(kind, name)
  const { dryRun, fieldManager } = asked
  const updated = parts.registry.mutate(
    kind,
    name,
    namespace,
    (draft) => setAtPath(draft, kind.scale!.specReplicas, replicas),
    { dryRun, fieldManager, warn, subresource: 'scale' },
  )
  if (!updated) throw notFound(kind, name)
  return respondPlain(call, scaleOf(call, updated))
}
