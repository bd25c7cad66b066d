/** What happened, as lines for people. */
import type { KubeObject } from '../kube/api.ts'
import type { ApplyResult } from '../kube/apply.ts'
import type { Change } from './live.ts'
import type { FeedLine } from './types.ts'
import { nameOf } from './work.ts'

/** Older lines are forgotten. */
const longest = 200

export const withLine = (feed: readonly FeedLine[], line: FeedLine): FeedLine[] => [...feed, line].slice(-longest)

interface ManagedField {
  manager?: string
  time?: string
}

/** Who wrote last: the program's name without what it was doing (`kubectl-edit` is kubectl). */
const writerOf = (object: KubeObject): string | undefined => {
  const fields = (object.metadata.managedFields ?? []) as ManagedField[]
  const [last] = fields.toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))
  const manager = last?.manager
  return manager?.startsWith('kubectl') ? 'kubectl' : manager
}

/** `PeerAuthentication production/default created by kubectl`; undefined for what the program itself or a machine did. */
export const describeChange = ({ type, object, authored }: Change): string | undefined => {
  if (!authored) return undefined
  if (type === 'deleted') return `${nameOf(object)} deleted`
  const writer = writerOf(object)
  if (writer === 'meshdojo') return undefined
  return `${nameOf(object)} ${type}${writer ? ` by ${writer}` : ''}`
}

/** A server may quote the whole object that it refuses before it says why: only the why fits into a line. */
const withoutLongQuotes = (message: string): string => message.replace(/"(?:[^"\\]|\\.){200,}"/g, '"…"').trim()

/** What applying a file came to, in one line: `PeerAuthentication production/default created`. */
export const describeResults = (results: readonly ApplyResult[]): string =>
  results
    .map(({ ref, outcome, error }) => {
      const name = `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ''}${ref.name}`
      return outcome === 'failed' ? `${name} refused: ${withoutLongQuotes(error?.message ?? '')}` : `${name} ${outcome}`
    })
    .join('; ')
