import { useEffect } from 'react'

/** Calls back when the process goes on after it was stopped, by whomever: the terminal is not as it was left. */
export const useContinued = (onContinued: () => void): void => {
  useEffect(() => {
    process.on('SIGCONT', onContinued)
    return () => {
      process.off('SIGCONT', onContinued)
    }
  })
}
