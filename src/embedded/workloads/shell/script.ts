/**
 * Runs a script so that its output appears while it runs. just-bash hands output back when all is done, which would
 * make `while true; do curl …; sleep 1; done` silent for ever: such scripts run statement by statement, and top-level
 * loops round by round, with variables, folder, functions and `set` options carried over.
 */
import { type Bash, type BashExecResult, parse, type ScriptNode, type StatementNode, serialize } from 'just-bash'
import type { Process } from '../process/process.ts'
import { ReadOnlyError } from './filesystem.ts'
import { errorsOf, outputOf } from './output.ts'
import { scriptMayRead } from './standard-input.ts'

/** What passes from one statement to the next. */
export interface ShellState {
  env: Record<string, string>
  cwd: string
  /** `$?` */
  code: number
  /** Definitions and options that every later statement needs in front of it. */
  prelude: string[]
  /** Commands in the background (`&`) that may still run. */
  jobs: Promise<unknown>[]
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A fresh shell in the process's folder and environment; `args` are `$1` onwards. */
export const newState = (process: Process, args: readonly string[] = []): ShellState => ({
  env: { ...process.env },
  cwd: process.cwd,
  code: 0,
  prelude: args.length > 0 ? [`set -- ${args.map(quote).join(' ')}`] : [],
  jobs: [],
})

const alive = '__shell_goes_on'
const outcome = '__loop_goes_on'

const shellName = (process: Process): string => process.argv[0]?.split('/').at(-1) ?? 'sh'

/** Words of the shell that was called, where just-bash speaks as bash. */
const inShellsWords = (text: string, process: Process): string => {
  const name = shellName(process)
  if (name === 'bash') return text
  return text
    .replace(
      /^bash: (?:line \d+: )?(\S+): command not found$/gm,
      process.container.userland === 'debian' ? `${name}: 1: $1: not found` : `${name}: $1: not found`,
    )
    .replace(/^bash: /gm, `${name}: `)
}

/** Runs one piece; resolves with false when the shell itself ended (`exit`, `set -e`). */
export const runPiece = async (
  bash: Bash,
  process: Process,
  text: string,
  state: ShellState,
  stdin?: string,
): Promise<boolean> => {
  const before = state.code === 0 ? '' : `(exit ${state.code})\n`
  const script = `${state.prelude.join('\n')}\n${before}${text}\n${alive}=$?\n`
  const options = {
    env: state.env,
    replaceEnv: true,
    cwd: state.cwd,
    rawScript: true,
    signal: process.signal,
    ...(stdin === undefined ? {} : { stdin, stdinKind: 'bytes' as const }),
  }
  let result: BashExecResult
  try {
    result = await bash.exec(script, options)
  } catch (error) {
    // A redirection to where nothing may be written breaks out of the shell; it only fails that command.
    if (!(error instanceof ReadOnlyError)) throw error
    process.err(`${shellName(process)}: can't create ${error.path}: ${error.message}\n`)
    state.code = 1
    return true
  }
  process.out(outputOf(result))
  // An interrupted shell says nothing; just-bash reports that it was stopped.
  if (!process.signal?.aborted) process.err(inShellsWords(errorsOf(result.stderr, process.container.userland), process))
  const code = result.env[alive]
  state.env = Object.fromEntries(
    Object.entries(result.env).filter(
      ([name]) => /^[A-Za-z_]\w*$/.test(name) && name !== alive && name !== 'SHELLOPTS' && name !== 'BASHOPTS',
    ),
  )
  state.cwd = result.env.PWD ?? state.cwd
  state.code = code === undefined ? result.exitCode : Number(code)
  return code !== undefined && process.signal?.aborted !== true
}

export const textOf = (statements: StatementNode[]): string => serialize({ type: 'Script', statements } as ScriptNode)

/** The single command of a statement that is neither piped, joined with others, nor sent to the background. */
const soleCommand = (statement: StatementNode) => {
  const [pipeline] = statement.pipelines
  const single =
    statement.pipelines.length === 1 && pipeline?.commands.length === 1 && !pipeline.negated && !pipeline.timed
  return single && !statement.background ? pipeline.commands[0] : undefined
}

const runRound = async (
  bash: Bash,
  process: Process,
  body: StatementNode[],
  state: ShellState,
): Promise<'next' | 'stop' | 'exit'> => {
  const text = textOf(body)
  if (!/\b(break|continue)\b/.test(text)) return (await runStatements(bash, process, body, state)) ? 'next' : 'exit'
  // Two rounds at most: only a body that neither broke nor left the loop reaches the second.
  const framed = `${outcome}=stop\nfor ${outcome}_round in 1 2; do\nif [ "$${outcome}_round" = 2 ]; then ${outcome}=next; break; fi\n${text}\ndone`
  const goesOn = await runPiece(bash, process, framed, state)
  const next = state.env[outcome] === 'next'
  delete state.env[outcome]
  delete state.env[`${outcome}_round`]
  return goesOn ? (next ? 'next' : 'stop') : 'exit'
}

/** Statement by statement; resolves with false when the shell ended. */
export const runStatements = async (
  bash: Bash,
  process: Process,
  statements: StatementNode[],
  state: ShellState,
): Promise<boolean> => {
  for (const statement of statements) {
    if (statement.background) {
      const foreground = { ...statement, background: false }
      state.jobs.push(runStatements(bash, process, [foreground], { ...state, env: { ...state.env }, jobs: [] }))
      state.code = 0
      continue
    }
    if (/^wait(\s|$)/.test(textOf([statement]))) {
      await Promise.all(state.jobs.splice(0))
      state.code = 0
      continue
    }
    const command = soleCommand(statement)
    if ((command?.type === 'While' || command?.type === 'Until') && command.redirections.length === 0) {
      for (;;) {
        if (!(await runPiece(bash, process, textOf(command.condition), state))) return false
        if ((state.code === 0) !== (command.type === 'While')) break
        const round = await runRound(bash, process, command.body, state)
        if (round === 'exit') return false
        if (round === 'stop') break
      }
      state.code = 0
      continue
    }
    if (command?.type === 'For' && command.redirections.length === 0 && command.words) {
      const words = `for __word in ${serializeWords(statement)}; do printf '%s\\0' "$__word"; done`
      const expanded = await bash.exec(`${state.prelude.join('\n')}\n${words}`, {
        env: state.env,
        replaceEnv: true,
        cwd: state.cwd,
      })
      for (const word of expanded.stdout.split('\0').slice(0, -1)) {
        state.env[command.variable] = word
        const round = await runRound(bash, process, command.body, state)
        if (round === 'exit') return false
        if (round === 'stop') break
      }
      continue
    }
    if (!(await runPiece(bash, process, textOf([statement]), state))) return false
    const text = textOf([statement])
    if (command?.type === 'FunctionDef' || /^set [-+]/.test(text)) state.prelude.push(text)
  }
  return true
}

/** The words of a `for` loop as text: all between `in` and `do` of its canonical form. */
const serializeWords = (statement: StatementNode): string =>
  /^for \w+ in ([\s\S]*?);? ?\n?do\b/.exec(textOf([statement]))?.[1] ?? ''

const takesTime = /\b(while|until|for|sleep|curl|wget|nc|fortio|xargs)\b|&\s*($|[^&>])/

/** Redirections to where nothing may be written: only their own statement fails then. */
const mayBeRefused = ({ container }: Process, script: string): boolean =>
  script.includes('>') && (container.files.isReadOnly || container.files.mounts.some(({ readOnly }) => readOnly))

/** Runs a script to its end and resolves with its exit code. `args[0]` is `$0`, which just-bash fixes. */
export const runScript = async (
  bash: Bash,
  process: Process,
  script: string,
  args: readonly string[],
): Promise<number> => {
  const state = newState(process, args.slice(1))
  const stdin = process.stdin && !process.tty && scriptMayRead(script) ? await inputOf(process) : undefined
  let statements: StatementNode[] | undefined
  if ((takesTime.test(script) || mayBeRefused(process, script)) && !stdin) {
    try {
      statements = parse(script).statements
    } catch {
      // A syntax error is reported by running it.
    }
  }
  if (statements) await runStatements(bash, process, statements, state)
  else await runPiece(bash, process, script, state, stdin)
  await Promise.all(state.jobs)
  return state.code
}

const inputOf = async (process: Process): Promise<string> => {
  const chunks: Uint8Array[] = []
  if (process.stdin) for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}
