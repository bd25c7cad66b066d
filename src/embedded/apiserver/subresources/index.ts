/** Which code answers a subresource. `status` needs none: the plain verbs write it. */
import { bodyOf, type Call, respond } from '../call.ts'
import { decodeBody } from '../decode/decode.ts'
import { badRequest, methodNotAllowed, notFound, notModelled } from '../errors.ts'
import { finalizeNamespace } from '../namespaces.ts'
import { writeQuery } from '../options.ts'
import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { replace } from '../verbs/replace.ts'
import { eviction } from './eviction.ts'
import { log } from './log.ts'
import { binding } from './pod.ts'
import { scale } from './scale.ts'
import { token } from './token.ts'

export function subresource(call: Call): Promise<Response> {
  switch (call.subresource) {
    case 'status':
    case 'approval':
    case 'ephemeralcontainers':
      return asObject(call)
    case 'scale':
      return scale(call)
    case 'log':
      return log(call)
    case 'token':
      return token(call)
    case 'binding':
      return binding(call)
    case 'eviction':
      return eviction(call)
    case 'finalize':
      return finalize(call)
    case 'exec':
    case 'attach':
    case 'portforward':
      throw badRequest('Upgrade request required')
    default:
      throw notModelled(`${call.kind.resource}/${call.subresource}`)
  }
}

function asObject(call: Call): Promise<Response> {
  if (call.verb === 'get') return get(call)
  if (call.verb === 'update') return replace(call)
  if (call.verb === 'patch') return patch(call)
  throw methodNotAllowed()
}

async function finalize(call: Call): Promise<Response> {
  const { parts, kind, name = '', query, request, warn } = call
  const { dryRun, fieldManager } = writeQuery('UpdateOptions', query, request.headers.get('user-agent') ?? '')
  const contentType = request.headers.get('content-type')
  const { object } = await decodeBody({ bytes: await bodyOf(request), contentType, expected: kind })
  const old = parts.registry.get(kind, name)
  if (!old) throw notFound(kind, name)
  const updated = parts.registry.update(finalizeNamespace(old, object), {
    dryRun,
    fieldManager,
    warn,
    subresource: 'finalize',
  })
  return respond(call, updated)
}
