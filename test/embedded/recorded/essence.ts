/** What counts in an answer of an API server: all but identities, times, addresses and what every object gets. */
import type { Answer } from '../api.ts'

/** What a server answered, as a row of data states it. */
export interface Essence {
  code: number
  reason?: string
  /** Only where there are no causes, which is what kubectl shows. */
  message?: string
  /** `spec.replicas: Invalid value: -1: …`, in the server's order. */
  causes?: string[]
  warnings?: string[]
  /** What the stored object has that the sent one had not, by path. */
  adds?: Record<string, unknown>
  /** The whole answer, where neither of these says it. */
  body?: unknown
}

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const unsaid = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'managedFields'])
const given: Record<string, string> = {
  clusterIP: '<ip>',
  clusterIPs: '<ips>',
  nodePort: '<port>',
  healthCheckNodePort: '<port>',
  'kubectl.kubernetes.io/last-applied-configuration': '<applied>',
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
const tokenVolume = /kube-api-access-[a-z0-9]{5}/g
/** Where a server was built, and the Go form of what differs: neither is for a reader of messages. */
const scheme = /in scheme "[^"]*"/g
const goDiff = /\n@@[\s\S]*/
/** The whole of a template that may not change. */
const longValue = /Invalid value: \{.{200,}\}: (field is immutable)/

const revision = /(resourceVersion|current): ?"?\d+"?/gi

const maskText = (text: string): string =>
  text
    .replace(uuid, '<uid>')
    .replace(time, '<time>')
    .replace(tokenVolume, 'kube-api-access-<id>')
    .replace(scheme, 'in scheme "<scheme>"')
    .replace(goDiff, '')
    .replace(longValue, 'Invalid value: {…}: $1')
    .replace(/\n$/, '')
    .replace(revision, '$1: <revision>')

/** Without what differs from server to server and from run to run. */
export function mask(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map(mask)
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !unsaid.has(key))
      .map(([key, child]) => [
        maskText(key),
        key in given && child !== '' && child !== 'None' && String(child) !== 'None' ? given[key] : mask(child),
      ]),
  )
}

const join = (path: string, key: string): string =>
  /^[\w-]+$/.test(key) ? (path ? `${path}.${key}` : key) : `${path}[${key}]`

/** Leaves by path; what is empty counts as a leaf. */
function leaves(value: unknown, path = '', into: Fields = {}): Fields {
  const children: [string, unknown][] = Array.isArray(value)
    ? value.map((child, index) => [`${path}[${index}]`, child])
    : isFields(value)
      ? Object.entries(value).map(([key, child]) => [join(path, key), child])
      : []
  if (children.length === 0) into[path] = value
  for (const [at, child] of children) leaves(child, at, into)
  return into
}

/** What was added or changed on the way into the store, and `<gone>` for what was dropped. */
export function added(sent: unknown, stored: unknown): Fields {
  const [before, after] = [leaves(mask(sent)), leaves(mask(stored))]
  const adds: Fields = {}
  for (const [path, value] of Object.entries(after))
    if (JSON.stringify(before[path]) !== JSON.stringify(value)) adds[path] = value
  for (const [path, value] of Object.entries(before))
    if (
      !(path in after) &&
      value !== null &&
      !Object.keys(after).some((longer) => longer.startsWith(`${path}.`) || longer.startsWith(`${path}[`))
    )
      adds[path] = '<gone>'
  return Object.fromEntries(Object.entries(adds).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The embedded server says aloud what it stores and does not act on. */
const ownWarning = 'is stored but not modelled by this simulated cluster'

const warningsOf = (headers: Headers): string[] =>
  [...(headers.get('warning') ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)]
    .map(([, text]) => maskText(text!.replaceAll(/\\(.)/g, '$1')))
    .filter((text) => !text.includes(ownWarning))

const say = ({ field, message }: { field?: string; message?: string }): string => maskText(`${field}: ${message}`)

/** `sent` is given where what becomes of it matters more than the answer as a whole. */
export function essenceOf({ status, body, headers }: Answer, sent?: unknown): Essence {
  const warnings = warningsOf(headers)
  const essence: Essence = { code: status, ...(warnings.length ? { warnings } : {}) }
  if (!isFields(body)) return { ...essence, ...(body === '' ? {} : { body: mask(body) }) }
  if (body.kind === 'Status' && body.status === 'Failure') {
    const { causes } = (body.details ?? {}) as { causes?: { field?: string; message?: string }[] }
    if (typeof body.reason === 'string') essence.reason = body.reason
    // Updates say some of them twice; kubectl shows each once.
    if (causes && body.reason === 'Invalid') essence.causes = [...new Set(causes.map(say))]
    else essence.message = maskText(String(body.message))
    return essence
  }
  if (sent === undefined) return { ...essence, body: mask(body) }
  const adds = added(sent, body)
  return { ...essence, ...(Object.keys(adds).length ? { adds } : {}) }
}
