/** The query parameters of each verb, checked as the options objects that the API server makes of them. */
import type { FieldError } from '../kinds/kind.ts'
import type { FieldValidation } from './decode/decode.ts'
import { badRequest, field, invalid, plain } from './errors.ts'

export interface WriteQuery {
  dryRun: boolean
  fieldManager: string
  fieldValidation: FieldValidation
  force: boolean
}

const refuse = (kind: string, errors: readonly FieldError[]): void => {
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
}

const dryRunProblems = (values: readonly string[]): FieldError[] =>
  values.every((value) => value === 'All' || value === '') ? [] : [field.notSupported('dryRun', values, ['All'])]

/** The manager that a write counts for: the parameter, else the program that the User-Agent names. */
const managerOf = (query: URLSearchParams, userAgent: string): string =>
  query.get('fieldManager') || userAgent.split('/')[0]!.slice(0, 128) || 'unknown'

/** Of POST, PUT and PATCH. @throws StatusError 422 */
export function writeQuery(
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  query: URLSearchParams,
  userAgent: string,
  isApply = false,
): WriteQuery {
  const manager = query.get('fieldManager') ?? ''
  const validation = query.get('fieldValidation') ?? ''
  const force = query.get('force')
  const errors: FieldError[] = []
  if (isApply && !manager) errors.push(field.required('fieldManager', 'is required for apply patch'))
  if (kind === 'PatchOptions' && force !== null && !isApply)
    errors.push(field.forbidden('force', 'may not be specified for non-apply patch'))
  if (Buffer.byteLength(manager) > 128) errors.push(field.tooLong('fieldManager', 128))
  if (/[\p{Cc}\p{Cf}]/u.test(manager))
    errors.push(field.invalid('fieldManager', manager, 'should only contain printable characters'))
  errors.push(...dryRunProblems(query.getAll('dryRun')))
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation))
    errors.push(field.notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']))
  refuse(kind, errors)
  return {
    dryRun: query.getAll('dryRun').includes('All'),
    fieldManager: managerOf(query, userAgent),
    fieldValidation: (validation || 'Warn') as FieldValidation,
    force: force === 'true' || force === '1',
  }
}

export interface ListQuery {
  /** 0: no limit. */
  limit: number
  continue: string
  /** Undefined when not given. */
  resourceVersion?: number
  match: '' | 'Exact' | 'NotOlderThan'
  sendInitialEvents: boolean
  bookmarks: boolean
  /** Seconds, for watches. */
  timeout?: number
}

const isTrue = (value: string | null): boolean => value === '' || value === 'true' || value === '1'

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (!text) return undefined
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

/** The `resourceVersion` parameter; undefined without one. @throws StatusError 400, for a watch 500 */
export function revisionOf(query: URLSearchParams, isWatch = false): number | undefined {
  const version = query.get('resourceVersion')
  if (!version) return undefined
  const isNumber = /^\d+$/.test(version)
  if (isNumber && BigInt(version) < 2n ** 64n) return Number(version)
  const because = `strconv.ParseUint: parsing ${JSON.stringify(version)}: ${isNumber ? 'value out of range' : 'invalid syntax'}`
  const problem = `resourceVersion: ${field.invalid('', version, because).message}`
  throw isWatch ? plain(problem) : badRequest(`invalid resource version: ${problem}`)
}

/** Of LIST and WATCH. @throws StatusError 400, 422; for a watch 500 on a resourceVersion that is no number */
export function listQuery(query: URLSearchParams, isWatch: boolean): ListQuery {
  const limit = integer(query, 'limit') ?? 0
  const timeout = integer(query, 'timeoutSeconds')
  const version = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const initial = query.get('sendInitialEvents')
  const sendInitialEvents = initial !== null && isTrue(initial)
  refuse('ListOptions', listProblems({ version, match, initial, isWatch, sendInitialEvents }))
  const revision = revisionOf(query, isWatch)
  const token = query.get('continue') ?? ''
  if (token && version && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  return {
    limit,
    continue: token,
    ...(revision === undefined ? {} : { resourceVersion: revision }),
    match: match as ListQuery['match'],
    sendInitialEvents,
    bookmarks: query.has('allowWatchBookmarks') && isTrue(query.get('allowWatchBookmarks')),
    ...(timeout ? { timeout } : {}),
  }
}

function listProblems(q: {
  version: string
  match: string
  initial: string | null
  isWatch: boolean
  sendInitialEvents: boolean
}): FieldError[] {
  const { version, match, initial, isWatch, sendInitialEvents } = q
  const at = 'resourceVersionMatch'
  if (initial !== null && !isWatch)
    return [field.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')]
  if (isWatch) {
    if (initial !== null && match !== 'NotOlderThan')
      return [field.forbidden(at, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')]
    if (match && !sendInitialEvents && initial === null)
      return [field.forbidden(at, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')]
    return []
  }
  if (!match) return []
  if (match !== 'Exact' && match !== 'NotOlderThan')
    return [field.notSupported(at, match, ['Exact', 'NotOlderThan', ''])]
  if (!version) return [field.forbidden(at, 'resourceVersionMatch is forbidden unless resourceVersion is provided')]
  if (match === 'Exact' && version === '0')
    return [field.forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
  return []
}

export interface DeleteQuery {
  dryRun: boolean
  gracePeriodSeconds?: number
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  preconditions?: { uid?: string; resourceVersion?: string }
}

interface SentDeleteOptions {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  orphanDependents?: boolean
  propagationPolicy?: string
  dryRun?: string[]
}

/** What a DELETE asks for: the body's options, else the query's. @throws StatusError 422 */
export function deleteQuery(query: URLSearchParams, body: SentDeleteOptions): DeleteQuery {
  const fromQuery: SentDeleteOptions = {
    gracePeriodSeconds: integer(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: query.has('orphanDependents') ? isTrue(query.get('orphanDependents')) : undefined,
    dryRun: query.has('dryRun') ? query.getAll('dryRun') : undefined,
  }
  const sent = Object.keys(body).length > 0 ? { ...definedOnly(fromQuery), ...body } : fromQuery
  const errors: FieldError[] = []
  const policy = sent.propagationPolicy
  if (policy !== undefined && sent.orphanDependents !== undefined)
    errors.push(
      field.invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    )
  else if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy))
    errors.push(field.notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']))
  errors.push(...dryRunProblems(sent.dryRun ?? []))
  refuse('DeleteOptions', errors)
  const orphans = sent.orphanDependents === undefined ? undefined : sent.orphanDependents ? 'Orphan' : 'Background'
  const propagation = (policy as DeleteQuery['propagationPolicy']) ?? orphans
  return {
    dryRun: (sent.dryRun ?? []).includes('All'),
    ...(sent.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: sent.gracePeriodSeconds }),
    ...(propagation ? { propagationPolicy: propagation } : {}),
    ...(sent.preconditions ? { preconditions: sent.preconditions } : {}),
  }
}

const definedOnly = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T
