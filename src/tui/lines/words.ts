/** Small wordings: times, durations, paths, how far somebody is. */
import type { ScenarioProgress } from '../../session/types.ts'
import { type Role, type Span, span } from '../text.ts'

/** Two digits. */
export const two = (value: number): string => String(value).padStart(2, '0')

/** A moment as the learner's clock shows it: `12:01:08`. A fixed time, not an age, so that an idle screen stays still. */
export const clock = (at: number): string => {
  const moment = new Date(at)
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`
}

/** Time worked, in milliseconds, as people say it: `12 min`, `1 h 5 min`. */
export const spent = (milliseconds: number): string => {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 1) return 'under a minute'
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** The path with `~` for the home folder, which shells expand after `KUBECONFIG=` too. */
export const shortPath = (path: string, home?: string): string =>
  home && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path

const marks: Record<ScenarioProgress['state'], [text: string, role: Role]> = {
  new: ['[  ]', 'text'],
  started: ['[..]', 'changed'],
  done: ['[ok]', 'ok'],
}

/** How far a scenario or a step is: `[ok]`. */
export const progressMark = (state: ScenarioProgress['state']): Span => span(...marks[state])

/** What makes kubectl in another terminal talk to the lab. */
export const exportLine = (kubeconfig: string): string => `export KUBECONFIG=${kubeconfig}`

/** The end of a path, when the whole would take more than two rows of `width`. */
export const pathEnd = (path: string, width: number, ellipsis: string): string => {
  if (path.length <= 2 * width - 8) return path
  const parts = path.split('/')
  return `${ellipsis}/${parts.slice(-2).join('/')}`
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
