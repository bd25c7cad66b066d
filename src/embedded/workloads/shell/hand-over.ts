/**
 * `sh -c SCRIPT` on a terminal where the script ends in a shell, as k9s and people's aliases open one:
 * `command -v bash >/dev/null && exec bash || exec sh`.
 * Not modelled: such a shell inside parentheses, a loop or a condition; it reads nothing and ends.
 */
import { type Bash, parse, type StatementNode } from 'just-bash'
import type { Process } from '../process/process.ts'
import { newState, runPiece, runStatements, type ShellState, textOf } from './script.ts'

const bare = /^(?:exec )?((?:\/(?:usr\/)?bin\/)?(?:sh|ash|bash))(?: -[il]+)?$/

interface End {
  /** Whether the first of the shells is taken; absent: each is looked for. */
  condition?: string
  shells: string[]
}

/** What the last statement opens whichever way it goes; undefined: it may end without a shell. */
const endOf = (statement: StatementNode): End | undefined => {
  if (statement.background) return undefined
  const parts = statement.pipelines.map((each) => textOf([{ ...statement, pipelines: [each], operators: [] }]).trim())
  const names = parts.flatMap((part) => bare.exec(part)?.[1] ?? [])
  const operators = statement.operators.join(' ')
  if (operators === '&& ||' && names.length === 2 && !bare.test(parts[0]!))
    return { condition: parts[0]!, shells: names }
  return names.length === parts.length && /^(\|\| ?)*$/.test(operators) ? { shells: names } : undefined
}

const choose = async (bash: Bash, process: Process, state: ShellState, { condition, shells }: End): Promise<string> => {
  for (const name of shells.slice(0, -1)) {
    await runPiece(bash, process, condition ?? `command -v ${name} >/dev/null`, state)
    if (state.code === 0) return name
  }
  return shells.at(-1)!
}

/**
 * Runs what comes before the shell. Resolves with the shell's process, with the exit code of a script that ended before,
 * or with undefined, and nothing ran, when the script does not end in a shell.
 */
export const handOver = async (
  bash: Bash,
  process: Process,
  script: string,
  args: readonly string[],
): Promise<Process | number | undefined> => {
  let statements: StatementNode[]
  try {
    statements = parse(script).statements
  } catch {
    return undefined
  }
  const last = statements.at(-1)
  const end = last && endOf(last)
  if (!end) return undefined
  const state = newState(process, args)
  if (!(await runStatements(bash, process, statements.slice(0, -1), state))) return state.code
  const shell = await choose(bash, process, state, end)
  return { ...process, argv: [shell], env: state.env, cwd: state.cwd }
}
