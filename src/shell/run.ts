/**
 * The fourth seam: a process is a value, and this folder is the only one that starts processes.
 * `Command` is data that can be shown, logged and compared in tests; `run` makes it real.
 */

export interface Command {
  /** Program and arguments; never a shell line. */
  run: readonly [program: string, ...args: string[]]
  /** What it does, for people: `Install Istio 1.30`. */
  says: string
  env?: Record<string, string>
  cwd?: string
  input?: string
}
