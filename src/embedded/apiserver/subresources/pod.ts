/** `/binding`, and what it shares with `/eviction`: an object of another kind that is posted to a pod. */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { bodyOf, type Call, json } from '../call.ts'
import { decodeBody } from '../decode/decode.ts'
import { record } from '../equality.ts'
import { conflict, methodNotAllowed, notFound } from '../errors.ts'
import { writeQuery } from '../options.ts'

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

/** @throws StatusError 404 without the pod, 400 for a body of another kind */
export async function sentTo(
  call: Call,
  expected: { group: string; version: string; kind: string },
): Promise<KubeObject> {
  if (call.verb !== 'create') throw methodNotAllowed()
  const { kind, parts, name = '', namespace, request } = call
  if (!parts.registry.get(kind, name, namespace)) throw notFound(kind, name)
  const contentType = request.headers.get('content-type')
  return (await decodeBody({ bytes: await bodyOf(request), contentType, expected })).object
}

export async function binding(call: Call): Promise<Response> {
  const { parts, kind, name = '', namespace, query, request, warn } = call
  const object = await sentTo(call, { group: '', version: 'v1', kind: 'Binding' })
  const { dryRun, fieldManager } = writeQuery('CreateOptions', query, request.headers.get('user-agent') ?? '')
  const node = String(record(object.target)?.name ?? '')
  parts.registry.mutate(
    kind,
    name,
    namespace,
    (draft) => {
      const pod = draft as Pod
      if (pod.spec.nodeName)
        throw conflict(
          { group: '', resource: 'pods/binding' },
          name,
          `pod ${name} is already assigned to node "${pod.spec.nodeName}"`,
        )
      pod.spec.nodeName = node
    },
    { dryRun, fieldManager, warn, user: call.user, subresource: 'binding' },
  )
  return json(success, 201)
}
