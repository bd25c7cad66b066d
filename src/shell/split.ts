/** A command in a pane beside this one, where a terminal multiplexer runs: data only; `terminal.ts` starts it. */
import type { Command } from './run.ts'

type Environment = Record<string, string | undefined>

/** The multiplexer that this program runs in. */
export const multiplexer = (env: Environment): 'tmux' | 'zellij' | undefined =>
  env.TMUX ? 'tmux' : env.ZELLIJ ? 'zellij' : undefined

/**
 * The command in a new pane, its variables with it: a pane inherits the multiplexer's environment, not ours. `folder` is
 * removed when the command has ended, because nobody else will know.
 */
export const planSplit = (env: Environment, { run, says, env: variables }: Command, folder: string): Command => {
  const assignments = Object.entries(variables ?? {}).map(([name, value]) => `${name}=${value}`)
  const inside = ['env', ...assignments, 'sh', '-c', '"$@"; rm -rf "$0"', folder, ...run]
  return multiplexer(env) === 'tmux'
    ? { run: ['tmux', 'split-window', '-h', '--', ...inside], says }
    : { run: ['zellij', 'run', '--close-on-exit', '--', ...inside], says }
}
