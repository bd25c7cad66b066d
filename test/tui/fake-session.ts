/** A session without a cluster: it plays the course of `views.ts`, and takes down every event that it is sent. */
import type { LabView, Session, UserEvent, View } from '../../src/session/types.ts'
import { finishedView, labView, passedView, pickerView, scenario } from './views.ts'

export interface FakeSession extends Session {
  /** Every event so far. */
  events: UserEvent[]
  show(view: View): void
}

/** How the course goes on after an event: saving the file solves the step, whatever is in it. */
const after = (view: View, event: UserEvent): View => {
  if (event.type === 'LEAVE') return pickerView()
  if (view.screen === 'picker') return event.type === 'OPEN' ? labView() : view
  if (view.screen !== 'lab') return event.type === 'RETRY' ? labView() : view
  return inLab(view, event)
}

const inLab = (view: LabView, event: UserEvent): View => {
  const { hints } = scenario.spec.steps[view.stepIndex]!
  switch (event.type) {
    case 'HINT':
      return view.hintsLeft === 0
        ? view
        : { ...view, hints: hints.slice(0, view.hints.length + 1), hintsLeft: view.hintsLeft - 1 }
    case 'SOLUTION':
      return { ...view, solution: 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n' }
    case 'EDITED':
      return view.stepIndex === 0 ? passedView({ hints: view.hints, hintsLeft: view.hintsLeft }) : view
    case 'NEXT':
      return view.stepIndex === 0 ? finishedView() : view
    case 'RESET_STEP':
      return labView()
    default:
      return view
  }
}

export const fakeSession = (first: View = pickerView()): FakeSession => {
  const listeners = new Set<() => void>()
  const events: UserEvent[] = []
  const closing = Promise.withResolvers<void>()
  let view = first
  const show = (next: View) => {
    view = next
    for (const listener of listeners) listener()
  }
  return {
    events,
    show,
    view: () => view,
    subscribe: (onChange) => {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    send: (event) => {
      events.push(event)
      if (event.type === 'QUIT') closing.resolve()
      else show(after(view, event))
    },
    closed: closing.promise,
  }
}
