import { useMemo, useSyncExternalStore } from 'react'
import type { Session, View } from '../../session/types.ts'
import { clean } from '../text.ts'

/** Every text of a view made safe for the screen, once, so that nothing below has to think of it. */
const cleaned = <T>(value: T, ascii: boolean): T => {
  if (typeof value === 'string') return clean(value, ascii) as T
  if (Array.isArray(value)) return value.map((one) => cleaned(one, ascii)) as T
  // Bytes are drawn as digits and printable characters only.
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one, ascii)])) as T
}

/**
 * Draws again whenever the session changes, and gives the function that reads its view of this very moment: a key may
 * come before the next frame. The view is fit to be shown, so not to be sent anywhere.
 */
export const useSession = (session: Session, ascii: boolean): (() => View) => {
  useSyncExternalStore(
    (onChange) => session.subscribe(onChange),
    () => session.view(),
  )
  return useMemo(() => {
    const known = new WeakMap<View, View>()
    return () => {
      const view = session.view()
      const safe = known.get(view) ?? cleaned(view, ascii)
      known.set(view, safe)
      return safe
    }
  }, [session, ascii])
}
