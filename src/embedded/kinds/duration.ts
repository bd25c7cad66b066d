/** Durations as kubectl prints them: two units while the larger one is small, then one. Follows apimachinery's HumanDuration. */

const second = 1000
const minute = 60
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

const two = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`

/** `45s`, `3m10s`, `25m`, `5h2m`, `30h`, `3d4h`, `40d`, `2y100d`. A clock that is a little behind gives `0s`. */
export const humanDuration = (milliseconds: number): string => {
  const seconds = Math.trunc(milliseconds / second)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * minute) return `${seconds}s`
  const minutes = Math.trunc(seconds / minute)
  if (minutes < 10) return two(minutes, 'm', seconds % minute, 's')
  if (minutes < 3 * 60) return `${minutes}m`
  const hours = Math.trunc(seconds / hour)
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (hours < 8 * 24) return two(Math.trunc(hours / 24), 'd', hours % 24, 'h')
  if (hours < 2 * 365 * 24) return `${Math.trunc(hours / 24)}d`
  const years = Math.trunc(seconds / year)
  if (hours < 8 * 365 * 24) return two(years, 'y', Math.trunc(hours / 24) % 365, 'd')
  return `${years}y`
}

/** How long ago an API time was; `<unknown>` without one. */
export const since = (time: string | null | undefined, now: number): string =>
  time ? humanDuration(now - Date.parse(time)) : '<unknown>'
