/**
 * What a killed run left running. A child outlives a program that is killed with -9: kind goes on making what the next
 * run would take for half-made. So each command is noted while it runs, and the next run waits for it.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClusterBusy } from '../claim.ts'

interface Child {
  pid: number
  /** When it began, as the system counts: another process of that id began at another time. */
  began: string
  line: string
}

/**
 * When a running process began, in clock ticks since the machine did: field 22 of /proc/PID/stat (proc_pid_stat(5)).
 * Undefined when it does not run, or where there is no /proc.
 */
export const beganAt = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The program's name is in brackets, and may have brackets.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : fields[18]
  } catch {
    return undefined
  }
}

/** Notes a command that has begun; the result takes the note away. */
export const noteChild = (path: string, pid: number | undefined, line: string): (() => void) => {
  const began = pid === undefined ? undefined : beganAt(pid)
  if (began === undefined) return () => {}
  writeFileSync(path, JSON.stringify({ pid, began, line } satisfies Partial<Child>), { mode: 0o600 })
  return () => rmSync(path, { force: true })
}

/** Where the command that runs is noted: beside the log. */
export const childBeside = (log: string): string => join(dirname(log), 'child.json')

const readChild = (path: string): Child | undefined => {
  try {
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Child) : undefined
  } catch {
    return undefined
  }
}

const patience = 600_000

/** Waits until the command of a killed run has ended; returns at once when there is none. Throws `ClusterBusy` after ten minutes. */
export const awaitOrphan = async (
  path: string,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (says: string) => void } = {},
): Promise<void> => {
  const child = readChild(path)
  const end = Date.now() + patience
  while (child && beganAt(child.pid) === child.began) {
    if (Date.now() > end)
      throw new ClusterBusy(
        `an earlier run was killed, and what it had started still runs: "kill ${child.pid}" ends it (${child.line})`,
      )
    onProgress?.(`Waiting for what a killed run had started (process ${child.pid}): ${child.line}`)
    await sleep(100, undefined, { signal })
  }
  rmSync(path, { force: true })
}
