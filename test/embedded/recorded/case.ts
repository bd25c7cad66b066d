/**
 * Requests to an API server and what a real one answered: `test/cases/kubernetes/`, one file for each topic.
 *
 * The answers are recorded, never written: `record.ts` asks a server and puts what it says into the file. The same rows
 * are then asked of the embedded server.
 */
import type { Answer, Api } from '../api.ts'
import { type Essence, essenceOf } from './essence.ts'

type Fields = Record<string, unknown>

export interface Row {
  row: string
  /** A kind of `kinds`: POST the file's example of it, changed by `with` (a merge patch). */
  create?: string
  with?: Fields
  /** Then PUT what was stored, changed so; `<gone>` cannot be said, null can. */
  update?: Fields
  /** Then PATCH it; `as` is json, merge, strategic or apply. */
  patch?: unknown
  as?: keyof typeof patchTypes
  /** Any other request: `GET /api/v1/nodes?limit=1`. */
  send?: string
  body?: unknown
  headers?: Record<string, string>
  /** Objects there before, posted as they are and removed after the row. */
  given?: Fields[]
  /** `?dryRun=All` and the like, for create, update and patch. */
  query?: string
  answer?: Essence
  /** Why the embedded server answers something else: a gap that is known. */
  differs?: string
}

export interface Topic {
  topic: string
  /** The server that answered. */
  server: string
  /** An example of each kind used below, and where it is created. */
  kinds?: Record<string, { at: string; example: Fields }>
  /** Objects there for all rows. */
  given?: Fields[]
  rows: Row[]
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7386. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch
  const result: Fields = isFields(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}

const plural = (kind: string): string => {
  const lower = kind.toLowerCase()
  if (lower.endsWith('y')) return `${lower.slice(0, -1)}ies`
  return /(s|x|ch)$/.test(lower) ? `${lower}es` : `${lower}s`
}
const irregular: Record<string, string> = { Endpoints: 'endpoints' }

/** Where an object of a built-in kind or of a CRD with a regular plural is created. */
export function collectionOf({ apiVersion, kind, metadata }: Fields): string {
  const { namespace } = (metadata ?? {}) as { namespace?: string }
  const root = String(apiVersion).includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}/${namespace ? `namespaces/${namespace}/` : ''}${irregular[String(kind)] ?? plural(String(kind))}`
}

const nameOf = ({ metadata }: Fields): string => (metadata as { name: string }).name

export async function make(api: Api, object: Fields): Promise<void> {
  const { status, body } = await api('POST', collectionOf(object), object)
  if (status >= 300 && status !== 409) throw new Error(`${collectionOf(object)}: ${JSON.stringify(body)}`)
}

/** Deletes it and what would keep it; gone already is fine. */
async function remove(api: Api, path: string): Promise<void> {
  const gone = await api('DELETE', path, { gracePeriodSeconds: 0, propagationPolicy: 'Background' })
  if (gone.status >= 300) return
  const left = await api('GET', path)
  // Nobody empties namespaces here.
  if (left.body?.status?.phase === 'Terminating')
    await api('PUT', `${path}/finalize`, { ...left.body, spec: { finalizers: [] } })
  if (left.body?.metadata?.finalizers)
    await api('PATCH', path, { metadata: { finalizers: null } }, { 'content-type': patchTypes.merge })
}

async function askOfKind(api: Api, topic: Topic, row: Row): Promise<Essence> {
  const { at, example } = topic.kinds![row.create!]!
  const query = row.query ? `?${row.query}` : ''
  const sent = merged(example, row.with ?? {}) as Fields
  const changes = row.update !== undefined || row.patch !== undefined
  const created = await api('POST', `${at}${changes ? '' : query}`, sent, row.headers)
  const path = `${at}/${(created.body?.metadata?.name as string) ?? nameOf(sent)}`
  try {
    if (!changes || created.status >= 300) return essenceOf(created, sent)
    if (row.update) {
      const next = merged(created.body, row.update)
      return essenceOf(await api('PUT', path + query, next, row.headers), next)
    }
    const headers = { ...row.headers, 'content-type': patchTypes[row.as ?? 'strategic'] }
    return essenceOf(await api('PATCH', path + query, row.patch, headers), created.body)
  } finally {
    await remove(api, path)
  }
}

/** Asks what the row says and leaves the server as it was. */
export async function ask(api: Api, topic: Topic, row: Row): Promise<Essence> {
  for (const object of row.given ?? []) await make(api, object)
  try {
    if (row.create) return await askOfKind(api, topic, row)
    const [method, path] = row.send!.split(' ') as [string, string]
    const answer: Answer = await api(method, path, row.body, row.headers)
    return essenceOf(answer)
  } finally {
    for (const object of (row.given ?? []).toReversed()) await remove(api, `${collectionOf(object)}/${nameOf(object)}`)
  }
}

/** What an example gets on its way into the store is said once, in the row that changes nothing of it. */
export function withoutUsual(essence: Essence, usual: Essence | undefined): Essence {
  if (!usual?.adds || !essence.adds || essence === usual) return essence
  const adds = Object.entries(essence.adds).filter(
    ([path, value]) => JSON.stringify(usual.adds![path]) !== JSON.stringify(value),
  )
  const { adds: _, ...rest } = essence
  return adds.length ? { ...rest, adds: Object.fromEntries(adds) } : rest
}

/** Whether it is the plain example of its kind. */
export const isUsual = ({ create, with: changes, update, patch, query }: Row): boolean =>
  create !== undefined && !changes && !update && patch === undefined && !query

/** Asks all rows in order. */
export async function askAll(api: Api, topic: Topic): Promise<Essence[]> {
  for (const object of topic.given ?? []) await make(api, object)
  const usual = new Map<string, Essence>()
  const answers: Essence[] = []
  for (const row of topic.rows) {
    const essence = await ask(api, topic, row)
    if (isUsual(row)) usual.set(row.create!, essence)
    answers.push(withoutUsual(essence, row.create ? usual.get(row.create) : undefined))
  }
  return answers
}
