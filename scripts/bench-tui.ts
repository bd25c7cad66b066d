/**
 * `npm run bench:tui [-- seconds [rounds]]`, or `npm run bench -- tui`: what the TUI costs while somebody works in a lab and
 * while nobody does. Key to screen is the time from a key that moves the selection until its frame is complete; idle is CPU
 * and bytes with a lab open; memory is told in the course of an hour of work without its pauses, and after a rest.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pty from '@lydell/node-pty'

/** A round is what somebody does in a minute: a file saved, checks, a look at the map, the wire and a page; kubectl; a reset. */
const [idleSeconds = 60, rounds = 60] = process.argv.slice(process.argv[2] === 'tui' ? 3 : 2).map(Number)
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

const policy = (mode: string): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: production}\nspec: {mtls: {mode: ${mode}}}\n`

// An editor that saves another mode each time: one that passes the step, one that does not, and one that is refused.
const modes = ['STRICT', 'PERMISSIVE', 'STRICKT']
for (const [index, mode] of modes.entries()) writeFileSync(join(home, `mode-${index}`), policy(mode))
writeFileSync(
  join(home, 'editor'),
  `#!/bin/sh\nn=$(cat "${home}/saves" 2>/dev/null || echo 0)\necho $((n + 1)) > "${home}/saves"\ncat "${home}/mode-$((n % ${modes.length}))" > "$1"\n`,
  { mode: 0o755 },
)

const env = {
  ...process.env,
  MESHDOJO_HOME: home,
  HOME: home,
  EDITOR: join(home, 'editor'),
  VISUAL: '',
  TMUX: '',
  ZELLIJ: '',
}
const terminal = pty.spawn(process.execPath, [program, 'start', 'istio-strict-mtls'], {
  cols: 120,
  rows: 40,
  cwd: home,
  env,
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

/** The cluster's process: a child of the screen's. */
const clusterPid = (): number =>
  readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number)
    .find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('cluster'))!

/** Milliseconds between two keys of the work. */
const pace = 250

const kubectl = (...args: string[]): Promise<unknown> =>
  promisify(execFile)('kubectl', args, {
    env: {
      ...process.env,
      HOME: home,
      KUBECONFIG: join(home, 'clusters', 'shop-istio.kubeconfig'),
      NO_PROXY: '127.0.0.1',
    },
  }).catch(() => undefined)

const work = async (round: number): Promise<void> => {
  for (const key of ['e', 'r', '3', 'v', 'w', '\u001b', 'h', '\u001b', '?', '\u001b', '2', '\r', '\u001b']) {
    terminal.write(key)
    await pause(pace)
  }
  if (round % 3 === 0) await kubectl('apply', '-f', join(home, `mode-${round % 2}`))
  if (round % 5 === 0) await kubectl('rollout', 'restart', 'deployment', '-n', 'staging')
  if (round % 15 === 14) {
    terminal.write('x')
    await pause(pace)
    terminal.write('y')
    await pause(4000)
  }
  if (round % 10 === 9) terminal.resize(round % 20 === 9 ? 80 : 120, round % 20 === 9 ? 24 : 40)
}

const megabytes = (value: number): string => `${Math.round(value)} MB`

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
  const before = { ...usage(terminal.pid), bytes, cluster: usage(clusterPid()) }
  await pause(idleSeconds * 1000)
  const after = { ...usage(terminal.pid), bytes, cluster: usage(clusterPid()) }
  const percent = (from: number, to: number): string => `${((to - from) / (idleSeconds * 10)).toFixed(2)} %`

  const memory: { screen: number; cluster: number }[] = []
  for (let round = 0; round < rounds; round++) {
    await work(round)
    if (round % Math.ceil(rounds / 4) === 0 || round === rounds - 1)
      memory.push({ screen: usage(terminal.pid).rss, cluster: usage(clusterPid()).rss })
  }
  // Without pauses nobody collects garbage but for want of room; a minute's rest shows what is really kept.
  await pause(rounds > 0 ? 60_000 : 0)
  memory.push({ screen: usage(terminal.pid).rss, cluster: usage(clusterPid()).rss })
  const course = (of: 'screen' | 'cluster'): string => memory.map((one) => Math.round(one[of])).join(', ')
  console.table([
    { figure: 'key to screen, median', value: at(0.5), aim: '' },
    { figure: 'key to screen, p95', value: at(0.95), aim: '35 ms' },
    { figure: `CPU over ${idleSeconds} s idle in a lab`, value: percent(before.cpu, after.cpu), aim: '0 %' },
    { figure: 'of the lab’s cluster', value: percent(before.cluster.cpu, after.cluster.cpu), aim: '0 %' },
    { figure: `bytes written over ${idleSeconds} s idle`, value: String(after.bytes - before.bytes), aim: '0' },
    { figure: 'memory in a lab', value: megabytes(after.rss), aim: '150 MB' },
    { figure: 'of the lab’s cluster', value: megabytes(after.cluster.rss), aim: '' },
    { figure: `MB in the course of ${rounds} min of work, and rested`, value: course('screen'), aim: 'levels off' },
    { figure: 'of the lab’s cluster', value: course('cluster'), aim: 'levels off' },
  ])
} finally {
  terminal.kill('SIGTERM')
  rmSync(home, { recursive: true, force: true })
}
