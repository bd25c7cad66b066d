import { useMemo, useSyncExternalStore } from 'react'
import type { Session, View } from '../../session/types.ts'
import { clean } from '../text.ts'

/** Every text of a view made safe for the screen, once, so that nothing below has to think of it. */
const cleaned = <T>(value: T, ascii: boolean): T => {
  if (typeof value === 'string') return clean(value, ascii) as T
  if (Array.isArray(value)) return value.map((one) => cleaned(one, ascii)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one, ascii)])) as T
}

/** The session's view, drawn again whenever it changes; fit to be shown, so not to be sent anywhere. */
export const useSession = (session: Session, ascii: boolean): View => {
  const view = useSyncExternalStore(
    (onChange) => session.subscribe(onChange),
    () => session.view(),
  )
  return useMemo(() => cleaned(view, ascii), [view, ascii])
}
