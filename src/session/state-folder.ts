/** Where the program keeps what it must remember: one folder, the learner's own. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** `$MESHDOJO_HOME`, or `meshdojo` below `$XDG_DATA_HOME` (`~/.local/share`). */
export const stateFolder = (env: Record<string, string | undefined>): string =>
  env.MESHDOJO_HOME || join(env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local', 'share'), 'meshdojo')
