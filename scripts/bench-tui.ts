/**
 * `npm run bench:tui [-- seconds]`: what the TUI costs while somebody works in a lab and while nobody does. Key to screen
 * is the time from a key that moves the selection until its frame is complete; idle is CPU and bytes with a lab open.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pty from '@lydell/node-pty'

const idleSeconds = Number(process.argv[2] ?? 60)
const keys = 100
const program = fileURLToPath(new URL('../bin/meshdojo.js', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'meshdojo-bench-tui-'))
/** The end of a frame: ink writes each one as a synchronized update. */
const frameEnd = '\u001b[?2026l'

/** CPU time so far, in milliseconds, and resident memory, in MB. Linux only. */
const usage = (pid: number): { cpu: number; rss: number } => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, rss }
}

const terminal = pty.spawn(process.execPath, [program, 'start', 'istio-strict-mtls'], {
  cols: 120,
  rows: 40,
  cwd: home,
  env: { ...process.env, MESHDOJO_HOME: home, HOME: home, TMUX: '', ZELLIJ: '' },
})
let bytes = 0
let onData: (data: string) => void = () => {}
terminal.onData((data) => {
  bytes += data.length
  onData(data)
})
const sees = (text: string): Promise<void> =>
  new Promise((resolve) => {
    onData = (data) => data.includes(text) && resolve()
  })

try {
  await sees('FAIL')
  // The map is still being probed; what follows measures a lab at rest.
  await pause(5000)

  const latencies: number[] = []
  for (let press = 0; press < keys; press++) {
    const frame = sees(frameEnd)
    const start = performance.now()
    terminal.write(press % 2 === 0 ? 'j' : 'k')
    await frame
    latencies.push(performance.now() - start)
    // A learner's pace, not the frame limit's.
    await pause(50)
  }
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): string => `${Math.round(sorted[Math.floor(keys * share)]!)} ms`

  await pause(2000)
  const before = { ...usage(terminal.pid), bytes }
  await pause(idleSeconds * 1000)
  const after = { ...usage(terminal.pid), bytes }
  const percent = (after.cpu - before.cpu) / (idleSeconds * 10)
  console.table([
    { figure: 'key to screen, median', value: at(0.5), aim: '' },
    { figure: 'key to screen, p95', value: at(0.95), aim: '35 ms' },
    { figure: `CPU over ${idleSeconds} s idle in a lab`, value: `${percent.toFixed(2)} %`, aim: '0 %' },
    { figure: `bytes written over ${idleSeconds} s idle`, value: String(after.bytes - before.bytes), aim: '0' },
    { figure: 'memory in a lab', value: `${Math.round(after.rss)} MB`, aim: '150 MB' },
  ])
} finally {
  terminal.kill('SIGTERM')
  rmSync(home, { recursive: true, force: true })
}
