/** The terminal UI, from the first frame to the last. */
import { setFlagsFromString } from 'node:v8'
import { render } from 'ink'
import type { Session, Terminal } from '../session/types.ts'
import { App } from './App.tsx'
import { listenForContinue } from './continuing.ts'
import type { Documents } from './keys/binding.ts'
import { themeOptions } from './theme.ts'

export interface TuiOptions {
  session: Session
  terminal: Terminal
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  env: Record<string, string | undefined>
  documents?: Documents
}

/** How it ended: with `q`, with Ctrl-C twice, or by asking for an exam. */
export type TuiEnd = 'quit' | 'interrupted' | 'exam'

/**
 * Draws the session until the learner quits or the session closes by itself; resolves when everything is put away.
 * stdin and stdout must be terminals. Rejects with the error when drawing fails, with the normal screen restored.
 */
export const runTui = async ({ session, terminal, stdin, stdout, env, documents }: TuiOptions): Promise<TuiEnd> => {
  // A key that is pressed as soon as something is on the screen must reach the program and not the terminal's driver,
  // which would take Ctrl-Z for itself; ink gets there only after the first frame.
  stdin.setRawMode(true)
  const continuing = listenForContinue()
  const app = render(
    <App
      session={session}
      terminal={terminal}
      look={themeOptions(env)}
      home={env.HOME}
      continuing={continuing}
      documents={documents}
    />,
    {
      stdin,
      stdout,
      alternateScreen: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      // ink would take CI=1 for a machine even when somebody sits at the terminal.
      interactive: true,
    },
  )
  // Every frame leaves its cells to the garbage collector. A nursery that does not grow any more with each of them keeps 30 MB
  // for others; before the first frame it would cost time.
  setFlagsFromString('--semi-space-growth-factor=1')
  void session.closed.then(() => app.unmount())
  try {
    return ((await app.waitUntilExit()) as TuiEnd | undefined) ?? 'quit'
  } finally {
    continuing.stop()
    stdin.setRawMode(false)
    session.send({ type: 'QUIT' })
    await session.closed
  }
}
