/**
 * Who asks, and whether they may. Authentication is the HTTPS server's (certificates) and the token issuer's; this file
 * decides. Not modelled yet: RBAC rules. Members of `system:masters` may do everything, everybody signed in may ask who
 * they are and what the API offers, and nobody else may do anything.
 */
import type { StatusError } from '../../kube/errors.ts'
import type { Kind } from '../kinds/kind.ts'
import { failure, forbidden } from './errors.ts'
import type { ResourceRequest } from './request-info.ts'

export interface User {
  username: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export const adminUser: User = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
export const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

/** What is asked for: a resource, or a path that is none. */
export type Attributes =
  | { path: string; verb: string }
  | { verb: string; group: string; resource: string; subresource?: string; namespace?: string; name?: string }

export interface Decision {
  allowed: boolean
  reason?: string
}

const publicPaths = ['/version', '/healthz', '/livez', '/readyz', '/openid/', '/.well-known/']
const discoveryPaths = ['/api', '/apis', '/openapi']
const selfReviews = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'])

/** The seam where RBAC comes in. */
export function authorize(user: User, asked: Attributes): Decision {
  if (user.groups.includes('system:masters')) return { allowed: true }
  const signedIn = user.groups.includes('system:authenticated')
  if ('path' in asked) {
    const under = (prefixes: readonly string[]): boolean => prefixes.some((prefix) => asked.path.startsWith(prefix))
    return { allowed: asked.verb === 'get' && (under(publicPaths) || (signedIn && under(discoveryPaths))) }
  }
  return { allowed: signedIn && asked.verb === 'create' && selfReviews.has(asked.resource) }
}

export const attributesOf = ({ verb, kind, subresource, namespace, name }: ResourceRequest): Attributes => ({
  verb,
  group: kind.group,
  resource: kind.resource,
  subresource,
  namespace,
  name,
})

/** The 403 for a request that `authorize` did not allow, in the server's words. */
export function refusal(user: User, asked: Attributes, reason = ''): StatusError {
  const because = reason ? `: ${reason}` : ''
  if ('path' in asked)
    return failure(
      403,
      'Forbidden',
      `forbidden: User "${user.username}" cannot ${asked.verb} path "${asked.path}"${because}`,
      {},
    )
  const { group, verb, subresource, namespace, name = '' } = asked
  const resource = subresource ? `${asked.resource}/${subresource}` : asked.resource
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  return forbidden(
    { group, resource: asked.resource },
    name,
    `User "${user.username}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}${because}`,
  )
}

/** `Impersonate-*` headers. @throws StatusError 403 unless the caller may do everything */
export function impersonated(user: User, headers: Headers): User {
  const username = headers.get('impersonate-user')
  if (!username) return user
  if (!user.groups.includes('system:masters'))
    throw refusal(user, { verb: 'impersonate', group: '', resource: 'users', name: username })
  const groups = (headers.get('impersonate-group') ?? '')
    .split(',')
    .map((group) => group.trim())
    .filter(Boolean)
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username)
  if (account && groups.length === 0) groups.push('system:serviceaccounts', `system:serviceaccounts:${account[1]}`)
  if (username !== anonymous.username) groups.push('system:authenticated')
  const uid = headers.get('impersonate-uid')
  return { username, ...(uid ? { uid } : {}), groups: [...new Set(groups)] }
}

/** Whether a kind is a question that is answered rather than an object that is stored. */
export const isReview = (kind: Kind): boolean =>
  (kind.group === 'authorization.k8s.io' || kind.group === 'authentication.k8s.io') && kind.resource.endsWith('reviews')
