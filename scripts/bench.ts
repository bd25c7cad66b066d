/**
 * `npm run bench`: what a learner waits for, as ratios to `node -e 0` measured in the same run, so that a busy or slow
 * machine shows in both. Each figure is the median of several runs, with the spread beside it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pty from '@lydell/node-pty'

const others: Record<string, [says: string, run: () => Promise<unknown>]> = {
  api: ['the embedded API server by itself', () => import('./bench-api.ts')],
  engine: ['decisions a second, and the whole matrix', () => import('./bench-engine.ts')],
  tui: ['keys, idling, and an hour of work in the terminal UI', () => import('./bench-tui.ts')],
  verify: ['what proving the content costs, and how that grows', () => import('./bench-verify.ts')],
}
const [, , asked = '7'] = process.argv
if (Object.hasOwn(others, asked)) {
  await others[asked]?.[1]()
  process.exit(0)
}

const runs = Number(asked)
if (!(runs >= 1)) {
  const known = Object.entries(others).map(([name, [says]]) => `  ${name.padEnd(7)}${says}\n`)
  process.stderr.write(`"${asked}" is no benchmark: a number of runs, or one of\n${known.join('')}`)
  process.exit(2)
}
const program = fileURLToPath(new URL('../bin/meshdojo.js', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'meshdojo-bench-'))
const env = {
  ...process.env,
  MESHDOJO_HOME: home,
  HOME: home,
  KUBECACHEDIR: join(home, 'cache'),
  NO_PROXY: '127.0.0.1',
}
const kubectl = process.env.KUBECTL ?? 'kubectl'
const hasKubectl = spawnSync(kubectl, ['version', '--client'], { stdio: 'ignore' }).status === 0

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const repeat = async (measure: () => Promise<number>): Promise<number[]> => {
  await measure() // warms the compile cache and the file cache
  const values: number[] = []
  for (let run = 0; run < runs; run++) values.push(await measure())
  return values
}
/** Resident memory of a process, in MB; undefined where /proc does not exist. */
const rss = (pid: number): number | undefined => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return undefined
  }
}
const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => child.once('exit', () => done()))
/** Resolves when the child's stdout matches. */
const says = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let seen = ''
    child.stdout!.on('data', (chunk: Buffer) => {
      seen += chunk
      const match = pattern.exec(seen)
      if (match) resolve(match[1] ?? match[0])
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it said ${pattern}\n${seen}`)))
  })
const serve = (...args: string[]) =>
  spawn(process.execPath, [program, 'cluster', 'serve', ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] })

const bareNode = (): Promise<number> => {
  const start = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return Promise.resolve(performance.now() - start)
}

const firstPaint = (memory: number[]) => (): Promise<number> =>
  new Promise((resolve) => {
    const start = performance.now()
    const terminal = pty.spawn(process.execPath, [program], { cols: 120, rows: 40, cwd: home, env })
    let painted = 0
    terminal.onData((data) => {
      if (!painted && data.includes('Encrypt every hop')) {
        painted = performance.now() - start
        memory.push(rss(terminal.pid) ?? Number.NaN)
        terminal.kill('SIGTERM')
      }
    })
    terminal.onExit(() => resolve(painted))
  })

const ready = (memory: number[]) => async (): Promise<number> => {
  const start = performance.now()
  const child = serve('--scenario', 'istio-strict-mtls', '--kubeconfig', join(home, 'ready.kubeconfig'))
  await says(child, /ready (.*)\n/)
  const took = performance.now() - start
  memory.push(rss(child.pid!) ?? Number.NaN)
  child.kill('SIGTERM')
  await ended(child)
  return took
}

/** From the moment kubectl has returned until `check --watch` shows the first step passed. Negative: it was first. */
const checkTurned = async (): Promise<number> => {
  const kubeconfig = join(home, 'turn.kubeconfig')
  const cluster = serve('--scenario', 'istio-strict-mtls', '--kubeconfig', kubeconfig)
  await says(cluster, /ready (.*)\n/)
  const manifest = join(home, 'strict.yaml')
  writeFileSync(
    manifest,
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: production}\nspec: {mtls: {mode: STRICT}}\n',
  )
  const watch = spawn(
    process.execPath,
    [program, 'check', 'istio-strict-mtls', '--kubeconfig', kubeconfig, '--watch', '--json'],
    { env, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  // One JSON document a line: the first is the unsolved state.
  let turnedAt = 0
  let buffered = ''
  const turned = new Promise<void>((resolve) => {
    watch.stdout.on('data', (chunk: Buffer) => {
      buffered += chunk
      const lines = buffered.split('\n')
      buffered = lines.pop()!
      for (const line of lines) {
        if (!turnedAt && JSON.parse(line).steps[0].passed) {
          turnedAt = performance.now()
          resolve()
        }
      }
    })
  })
  await says(watch, /\n/)
  await new Promise<void>((resolve, reject) => {
    spawn(kubectl, ['apply', '-f', manifest], { env: { ...env, KUBECONFIG: kubeconfig }, stdio: 'ignore' })
      .once('error', reject)
      .once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`kubectl apply ended with ${code}`))))
  })
  const returned = performance.now()
  await turned
  watch.kill('SIGINT')
  cluster.kill('SIGTERM')
  await Promise.all([ended(watch), ended(cluster)])
  return turnedAt - returned
}

const rows: { figure: string; ms: number; spread: string; ratio: string; aim: string }[] = []
const unit = median(await repeat(bareNode))
const row = (figure: string, values: number[], aim: string): void => {
  const sorted = values.toSorted((a, b) => a - b)
  const ms = median(values)
  rows.push({
    figure,
    ms: Math.round(ms),
    spread: `${Math.round(sorted[0]!)}..${Math.round(sorted.at(-1)!)}`,
    ratio: `${(ms / unit).toFixed(1)}×`,
    aim,
  })
}

try {
  const tui: number[] = []
  const cluster: number[] = []
  row('node -e 0', [unit], '')
  row('first paint of the TUI', await repeat(firstPaint(tui)), '')
  row('cluster serve ready', await repeat(ready(cluster)), '8×')
  if (hasKubectl) row('kubectl apply returns, until the check has turned', await repeat(checkTurned), '2×')
  else process.stderr.write('kubectl not found: the time until a check turns is not measured\n')
  console.table(rows)
  console.table([
    { memory: 'TUI at first paint', MB: Math.round(median(tui)), aim: 150 },
    { memory: 'cluster when ready', MB: Math.round(median(cluster)), aim: 150 },
  ])
} finally {
  rmSync(home, { recursive: true, force: true })
}
