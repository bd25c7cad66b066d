/** What keys set in motion, made real: events to the session, and everything that needs the terminal for a while. */
import type { Session, Terminal, View } from '../session/types.ts'
import { handOver, type Lent, stopGroup } from './hand-over.ts'
import type { DocumentName, Documents } from './keys/binding.ts'
import type { Act } from './keys.ts'
import { listedChecks } from './lines/checks.ts'
import { plural } from './lines/words.ts'
import type { Action } from './reducer.ts'
import type { TuiEnd } from './run.tsx'

export interface ActParts {
  session: Session
  terminal: Terminal
  dispatch: (action: Action) => void
  exit: (result: TuiEnd) => void
  lent: Lent
  look: Act['look']
  documents?: Documents
  /** The terminal is lent; keys are somebody else's. */
  busy: { current: boolean }
}

const states = (view: View): Map<string, string> =>
  new Map(view.screen === 'lab' ? listedChecks(view).map((check) => [`${check.step}/${check.id}`, check.state]) : [])

/** The cluster and the file that are on the screen, and what the place is called. */
const workOf = (view: View): { kubeconfig: string; where: string; file?: string } | undefined => {
  if (view.screen === 'lab')
    return { kubeconfig: view.kubeconfig, where: view.scenario.metadata.name, file: view.file?.path }
  if (view.screen !== 'exam-task' || view.lab.state !== 'open') return undefined
  return { kubeconfig: view.lab.kubeconfig, where: `exam task ${view.current + 1}`, file: view.lab.file.path }
}

/** What turned while the learner was away, in one sentence. */
const changedMeanwhile = (before: View, after: View): string | undefined => {
  if (after.screen !== 'lab') return undefined
  const was = states(before)
  const changed = listedChecks(after).filter((check) => (was.get(`${check.step}/${check.id}`) ?? 'ok') !== check.state)
  if (changed.length === 0) return undefined
  const parts = changed.map((check) => `[${check.state === 'fail' ? 'FAIL' : check.state}] ${check.says}`)
  return `${plural(changed.length, 'check')} changed: ${parts.join(', ')}`
}

const documentTitles: Record<DocumentName, string> = { report: 'What you have done', doctor: 'This machine' }

export const makeAct = ({ session, terminal, dispatch, exit, lent, look, documents = {}, busy }: ActParts): Act => {
  /** One program at a time has the terminal; its errors become a message. */
  const lend = async (run: () => Promise<string | undefined>): Promise<void> => {
    if (busy.current) return
    busy.current = true
    try {
      const says = await handOver(lent, () =>
        // Before the screen is back: who sees it may press a key at once.
        run().finally(() => {
          busy.current = false
        }),
      )
      if (says) dispatch({ type: 'say', text: says })
    } catch (error) {
      busy.current = false
      dispatch({ type: 'say', text: error instanceof Error ? error.message : String(error) })
    }
  }
  return {
    dispatch,
    send: (event) => session.send(event),
    edit: () => {
      const view = session.view()
      const file = workOf(view)?.file
      if (!file) return
      void lend(async () => {
        const { says } = await terminal.edit(file)
        const changed = changedMeanwhile(view, session.view())
        session.send({ type: 'EDITED' })
        return [says, changed].filter(Boolean).join('. ') || undefined
      })
    },
    shell: () => {
      const before = session.view()
      const work = workOf(before)
      if (!work) return
      void lend(async () => {
        const { says } = await terminal.shell(work.kubeconfig, work.where)
        return [says, changedMeanwhile(before, session.view())].filter(Boolean).join('. ') || undefined
      })
    },
    notes: () => {
      const view = session.view()
      if (!('notes' in view)) return
      void lend(async () => {
        const { says } = await terminal.edit(view.notes.path)
        session.send({ type: 'NOTED' })
        return says ?? 'your notes are kept, beside the list of tasks'
      })
    },
    canSplit: terminal.split !== undefined,
    split: () => {
      const work = workOf(session.view())
      if (!work || !terminal.split) return
      void terminal
        .split(work.kubeconfig, work.where)
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
    look,
    documents: (['report', 'doctor'] as const).filter((name) => documents[name]),
    read: (name) => {
      void (async () => {
        const title = documentTitles[name]
        try {
          const text = (await documents[name]?.()) ?? ''
          dispatch({ type: 'open', page: { kind: 'document', title, text } })
        } catch (error) {
          dispatch({ type: 'say', text: error instanceof Error ? error.message : String(error) })
        }
      })()
    },
    copy: (text) => {
      // OSC 52: the terminal's clipboard. Some ignore it, so the text is shown as well.
      lent.stdout.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`)
      dispatch({ type: 'say', text: `${text}\ncopied, if your terminal lets programs copy` })
    },
    quit: (how) => exit(how ?? 'quit'),
  }
}
