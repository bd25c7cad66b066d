/** The session as the TUI holds it: a running machine behind `view`, `subscribe` and `send`. */
import { createActor, waitFor } from 'xstate'
import { makeReal, type SessionDeps } from './actors.ts'
import { currentStep } from './context.ts'
import { lastUnfinished } from './progress.ts'
import type { Session, View } from './types.ts'
import { viewOf } from './view.ts'

export interface SessionOptions extends SessionDeps {
  /** Opened at once. */
  start?: string
  /** What to say first: content that could not be used, for example. */
  notices?: string[]
}

/** A scenario that was open when the program ended, to go on with; undefined after a proper leave. */
export const openAtExit = ({ store }: SessionDeps): string | undefined => {
  const last = lastUnfinished(store.all().progress)
  return last?.open ? last.scenario : undefined
}

/** Starts the session. It does nothing by itself until something is opened. */
export const createSession = (options: SessionOptions): Session => {
  const machine = makeReal(options)
  const actor = createActor(machine, {
    input: { items: options.items, now: options.now ?? Date.now, notices: options.notices ?? [] },
  })
  let known: { snapshot: unknown; view: View } | undefined
  const view = (): View => {
    const snapshot = actor.getSnapshot()
    if (known?.snapshot !== snapshot) {
      known = {
        snapshot,
        view: viewOf(snapshot, (context) => {
          const step = currentStep(context)
          return context.item && step ? options.files.locate(context.item.scenario, step)[0] : undefined
        }),
      }
    }
    return known.view
  }
  actor.start()
  const closed = waitFor(actor, (snapshot) => snapshot.status === 'done', { timeout: Number.POSITIVE_INFINITY })
  if (options.start) actor.send({ type: 'OPEN', scenario: options.start })
  return {
    view,
    subscribe: (onChange) => {
      const subscription = actor.subscribe({ next: onChange, complete: onChange })
      return () => subscription.unsubscribe()
    },
    send: (event) => actor.send(event),
    closed: closed.then(() => {}),
  }
}
