/**
 * Runs a plan: asks of each step whether its effect is there, does it if not, and says how far it is. Whatever ends the
 * program between two steps or within one, running the same plan again goes on from there.
 */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandFailed, formatCommand, lastLinesOf, type Runner } from '../../shell/run.ts'
import { NotPut } from '../real-lab.ts'
import type { Action, Plan, Step, Test } from '../steps.ts'
import { adviceFor } from './advice.ts'
import { awaitOrphan, childBeside, noteChild } from './orphan.ts'

/** A step that failed. The message has the command, its last lines, what to do, and the log file. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

type SpecialAction = Extract<Action, { do: 'lab' | 'unpack' }>

export interface Execution {
  run: Runner
  /** The environment of the children; the plan's own is added. */
  env: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** All output goes there. */
  log: string
  onProgress?: (says: string) => void
  /** Each step as it begins, and how it went: for a terminal without a TUI. */
  onStep?: (step: Step, how: 'begun' | 'there already' | 'done', seconds: number) => void
  /** Steps that an earlier run finished. */
  finished: ReadonlySet<string>
  onFinished?: (step: Step, seconds: number) => Promise<void> | void
  /** Seconds that a step took before. */
  times?: Record<string, number>
  /** What is no command; `say` is for the line of progress. */
  special?: (action: SpecialAction, say: (line: string) => void) => Promise<void>
  now?: () => number
}

const holds = async (test: Test, run: Runner): Promise<boolean> => {
  if ('file' in test) return existsSync(test.file)
  const { command, prints } = test
  try {
    const { stdout } = await run(command)
    const lines = stdout.split('\n').map((line) => line.trim())
    if (prints === undefined) return true
    if (prints === 'something') return lines.some(Boolean)
    return ('line' in prints ? [prints.line] : prints.lines).every((line) => lines.includes(line))
  } catch (error) {
    // Whatever is missing, the effect is not there; the step itself will say what is wrong.
    if (error instanceof CommandFailed) return false
    throw error
  }
}

const allHold = async (tests: readonly Test[], run: Runner): Promise<boolean> => {
  for (const test of tests) if (!(await holds(test, run))) return false
  return tests.length > 0
}

const act = async (action: Action, run: Runner, say: (line: string) => void, { special }: Execution): Promise<void> => {
  switch (action.do) {
    case 'run': {
      const { stdout } = await run(action.command)
      if (action.into) await run({ ...action.into, input: stdout })
      return
    }
    case 'rename':
      await rename(action.from, action.to)
      return
    default:
      await special?.(action, say)
  }
}

const failure = (step: Step, error: unknown, log: string): Error => {
  // What says by itself what to do is left as it is.
  if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof NotPut) return error as Error
  const lines = error instanceof CommandFailed ? error.lastLines : lastLinesOf(error.message)
  const advice =
    error instanceof CommandFailed && error.code === 'ENOENT'
      ? 'install it; "meshdojo doctor" says where from'
      : adviceFor(lines)
  return new StepFailed(
    [
      `${step.says}: it failed`,
      error.message,
      ...(advice ? [`to do: ${advice}`] : []),
      `the same command goes on from here; everything that was printed is in ${log}`,
    ].join('\n'),
    { cause: error },
  )
}

/** Says every second where a step is: the longest silence of a real cluster is minutes long. */
const tell = (step: Step, place: string, usual: number, { onProgress, now = Date.now }: Execution) => {
  const begun = now()
  let last = ''
  const say = (): void => {
    const seconds = Math.round((now() - begun) / 1000)
    const time = seconds < 2 ? '' : `, ${seconds} s of about ${Math.max(usual, 1)}`
    onProgress?.(`${step.says} (${place}${time})${last ? `: ${last}` : ''}`)
  }
  say()
  const timer = setInterval(say, 1000)
  return {
    line: (line: string): void => {
      // kind draws with control characters.
      const plain = line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').trim()
      if (plain) last = plain.slice(0, 100)
    },
    stop: (): number => {
      clearInterval(timer)
      return (now() - begun) / 1000
    },
  }
}

/** Does what is not done yet. Throws `StepFailed`, or the signal's reason. */
export const execute = async (plan: Plan, execution: Execution): Promise<void> => {
  const { signal, log, finished, times = {} } = execution
  await mkdir(dirname(log), { recursive: true, mode: 0o700 })
  const children = childBeside(log)
  await awaitOrphan(children, execution)
  const env = { ...execution.env, ...plan.env }
  for (const [index, step] of plan.steps.entries()) {
    signal?.throwIfAborted()
    const usual = Math.round(times[step.id] ?? step.typically)
    const progress = tell(step, `${index + 1}/${plan.steps.length}`, usual, execution)
    let written = Promise.resolve()
    const write = (text: string): void => {
      written = written.then(() => appendFile(log, `${text}\n`, { mode: 0o600 })).catch(() => undefined)
    }
    const run: Runner = async (command, options) => {
      const said = formatCommand(command)
      write(`$ ${said}`)
      const onLine = (line: string): void => {
        write(line)
        progress.line(line)
      }
      let forget: (() => Promise<void>) | undefined
      const onStart = (pid: number): void => {
        forget = noteChild(children, pid, said)
      }
      try {
        return await execution.run(command, { env, signal, onLine, onStart, ...options })
      } finally {
        await forget?.()
      }
    }
    const quiet: Runner = (command) => execution.run(command, { env, signal })
    try {
      execution.onStep?.(step, 'begun', 0)
      const isThere = await allHold(step.done, quiet)
      const half = !isThere && step.half && (await holds(step.half.test, quiet)) ? step.half : undefined
      // Before anything is taken away it is asked again: once, the answer may just not have come.
      if (isThere || (half && (await allHold(step.done, quiet)))) {
        const seconds = progress.stop()
        execution.onStep?.(step, 'there already', seconds)
        if (!finished.has(step.id)) await execution.onFinished?.(step, 0)
        continue
      }
      if (half) {
        if (finished.has(step.id) && half.lost) throw new StepFailed(half.lost)
        await run(half.clean)
      }
      for (const action of step.actions) await act(action, run, progress.line, execution)
      const seconds = progress.stop()
      await written
      await execution.onFinished?.(step, seconds)
      execution.onStep?.(step, 'done', seconds)
    } catch (error) {
      progress.stop()
      signal?.throwIfAborted()
      await written
      throw error instanceof StepFailed ? error : failure(step, error, log)
    }
  }
}
