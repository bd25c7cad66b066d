/**
 * Schedules as Kubernetes reads them: five fields, or `@hourly` and the like, or `@every 1h30m`; in the CronJob's time
 * zone, UTC without one. Upstream: github.com/robfig/cron/v3.
 */
import { Cron } from 'croner'

export interface Schedule {
  /** The first time after that one, in milliseconds. Undefined: never again. */
  next(after: number): number | undefined
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `1h30m` in milliseconds; undefined when it is no Go duration. */
const goDuration = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0)
}

/** Throws `Error` for a schedule or a time zone that cannot be read. */
export const parseSchedule = (text: string, timeZone = 'Etc/UTC'): Schedule => {
  const every = /^@every (.+)$/.exec(text)
  if (every) {
    const wait = goDuration(every[1] ?? '')
    if (!wait) throw new Error(`failed to parse duration ${text}: time: invalid duration "${every[1]}"`)
    // Rounded to whole seconds, and at least one of them.
    const seconds = Math.max(1000, Math.floor(wait / 1000) * 1000)
    return { next: (after) => Math.floor(after / 1000) * 1000 + seconds }
  }
  const fields = text.trim().split(/\s+/)
  if (!text.startsWith('@') && fields.length !== 5)
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  // robfig's `?` is a star.
  const cron = new Cron(text.replaceAll('?', '*'), { paused: true, timezone: timeZone })
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() }
}
