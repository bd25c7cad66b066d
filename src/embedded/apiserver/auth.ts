/**
 * Who asks, what they ask for, and how they are refused. Certificates and tokens are read in `server.ts`; `rbac/`
 * decides.
 */
import type { StatusError } from '../../kube/errors.ts'
import type { Kind } from '../kinds/kind.ts'
import { failure, forbidden, internal } from './errors.ts'
import type { Authorizer } from './rbac/authorizer.ts'
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

/**
 * What a request for a resource must be allowed. A Namespace lies in itself, and a collection that is narrowed to one
 * name counts as that object (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go).
 */
export function attributesOf(request: ResourceRequest, query?: URLSearchParams): Attributes {
  const { verb, kind, subresource, namespace, name } = request
  const isNamespace = kind.group === '' && kind.resource === 'namespaces'
  const selected = name ?? /^metadata\.name==?([^,=]+)$/.exec(query?.get('fieldSelector') ?? '')?.[1]
  return {
    verb,
    group: kind.group,
    resource: kind.resource,
    subresource,
    namespace: namespace ?? (isNamespace ? name : undefined),
    name: selected,
  }
}

/** @throws StatusError 403 */
export function requireAllowed(authorizer: Authorizer, user: User, asked: Attributes): void {
  const { allowed, reason } = authorizer.authorize(user, asked)
  if (!allowed) throw refusal(user, asked, reason)
}

const openedBySocket = new Set(['exec', 'attach', 'portforward'])

/**
 * The whole question for a resource. Running a command through a WebSocket is a GET, and has to be allowed as the POST
 * of it as well (KEP 5471, on since 1.35). @throws StatusError 403
 */
export function requireResource(
  authorizer: Authorizer,
  user: User,
  request: ResourceRequest,
  query?: URLSearchParams,
): void {
  const asked = attributesOf(request, query)
  requireAllowed(authorizer, user, asked)
  if (request.verb === 'get' && openedBySocket.has(request.subresource ?? ''))
    requireAllowed(authorizer, user, { ...asked, verb: 'create' })
}

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

const extraPrefix = 'impersonate-extra-'

const listOf = (headers: Headers, name: string): string[] =>
  (headers.get(name) ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter(Boolean)

/**
 * Who the caller wants to be (`--as`, `--as-group`), after asking whether they may: each of user, groups, uid and extra
 * is a right of its own (k8s.io/apiserver/pkg/endpoints/filters/impersonation.go).
 * @throws StatusError 403; 500 for groups without a user, as upstream
 */
export function impersonated(authorizer: Authorizer, user: User, headers: Headers): User {
  const username = headers.get('impersonate-user')
  const groups = listOf(headers, 'impersonate-group')
  const uid = headers.get('impersonate-uid')
  const extra = [...headers.keys()]
    .filter((key) => key.startsWith(extraPrefix))
    .map((key): [string, string[]] => [decodeURIComponent(key.slice(extraPrefix.length)), listOf(headers, key)])
  if (!username) {
    if (groups.length > 0 || uid || extra.length > 0)
      throw internal('requested groups, uid or extra without impersonating a user')
    return user
  }
  const ask = (asked: Omit<Extract<Attributes, { resource: string }>, 'verb' | 'group'>, group = ''): void =>
    requireAllowed(authorizer, user, { verb: 'impersonate', group, ...asked })
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username)
  if (account) ask({ resource: 'serviceaccounts', namespace: account[1]!, name: account[2]! })
  else ask({ resource: 'users', name: username })
  for (const name of groups) ask({ resource: 'groups', name })
  if (uid) ask({ resource: 'uids', name: uid }, 'authentication.k8s.io')
  for (const [subresource, values] of extra)
    for (const name of values) ask({ resource: 'userextras', subresource, name }, 'authentication.k8s.io')

  if (account && groups.length === 0) groups.push('system:serviceaccounts', `system:serviceaccounts:${account[1]}`)
  groups.push(username === anonymous.username ? 'system:unauthenticated' : 'system:authenticated')
  return {
    username,
    ...(uid ? { uid } : {}),
    groups: [...new Set(groups)],
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
  }
}

/** Whether a kind is a question that is answered rather than an object that is stored. */
export const isReview = (kind: Kind): boolean =>
  (kind.group === 'authorization.k8s.io' || kind.group === 'authentication.k8s.io') && kind.resource.endsWith('reviews')
