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

export interface RunOptions {
  /**
   * `captured`: output comes back as text. `inherited`: the program has the terminal. `on-stderr`: the same, where our
   * own stdout is not the terminal.
   */
  output?: 'captured' | 'inherited' | 'on-stderr'
  /** The whole environment; default: this process's. The command's own `env` is added. */
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** Milliseconds after which it is ended. */
  timeout?: number
  /** Each line as it is printed, on either output; only when captured. */
  onLine?: (line: string) => void
  /** Once it runs, with its process id. */
  onStart?: (pid: number) => void
}

/** What runs a command: `run` below, or a test's own. */
export type Runner = (command: Command, options?: RunOptions) => Promise<RunResult>

export interface RunResult {
  exitCode: number
  /** Empty when inherited. */
  stdout: string
  stderr: string
}

/** A program that could not be started, ended with something other than 0, or was ended by a signal. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly command: Command
  readonly exitCode: number | undefined
  /** `ENOENT` and the like, when it never started. */
  readonly code: string | undefined
  /** The last lines it printed. */
  readonly lastLines: string[]

  constructor(command: Command, how: { exitCode?: number; code?: string; signal?: string; lastLines: string[] }) {
    const program = command.run[0]
    const ending =
      how.code === 'ENOENT'
        ? `${program} is not installed, or not on the PATH`
        : how.code
          ? `${program} could not be started (${how.code})`
          : how.signal
            ? `${program} was ended by ${how.signal}`
            : `${program} ended with exit code ${how.exitCode}`
    super(
      [`${command.says}: ${ending}`, `  ${formatCommand(command)}`, ...how.lastLines.map((l) => `  | ${l}`)].join('\n'),
    )
    this.command = command
    this.exitCode = how.exitCode
    this.code = how.code
    this.lastLines = how.lastLines
  }
}

/** The command as one could type it. */
export const formatCommand = ({ run: argv }: Command): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')

/** The last few lines of what a program printed. */
export const lastLinesOf = (text: string, count = 8): string[] =>
  text
    .split('\n')
    .filter((line) => line.trim())
    .slice(-count)

/** Runs a command to its end. Throws `CommandFailed`, which carries the command and the last lines it printed. */
export const run = async (command: Command, options: RunOptions = {}): Promise<RunResult> => {
  const { execa } = await import('execa')
  const inherited = options.output !== undefined && options.output !== 'captured'
  const [program, ...args] = command.run
  const { onLine } = options
  const child = execa(program, args, {
    reject: false,
    stdio: inherited ? ['inherit', options.output === 'on-stderr' ? 2 : 'inherit', 'inherit'] : undefined,
    input: inherited ? undefined : (command.input ?? ''),
    cwd: command.cwd,
    env: { ...(options.env ?? process.env), ...command.env },
    extendEnv: false,
    cancelSignal: options.signal,
    timeout: options.timeout,
    ...(onLine && !inherited && { all: true }),
  })
  if (child.pid !== undefined) options.onStart?.(child.pid)
  if (onLine && child.all) {
    let rest = ''
    child.all.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n|\r/)
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    })
    child.all.once('end', () => rest && onLine(rest))
  }
  const result = await child
  const stdout = typeof result.stdout === 'string' ? result.stdout : ''
  const stderr = typeof result.stderr === 'string' ? result.stderr : ''
  if (result.failed || result.exitCode !== 0) {
    throw new CommandFailed(command, {
      exitCode: result.exitCode,
      code: result.exitCode === undefined && !result.signal ? result.code : undefined,
      signal: result.signal,
      lastLines: lastLinesOf(stderr || stdout),
    })
  }
  return { exitCode: result.exitCode, stdout, stderr }
}
