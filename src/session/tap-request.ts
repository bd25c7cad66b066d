/** The request that the wire tap captures for a pair of the traffic map. */
import type { Lab, ScenarioStep } from '../content/schema.ts'
import type { TapRequest } from '../tap/send.ts'

/** What a captured request carries where no check says what the caller sends: somebody's session, made up. */
const sample = ['Cookie', 'session=made-up-by-meshdojo'] as const

const hostOf = (url: string): string => /^(?:\w+:\/\/)?([^/?#]*)/.exec(url)?.[1] ?? ''

/**
 * As a check of the step sends it, when one is about that pair and sends headers; else a GET of the map's own URL, with a
 * made-up cookie to look for. Undefined: the map has no such target.
 */
export const tapRequestOf = (lab: Lab, step: ScenarioStep, from: string, to: string): TapRequest | undefined => {
  const target = lab.spec.matrix.targets.find(({ name }) => name === to)
  if (!target) return undefined
  const checks = step.checks.flatMap(({ request }) => (request ? [request] : []))
  const known = checks.find(
    (each) =>
      each.from === from && hostOf(each.to) === hostOf(target.url) && Object.keys(each.headers ?? {}).length > 0,
  )
  if (known) return { from, url: known.to, method: known.method, headers: Object.entries(known.headers) }
  return { from, url: target.url, method: 'GET', headers: [sample] }
}
