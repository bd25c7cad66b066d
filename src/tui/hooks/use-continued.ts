import { useLayoutEffect, useRef } from 'react'

/**
 * Calls back when the process goes on after it was stopped, by whomever: the terminal is not as it was left. Listens
 * once and from the first frame on: a listener that is replaced drops the signal that is just on its way to it.
 */
export const useContinued = (onContinued: () => void): void => {
  const latest = useRef(onContinued)
  latest.current = onContinued
  useLayoutEffect(() => {
    const tell = (): void => latest.current()
    process.on('SIGCONT', tell)
    return () => {
      process.off('SIGCONT', tell)
    }
  }, [])
}
