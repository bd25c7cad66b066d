import { Box, type Key, Text, useApp, useInput, usePaste, useStdin, useStdout, useWindowSize } from 'ink'
import { useMemo, useRef, useState } from 'react'
import type { Session, Terminal } from '../session/types.ts'
import { makeAct } from './act.ts'
import { Footer } from './components/Footer.tsx'
import { Header } from './components/Header.tsx'
import { Regions } from './components/Regions.tsx'
import { Rows } from './components/Rows.tsx'
import type { Continuing } from './continuing.ts'
import { useContinued } from './hooks/use-continued.ts'
import { useSession } from './hooks/use-session.ts'
import { useUi } from './hooks/use-ui.ts'
import { edited, keyOf, type Press, pressesOf } from './input.ts'
import type { Documents } from './keys/binding.ts'
import { footerFor, type KeyContext, lookup, runSelected } from './keys.ts'
import { shapeOf } from './layout.ts'
import { screenFor } from './screen.ts'
import { messageRows, questionLine } from './screens/frame.ts'
import { makeTheme, type Theme, type ThemeOptions } from './theme.ts'

export interface AppProps {
  session: Session
  terminal: Terminal
  /** How it is drawn until the learner changes it. */
  look: ThemeOptions
  /** The home folder, shown as `~`. */
  home?: string
  continuing: Continuing
  documents?: Documents
}

/** The whole program on the screen: one keymap, one reducer, one view. */
export const App = ({ session, terminal, look: firstLook, home, continuing, documents }: AppProps) => {
  const { columns, rows } = useWindowSize()
  const [look, setLook] = useState(firstLook)
  const theme = useMemo(() => makeTheme(look), [look])
  const currentView = useSession(session, theme.ascii)
  const { current: currentUi, dispatch } = useUi(currentView)
  const { exit, suspendTerminal } = useApp()
  const { stdin } = useStdin()
  const { stdout } = useStdout()
  const busy = useRef(false)
  const act = useMemo(
    () =>
      makeAct({
        session,
        terminal,
        dispatch,
        exit,
        lent: { suspendTerminal, stdin, stdout },
        busy,
        documents,
        look: (what) => setLook((now) => ({ ...now, [what]: !now[what] })),
      }),
    [session, terminal, dispatch, exit, suspendTerminal, stdin, stdout, documents],
  )
  // One key asks for the screen several times: to find its binding, to run it, to draw.
  const known = useRef<{ context: KeyContext; columns: number; rows: number; theme: Theme }>(undefined)
  const now = (): KeyContext => {
    const view = currentView()
    const ui = currentUi()
    const last = known.current
    if (
      last?.context.view === view &&
      last.context.ui === ui &&
      last.columns === columns &&
      last.rows === rows &&
      last.theme === theme
    )
      return last.context
    const context = { view, ui, act, screen: screenFor(view, { columns, rows, theme, ui, home }, act) }
    known.current = { context, columns, rows, theme }
    return context
  }

  useContinued(continuing, () => {
    if (!busy.current) act.redraw()
  })
  useInput((input, key) => {
    if (!busy.current) onInput(now, input, key)
  })
  usePaste((text) => onPaste(now(), text))

  if (shapeOf(columns, rows) === 'none') return <TooSmall columns={columns} rows={rows} />
  const context = now()
  const { view, ui, screen } = context
  // No overflow="hidden": every row is exactly as wide as the window already, and clipping it again costs a third of a frame.
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Header header={screen.header} columns={columns} theme={theme} />
      <Regions region={screen.region} screen={screen} ui={ui} theme={theme} />
      <Rows lines={screen.strip} width={columns} theme={theme} />
      <Rows lines={messageRows({ ui, columns, theme }, view)} width={columns} theme={theme} />
      <Footer
        entries={footerFor(context, columns)}
        question={questionLine(ui, view, columns)}
        columns={columns}
        theme={theme}
      />
    </Box>
  )
}

const TooSmall = ({ columns, rows }: { columns: number; rows: number }) => (
  <Box width={columns} height={rows} overflow="hidden">
    <Text wrap="truncate">meshdojo: enlarge the window to 60x20</Text>
  </Box>
)

const PASTE_IGNORED = 'paste ignored: keys are commands here. In a lab, e opens the editor.'

/** A question takes the key first, then a text field, then the keymap. */
const onInput = (now: () => KeyContext, input: string, key: Key): void => {
  const { ui, act } = now()
  const presses = ui.typing && !ui.question ? [{ input, key }] : pressesOf(input, key)
  if (presses) for (const one of presses) press(now, one)
  else if (!ui.question) act.dispatch({ type: 'say', text: PASTE_IGNORED })
}

const onPaste = ({ ui, act }: KeyContext, text: string): void => {
  if (ui.typing) act.dispatch({ type: 'typed', text: ui[ui.typing] + text.replace(/[^ -~]+/g, ' ').trim() })
  else act.dispatch({ type: 'say', text: PASTE_IGNORED })
}

const press = (now: () => KeyContext, one: Press): void => {
  const { ui, act } = now()
  const key = keyOf(one)
  if (ui.question) answer(now(), key ?? '')
  else if (!ui.typing || !type(now(), one.input, one.key)) {
    act.dispatch({ type: 'key' })
    if (key === 'ctrl-c' && ui.quitArmed) act.quit('interrupted')
    else if (key) lookup(key, now())?.run(now())
  }
}

/** The key that asks a question also answers it with yes, where nothing is lost by a key that is held down. */
const AGAIN: Partial<Record<string, string>> = { leave: 'q', quit: 'q', 'leave-exam': 'q', solution: 's' }

/** `n`, `esc` and ctrl-c mean no; everything but yes and no waits. */
const answer = ({ ui, act }: KeyContext, key: string): void => {
  const { question } = ui
  if (!question) return
  const yes = ['y', 'Y', AGAIN[question]].includes(key)
  if (!yes && !['n', 'N', 'esc', 'ctrl-c'].includes(key)) return
  act.dispatch({ type: 'answered' })
  if (!yes) return
  if (question === 'leave') act.send({ type: 'LEAVE' })
  if (question === 'quit' || question === 'leave-exam') act.quit()
  if (question === 'exam') act.quit('exam')
  if (question === 'finish') act.send({ type: 'FINISH' })
  if (question === 'reset') act.send({ type: 'RESET_STEP' })
  if (question === 'reset-lab') act.send({ type: 'RESET_LAB' })
  if (question === 'solution') {
    act.send({ type: 'SOLUTION' })
    act.dispatch({ type: 'open', page: { kind: 'solution' } })
  }
}

/** A text field takes the key first. True when it was its own. */
const type = (context: KeyContext, input: string, key: Key): boolean => {
  const { ui, act } = context
  const text = edited(ui[ui.typing!], input, key)
  if (text !== undefined) {
    act.dispatch({ type: 'typed', text })
    return true
  }
  if (!key.return) return false
  act.dispatch({ type: 'accept' })
  if (ui.typing === 'search') runSelected(context)
  return true
}
