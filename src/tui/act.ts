/** What keys set in motion, made real: events to the session, and everything that needs the terminal for a while. */
import type { Session, Terminal, View } from '../session/types.ts'
import { handOver, type Lent, stopGroup } from './hand-over.ts'
import type { Act } from './keys.ts'
import { listedChecks } from './lines/checks.ts'
import { plural } from './lines/words.ts'
import type { Action } from './reducer.ts'

export interface ActParts {
  session: Session
  terminal: Terminal
  dispatch: (action: Action) => void
  exit: (result: 'interrupted' | 'quit') => void
  lent: Lent
  /** The terminal is lent; keys are somebody else's. */
  busy: { current: boolean }
}

const states = (view: View): Map<string, string> =>
  new Map(view.screen === 'lab' ? listedChecks(view).map((check) => [`${check.step}/${check.id}`, check.state]) : [])

/** What turned while the learner was away, in one sentence. */
export const changedMeanwhile = (before: View, after: View): string | undefined => {
  if (after.screen !== 'lab') return undefined
  const was = states(before)
  const changed = listedChecks(after).filter((check) => (was.get(`${check.step}/${check.id}`) ?? 'ok') !== check.state)
  if (changed.length === 0) return undefined
  const parts = changed.map((check) => `[${check.state === 'fail' ? 'FAIL' : check.state}] ${check.says}`)
  return `${plural(changed.length, 'check')} changed: ${parts.join(', ')}`
}

export const makeAct = ({ session, terminal, dispatch, exit, lent, busy }: ActParts): Act => {
  /** One program at a time has the terminal; its errors become a message. */
  const lend = async (run: () => Promise<string | undefined>): Promise<void> => {
    if (busy.current) return
    busy.current = true
    try {
      const says = await handOver(lent, run)
      if (says) dispatch({ type: 'say', text: says })
    } catch (error) {
      dispatch({ type: 'say', text: error instanceof Error ? error.message : String(error) })
    } finally {
      busy.current = false
    }
  }
  return {
    dispatch,
    send: (event) => session.send(event),
    edit: () => {
      const view = session.view()
      const file = view.screen === 'lab' ? view.file : undefined
      if (!file) return
      void lend(async () => {
        const { says } = await terminal.edit(file.path)
        const changed = changedMeanwhile(view, session.view())
        session.send({ type: 'EDITED' })
        return [says, changed].filter(Boolean).join('. ') || undefined
      })
    },
    shell: () => {
      const before = session.view()
      if (before.screen !== 'lab') return
      void lend(async () => {
        const { says } = await terminal.shell(before.kubeconfig, before.scenario.metadata.name)
        return [says, changedMeanwhile(before, session.view())].filter(Boolean).join('. ') || undefined
      })
    },
    canSplit: terminal.split !== undefined,
    split: () => {
      const view = session.view()
      if (view.screen !== 'lab' || !terminal.split) return
      void terminal
        .split(view.kubeconfig, view.scenario.metadata.name)
        .then(({ says }) => says && dispatch({ type: 'say', text: says }))
        .catch((error: Error) => dispatch({ type: 'say', text: error.message }))
    },
    stop: () =>
      void lend(async () => {
        await stopGroup()
        return undefined
      }),
    // Leaving and entering the alternate screen draws everything from nothing.
    redraw: () => void lent.suspendTerminal(() => {}),
    copy: (text) => {
      // OSC 52: the terminal's clipboard. Some ignore it, so the text is shown as well.
      lent.stdout.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`)
      dispatch({ type: 'say', text: `${text}\ncopied, if your terminal lets programs copy` })
    },
    quit: (how) => exit(how ?? 'quit'),
  }
}
