/**
 * What a killed run left running. A child outlives a program that is killed with -9: kind goes on making what the next
 * run would take for half-made. So each command is noted while it runs, and the next run waits for it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beganAt } from '../../shell/began.ts'
import { ClusterBusy } from '../claim.ts'

interface Child {
  pid: number
  /** Another process of that number began at another time. */
  began: string
  line: string
}

/**
 * Notes a command that has begun; the result takes the note away, once it is written. A note that cannot be written is
 * none: it must not keep anybody from working.
 */
export const noteChild = (path: string, pid: number, line: string): (() => Promise<void>) => {
  const note = async (): Promise<void> => {
    const began = await beganAt(pid)
    if (began) await writeFile(path, JSON.stringify({ pid, began, line } satisfies Child), { mode: 0o600 })
  }
  const noting = note().catch(() => undefined)
  return async () => {
    await noting
    await rm(path, { force: true })
  }
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
  while (child && (await beganAt(child.pid)) === child.began) {
    if (Date.now() > end)
      throw new ClusterBusy(
        `an earlier run was killed, and what it had started still runs: "kill ${child.pid}" ends it (${child.line})`,
      )
    onProgress?.(`Waiting for what a killed run had started (process ${child.pid}): ${child.line}`)
    await sleep(100, undefined, { signal })
  }
  await rm(path, { force: true })
}
