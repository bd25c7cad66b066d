/**
 * The refusals of the Kubernetes API server, in its words. Each builds a `StatusError`, which the HTTP layer sends as a
 * `Status` object. Texts follow Kubernetes 1.36 (k8s.io/apimachinery/pkg/api/errors).
 */
import type { Status } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import type { FieldError } from '../kinds/kind.ts'
import type { GroupResource } from '../registry.ts'
import { qualifiedResource } from './kind-table.ts'

type Details = NonNullable<Status['details']>

/** Any failure. An empty reason is left out, as kubectl then prints `Error from server: …`. */
export const failure = (code: number, reason: string, message: string, details?: Details): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    code,
  })

const about = (resource: GroupResource, name?: string): Details => ({
  ...(name ? { name } : {}),
  ...(resource.group ? { group: resource.group } : {}),
  kind: resource.resource,
})

export const notFound = (resource: GroupResource, name: string): StatusError =>
  failure(404, 'NotFound', `${qualifiedResource(resource)} "${name}" not found`, about(resource, name))

/** A path that no resource answers to. */
export const unknownPath = (): StatusError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {})

export const alreadyExists = (resource: GroupResource, name: string, terminating = false): StatusError =>
  failure(
    409,
    'AlreadyExists',
    `${terminating ? 'object is being deleted: ' : ''}${qualifiedResource(resource)} "${name}" already exists`,
    about(resource, name),
  )

const optimisticLock = 'the object has been modified; please apply your changes to the latest version and try again'

export const conflict = (resource: GroupResource, name: string, because: string = optimisticLock): StatusError =>
  failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(resource)} "${name}": ${because}`,
    about(resource, name),
  )

export const forbidden = (
  resource: GroupResource,
  name: string,
  because: string,
  causes?: Details['causes'],
): StatusError =>
  failure(403, 'Forbidden', `${qualifiedResource(resource)}${name ? ` "${name}"` : ''} is forbidden: ${because}`, {
    ...about(resource, name),
    ...(causes ? { causes } : {}),
  })

/** 422 for an object, or for the options of a request (`kind: 'CreateOptions', group: 'meta.k8s.io'`). */
export const invalid = (
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError => {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))]
  const list = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
  const what = kind.kind ? `${kind.kind}${kind.group ? `.${kind.group}` : ''}` : ''
  return failure(422, 'Invalid', `${what} "${name}" is invalid: ${list}`, {
    ...(name ? { name } : {}),
    ...(kind.group ? { group: kind.group } : {}),
    ...(kind.kind ? { kind: kind.kind } : {}),
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  })
}

export const badRequest = (message: string): StatusError => failure(400, 'BadRequest', message)

export const methodNotAllowed = (): StatusError =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export const notAcceptable = (): StatusError =>
  failure(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  )

export const unsupportedMediaType = (accepted: string): StatusError =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  )

export const bodyTooLarge = (limit: number): StatusError =>
  failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`, {})

/** What a real server can do and this one cannot. */
export const notModelled = (what: string): StatusError =>
  failure(501, 'NotImplemented', `the embedded cluster does not model ${what}`)

export const unauthorized = (): StatusError => failure(401, 'Unauthorized', 'Unauthorized')

export const internal = (message: string): StatusError =>
  failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })

/** 500 without a reason: how the server reports plain Go errors. */
export const plain = (message: string): StatusError => failure(500, '', message)

/** @param token goes on with the list as it is now, for a client that can live with an inconsistent one */
export const expired = (message: string, token?: string): StatusError => {
  const error = failure(410, 'Expired', message)
  return token === undefined ? error : new StatusError({ ...error.status, metadata: { continue: token } })
}

/** The client took too long to send its request (k8s.io/apiserver pkg/server/filters/timeout.go). */
export const timedOut = (): StatusError =>
  failure(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout', {})

export const rejected = (): StatusError =>
  failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {})

/** The client knows a revision that this server never had: it outlived a restart. */
export const futureRevision = (asked: number | string, current: number): StatusError =>
  failure(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** Builders for the entries of a 422, so that reasons and texts stay in step. Values are rendered as the server does. */
export const field = {
  required: (path: string, detail = ''): FieldError => ({
    field: path,
    reason: 'FieldValueRequired',
    message: `Required value${detail ? `: ${detail}` : ''}`,
  }),
  invalid: (path: string, value: unknown, detail: string): FieldError => ({
    field: path,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${renderValue(value)}: ${detail}`,
  }),
  notSupported: (path: string, value: unknown, supported: readonly string[]): FieldError => ({
    field: path,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${renderValue(value)}: supported values: ${supported.map((s) => `"${s}"`).join(', ')}`,
  }),
  forbidden: (path: string, detail: string): FieldError => ({
    field: path,
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${detail}`,
  }),
  duplicate: (path: string, value: unknown): FieldError => ({
    field: path,
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${renderValue(value)}`,
  }),
  tooLong: (path: string, bytes: number): FieldError => ({
    field: path,
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${bytes} bytes`,
  }),
}

const renderValue = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value))
