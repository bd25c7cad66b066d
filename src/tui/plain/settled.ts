/** Waits until what was set off has come to rest: for input that does not wait for itself. */
import type { Session, View } from '../../session/types.ts'

const isBusy = (view: View): boolean =>
  view.screen === 'opening' ||
  view.screen === 'exam-grading' ||
  (view.screen === 'lab' && view.grading) ||
  (view.screen === 'exam-task' && view.lab.state === 'opening')

/** A cluster tells of changes a moment after it took them. Milliseconds without a change that count as rest. */
const quiet = 300

/** Resolves once nothing is under way and nothing has changed for a moment, or when the session closes. */
export const whenSettled = (session: Session): Promise<void> =>
  new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const look = (): void => {
      clearTimeout(timer)
      if (!isBusy(session.view())) timer = setTimeout(done, quiet)
    }
    const stop = session.subscribe(look)
    const done = (): void => {
      clearTimeout(timer)
      stop()
      resolve()
    }
    void session.closed.then(done)
    look()
  })
