/** `serviceaccounts/token`: a TokenRequest is answered with a signed JWT. */
import type { KubeObject } from '../../../kube/api.ts'
import { issuer } from '../../pki/tokens.ts'
import { bodyOf, type Call, respondPlain } from '../call.ts'
import { decodeBody } from '../decode/decode.ts'
import { record } from '../equality.ts'
import { conflict, field, invalid, methodNotAllowed, notFound } from '../errors.ts'

const tokenRequest = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
const pods = { group: '', resource: 'pods' }
const minimumSeconds = 600
const maximumSeconds = 2 ** 32

export async function token(call: Call): Promise<Response> {
  const { parts, kind, namespace = '', name = '', request } = call
  if (call.verb !== 'create') throw methodNotAllowed()
  const account = parts.registry.get(kind, name, namespace)
  if (!account) throw notFound(kind, name)
  const { object } = await decodeBody({
    bytes: await bodyOf(request),
    contentType: request.headers.get('content-type'),
    expected: tokenRequest,
  })
  const spec = record(object.spec) ?? {}
  const sent = Array.isArray(spec.audiences) ? spec.audiences.map(String) : []
  const audiences = sent.length > 0 ? sent : [issuer]
  const expirationSeconds = Number(spec.expirationSeconds ?? 3600)
  checkDuration(expirationSeconds)
  const { token, expires } = await parts.tokens.issue({
    namespace,
    name,
    uid: account.metadata.uid ?? '',
    audiences,
    expirationSeconds,
    ...boundPod(call, spec),
  })
  const answer: KubeObject = {
    ...object,
    metadata: { name, namespace, creationTimestamp: new Date(parts.clock.now()).toISOString().replace(/\.\d+/, '') },
    spec: { ...spec, audiences, expirationSeconds },
    status: { token, expirationTimestamp: new Date(expires).toISOString().replace(/\.\d+/, '') },
  }
  return respondPlain(call, answer, 201)
}

function checkDuration(seconds: number): void {
  const refuse = (detail: string) =>
    invalid(tokenRequest, '', [field.invalid('spec.expirationSeconds', seconds, detail)])
  if (seconds < minimumSeconds) throw refuse('may not specify a duration less than 10 minutes')
  if (seconds > maximumSeconds) throw refuse('may not specify a duration larger than 2^32 seconds')
}

function boundPod(call: Call, spec: Record<string, unknown>): { pod?: { name: string; uid: string } } {
  const reference = record(spec.boundObjectRef)
  if (reference?.kind !== 'Pod') return {}
  const name = String(reference.name ?? '')
  const pod = call.parts.registry.get(pods, name, call.namespace)
  if (!pod) throw notFound(pods, name)
  const uid = pod.metadata.uid ?? ''
  if (reference.uid && reference.uid !== uid)
    throw conflict(
      pods,
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  return { pod: { name, uid } }
}
