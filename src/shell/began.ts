/** When a process began: with its number, what tells it from another one that got the same number later. */
import { existsSync, readFileSync } from 'node:fs'
import { run } from './run.ts'

/** Clock ticks since the machine began: field 22 of /proc/PID/stat (proc_pid_stat(5)). */
const inProc = (folder: string, pid: number): string | undefined => {
  try {
    const stat = readFileSync(`${folder}/${pid}/stat`, 'utf8')
    // The program's name is in brackets, and may have brackets.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : fields[18]
  } catch {
    return undefined
  }
}

/** To the second, which is as exact as every ps is. */
const byPs = async (pid: number): Promise<string | undefined> => {
  const says = `Ask for process ${pid}`
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  const found = await run({ run: ['ps', '-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], says }, { env }).catch(
    () => undefined,
  )
  const [state = '', ...began] = found?.stdout.trim().split(/\s+/) ?? []
  return state === '' || state.startsWith('Z') ? undefined : began.join(' ')
}

/**
 * A text that no other process of that number has. Undefined when it does not run any more, or where nobody can tell.
 * `proc`: where Linux has its processes; elsewhere ps is asked, as on macOS.
 */
export const beganAt = async (pid: number, proc = '/proc'): Promise<string | undefined> =>
  existsSync(`${proc}/self/stat`) ? inProc(proc, pid) : byPs(pid)
