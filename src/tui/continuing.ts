/**
 * SIGCONT, listened to from before the first frame until after the last: a listener that comes with the first frame, or
 * is replaced by the next one, misses a signal that is just on its way.
 */
export interface Continuing {
  /** Calls `onContinued` from now on, and at once for what came before; gives the function that ends it. */
  tell(onContinued: () => void): () => void
  stop(): void
}

export const listenForContinue = (): Continuing => {
  let listener: (() => void) | undefined
  let isUntold = false
  const onSignal = (): void => {
    if (listener) listener()
    else isUntold = true
  }
  process.on('SIGCONT', onSignal)
  return {
    tell(onContinued) {
      listener = onContinued
      if (isUntold) onContinued()
      isUntold = false
      return () => {
        listener = undefined
      }
    },
    stop: () => void process.off('SIGCONT', onSignal),
  }
}
