import { useLayoutEffect, useRef } from 'react'
import type { Continuing } from '../continuing.ts'

/** Calls back when the process goes on after it was stopped, by whomever: the terminal is not as it was left. */
export const useContinued = (continuing: Continuing, onContinued: () => void): void => {
  const latest = useRef(onContinued)
  latest.current = onContinued
  useLayoutEffect(() => continuing.tell(() => latest.current()), [continuing])
}
