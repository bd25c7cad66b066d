import { Box, Text, useApp, useInput, usePaste, useStdin, useStdout, useWindowSize } from 'ink'
import { useMemo, useReducer, useRef } from 'react'
import type { Session, Terminal } from '../session/types.ts'
import { makeAct } from './act.ts'
import { Footer } from './components/Footer.tsx'
import { Header } from './components/Header.tsx'
import { Regions } from './components/Regions.tsx'
import { Rows } from './components/Rows.tsx'
import { useSession } from './hooks/use-session.ts'
import { edited, keysOf } from './input.ts'
import { footerFor, type KeyContext, lookup, runSelected } from './keys.ts'
import { shapeOf } from './layout.ts'
import { type Action, at, initialUi, reduce, type UiState } from './reducer.ts'
import { screenFor } from './screen.ts'
import { messageRows, questionText } from './screens/frame.ts'
import type { Theme } from './theme.ts'

export interface AppProps {
  session: Session
  terminal: Terminal
  theme: Theme
  /** The home folder, shown as `~`. */
  home?: string
}

/** The whole program on the screen: one keymap, one reducer, one view. */
export const App = ({ session, terminal, theme, home }: AppProps) => {
  const { columns, rows } = useWindowSize()
  const view = useSession(session, theme.ascii)
  const [state, dispatch] = useReducer(
    (current: UiState, action: Action) => reduce(at(current, session.view()), action),
    initialUi,
  )
  const ui = at(state, view)
  const { exit, suspendTerminal } = useApp()
  const { stdin } = useStdin()
  const { stdout } = useStdout()
  const busy = useRef(false)
  const act = useMemo(
    () => makeAct({ session, terminal, dispatch, exit, lent: { suspendTerminal, stdin, stdout }, busy }),
    [session, terminal, exit, suspendTerminal, stdin, stdout],
  )
  const screen = screenFor(view, { columns, rows, theme, ui, home }, act)
  const context: KeyContext = { view, ui, screen, act }

  useInput((input, key) => {
    if (busy.current) return
    if (ui.question) return answer(context, keysOf(input, key)?.[0] ?? '')
    if (ui.typing && type(context, input, key)) return
    const keys = keysOf(input, key)
    if (!keys) return dispatch({ type: 'say', text: PASTE_IGNORED })
    press(context, keys)
  })
  usePaste((text) => {
    if (ui.typing) dispatch({ type: 'typed', text: ui[ui.typing] + text.replace(/[^ -~]+/g, ' ').trim() })
    else dispatch({ type: 'say', text: PASTE_IGNORED })
  })

  if (shapeOf(columns, rows) === 'none') return <TooSmall columns={columns} rows={rows} />
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Header header={screen.header} columns={columns} theme={theme} />
      <Regions region={screen.region} screen={screen} ui={ui} theme={theme} />
      <Rows lines={messageRows({ ui, columns }, view)} width={columns} theme={theme} />
      <Footer entries={footerFor(context, columns)} question={questionText(ui)} columns={columns} theme={theme} />
    </Box>
  )
}

const PASTE_IGNORED = 'paste ignored: keys are commands here. In a lab, e opens the editor.'

const TooSmall = ({ columns, rows }: { columns: number; rows: number }) => (
  <Box width={columns} height={rows} overflow="hidden">
    <Text wrap="truncate">meshdojo: enlarge the window to 60x20</Text>
  </Box>
)

/** Runs the bindings of keys that were pressed. A held-down key arrives as many; each one counts. */
const press = (context: KeyContext, keys: string[]): void => {
  const armed = context.ui.quitArmed
  context.act.dispatch({ type: 'key' })
  if (keys[0] === 'ctrl-c' && armed) context.act.quit('interrupted')
  else for (const key of keys) lookup(key, context)?.run(context)
}

/** A question takes `y`, or the key that raised it once more; `n`, `esc` and ctrl-c mean no; everything else waits. */
const answer = ({ ui, view, act }: KeyContext, key: string): void => {
  const { question } = ui
  const again = { leave: 'q', quit: 'q', solution: 's', reset: '' }[question!]
  const yes = key === 'y' || key === 'Y' || (again !== '' && key === again)
  if (!yes && !['n', 'N', 'esc', 'ctrl-c'].includes(key)) return
  act.dispatch({ type: 'answered' })
  if (!yes) return
  if (question === 'leave') act.send({ type: 'LEAVE' })
  if (question === 'quit') act.quit()
  if (question === 'reset') act.send({ type: 'RESET_STEP' })
  if (question === 'solution' && view.screen === 'lab') {
    act.send({ type: 'SOLUTION' })
    act.dispatch({ type: 'open', page: { kind: 'solution' } })
  }
}

/** A text field takes the key first. True when it was its own. */
const type = (context: KeyContext, input: string, key: Parameters<typeof edited>[2]): boolean => {
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
