/** Which editor, and where it opens: pure choices; `terminal.ts` makes them real. */
import { basename } from 'node:path'
import type { Command } from './run.ts'
import { splitWords } from './words.ts'

type Environment = Record<string, string | undefined>

export interface Editor {
  argv: [program: string, ...args: string[]]
  /** It has a window of its own, so the terminal stays ours. */
  graphical: boolean
}

const graphicalEditors = new Set([
  'code',
  'code-insiders',
  'codium',
  'cursor',
  'windsurf',
  'zed',
  'subl',
  'gedit',
  'kate',
  'gvim',
  'idea',
  'goland',
  'mate',
  'atom',
])
const usual = ['nano', 'vim', 'vi']

/** `$VISUAL`, then `$EDITOR`, then the first of nano, vim, vi that is there; undefined when there is none. */
export const chooseEditor = (env: Environment, exists: (program: string) => boolean): Editor | undefined => {
  const wanted = [env.VISUAL, env.EDITOR].map((value) => splitWords(value ?? '')).find((words) => words.length > 0)
  const fallback = usual.find(exists)
  const [program, ...args] = wanted ?? (fallback ? [fallback] : [])
  if (program === undefined) return undefined
  return { argv: [program, ...args], graphical: graphicalEditors.has(basename(program).replace(/\.(exe|cmd)$/i, '')) }
}

/** How an editor gets a file. */
export type EditPlan =
  /** Has this terminal until it ends. */
  | { where: 'here'; command: Command }
  /** Opens in a pane beside ours and leaves us alone; if that fails, `here` is the way. */
  | { where: 'pane'; command: Command; instead: Command }
  /** Its own window. */
  | { where: 'window'; command: Command }

/** Inside tmux or Zellij the editor opens beside the task; a graphical one has its own window anyway. */
export const planEdit = (editor: Editor, path: string, env: Environment): EditPlan => {
  const says = `Edit ${basename(path)}`
  const here: Command = { run: [...editor.argv, path], says }
  if (editor.graphical) return { where: 'window', command: here }
  const [program, ...args] = here.run
  if (env.TMUX)
    return {
      where: 'pane',
      command: { run: ['tmux', 'split-window', '-h', '--', program, ...args], says },
      instead: here,
    }
  if (env.ZELLIJ) {
    return {
      where: 'pane',
      command: { run: ['zellij', 'run', '--close-on-exit', '--', program, ...args], says },
      instead: here,
    }
  }
  return { where: 'here', command: here }
}
