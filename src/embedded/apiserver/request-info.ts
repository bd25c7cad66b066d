/** What a path of the API means (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). */
import type { Kind } from '../kinds/kind.ts'
import { badRequest, methodNotAllowed, notModelled, unknownPath } from './errors.ts'
import type { KindTable } from './kind-table.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export interface ResourceRequest {
  verb: Verb
  kind: Kind
  namespace?: string
  name?: string
  subresource?: string
  /** What follows the subresource: the path that a proxy asks for. */
  rest: string
}

/** A group or version that is not served: answered with a plain text page, not a Status. */
export class UnknownGroupVersion extends Error {
  override readonly name = 'UnknownGroupVersion'
}

/**
 * Undefined for a path that names no resource (`/version`, `/api/v1`).
 * @throws UnknownGroupVersion; StatusError 404 for an unknown resource, 405 for a method that it does not have
 */
export function parseResourcePath(method: string, url: URL, kinds: KindTable): ResourceRequest | undefined {
  const segments = segmentsOf(url)
  const isCore = segments[0] === 'api'
  if (!isCore && segments[0] !== 'apis') return undefined
  const [group, version] = isCore ? ['', segments[1]] : [segments[1], segments[2]]
  const path = segments.slice(isCore ? 2 : 3)
  if (path.length === 0 || group === undefined || version === undefined) return undefined
  if (!kinds.all().some((kind) => kind.group === group && kind.version === version)) throw new UnknownGroupVersion()

  const legacyWatch = path[0] === 'watch'
  if (legacyWatch) path.shift()
  const place = placeOf(path, (resource) => kinds.byResource(group, resource, version))
  if (!place) throw unknownPath()
  const { kind, namespace, name, subresource } = place
  if (subresource !== undefined && !hasSubresource(kind, subresource))
    throw unmodelledSubresources.has(`${kind.resource}/${subresource}`)
      ? notModelled(`${kind.resource}/${subresource}`)
      : unknownPath()
  const isWatch = legacyWatch || ['true', '1', ''].includes(url.searchParams.get('watch') ?? 'false')
  const verb = verbOf(method, name, isWatch && (name === undefined || legacyWatch))
  if (!verb || !allows(kind, verb, subresource)) throw methodNotAllowed()
  if (verb === 'create' && subresource === undefined && name !== undefined) throw methodNotAllowed()
  if (kind.namespaced && namespace === undefined && verb === 'create') throw methodNotAllowed()
  return { verb, kind, rest: place.rest, ...definedParts({ namespace, name, subresource }) }
}

function segmentsOf(url: URL): string[] {
  try {
    return url.pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent)
  } catch {
    throw badRequest(`invalid URL escape in ${url.pathname}`)
  }
}

/** Subresources that a real server has and this one may lack: their absence is said, not played. */
export const unmodelledSubresources: ReadonlySet<string> = new Set([
  'nodes/proxy',
  'pods/proxy',
  'pods/resize',
  'services/proxy',
])

interface Place {
  kind: Kind
  namespace?: string
  name?: string
  subresource?: string
  rest: string
}

function placeOf(path: readonly string[], find: (resource: string) => Kind | undefined): Place | undefined {
  // `namespaces/x/pods` is the pods of x; `namespaces/x/status` is x itself.
  const inNamespace = path[0] === 'namespaces' && path.length > 2 ? find(path[2]!) : undefined
  if (inNamespace?.namespaced) {
    const [, namespace, , name, subresource, ...rest] = path
    return { kind: inNamespace, rest: rest.join('/'), ...definedParts({ namespace, name, subresource }) }
  }
  const kind = find(path[0]!)
  if (!kind) return undefined
  const [, name, subresource, ...rest] = path
  if (kind.namespaced && name !== undefined) return undefined
  return { kind, rest: rest.join('/'), ...definedParts({ name, subresource }) }
}

const definedParts = <T extends object>(parts: T): Partial<T> =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<T>

function verbOf(method: string, name: string | undefined, isWatch: boolean): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return isWatch ? 'watch' : name === undefined ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return name === undefined ? undefined : 'update'
    case 'PATCH':
      return name === undefined ? undefined : 'patch'
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete'
    default:
      return undefined
  }
}

const hasSubresource = (kind: Kind, name: string): boolean =>
  (name === 'status' && kind.status === true) ||
  (name === 'scale' && kind.scale !== undefined) ||
  (kind.subresources?.some((subresource) => subresource.name === name) ?? false)

const allVerbs: readonly string[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

function allows(kind: Kind, verb: Verb, subresource: string | undefined): boolean {
  if (subresource === undefined) return (kind.verbs ?? allVerbs).includes(verb)
  if (subresource === 'status' || subresource === 'scale') return ['get', 'update', 'patch'].includes(verb)
  const verbs = kind.subresources?.find(({ name }) => name === subresource)?.verbs ?? []
  // exec and its like are opened by GET (WebSocket) as well as POST (SPDY).
  return verbs.includes(verb) || (streaming.has(subresource) && (verb === 'get' || verb === 'create'))
}

const streaming = new Set(['exec', 'attach', 'portforward'])
