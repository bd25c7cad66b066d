/** Real kubectl against a served cluster, with a home of its own. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** Those that `KUBECTL` names, separated as in PATH; else the versioned ones beside the system's (SDKs install such), else the system's own. */
export const kubectls = (versions: readonly string[]): string[] => {
  if (process.env.KUBECTL) return process.env.KUBECTL.split(delimiter)
  try {
    const system = realpathSync(execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim())
    const beside = versions
      .map((version) => join(dirname(system), `kubectl.${version}`))
      .filter((path) => existsSync(path))
    return beside.length > 0 ? beside : [system]
  } catch {
    if (process.env.MESHDOJO_REQUIRE_KUBECTL)
      throw new Error('kubectl is required (MESHDOJO_REQUIRE_KUBECTL) and is not installed')
    return []
  }
}

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

export interface Running {
  /** All output so far, as soon as it matches. */
  until(pattern: RegExp): Promise<string>
  end(): void
}

export interface Kubectl {
  (...args: string[]): Promise<Ran>
  /** Writes a file for `-f` and gives its path. */
  file(name: string, content: string): string
  /** With this on standard input. */
  piped(stdin: string, ...args: string[]): Promise<Ran>
  /** Starts one that does not end by itself, such as `get --watch`. */
  start(...args: string[]): Running
  remove(): void
}

export function kubectlFor(binary: string, kubeconfig: string, env: Record<string, string> = {}): Kubectl {
  const folder = mkdtempSync(join(tmpdir(), 'meshdojo-kubectl-'))
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    KUBECACHEDIR: join(folder, 'cache'),
    KUBECONFIG: file('kubeconfig', kubeconfig),
    NO_PROXY: '127.0.0.1',
    ...env,
  }
  const piped = (stdin: string | undefined, ...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const child = execFile(binary, args, { env: environment, timeout: 60_000 }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
        resolve({ code, stdout, stderr })
      })
      child.stdin?.end(stdin)
    })
  const started: ChildProcess[] = []
  const start = (...args: string[]): Running => {
    const child = spawn(binary, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    started.push(child)
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    const until = (pattern: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(output)) resolve(output)
        }
        child.stdout.on('data', check)
        child.on('close', () => reject(new Error(`ended without a match of ${pattern}: ${output}`)))
        check()
      })
    return { until, end: () => void child.kill() }
  }
  const remove = (): void => {
    for (const child of started) child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  return Object.assign((...args: string[]) => piped(undefined, ...args), { file, piped, start, remove })
}
