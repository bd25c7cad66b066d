/** Real kubectl against a served cluster, with a home of its own. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The one that `KUBECTL` names; else the versioned ones beside the system's (SDKs install such), else the system's own. */
export const kubectls = (versions: readonly string[]): string[] => {
  if (process.env.KUBECTL) return [process.env.KUBECTL]
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

export interface Kubectl {
  (...args: string[]): Promise<Ran>
  /** Writes a file for `-f` and gives its path. */
  file(name: string, content: string): string
  /** With this on standard input. */
  piped(stdin: string, ...args: string[]): Promise<Ran>
  /** Runs one that does not end by itself until its output matches; gives that output. */
  until(pattern: RegExp, ...args: string[]): Promise<string>
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
  const until = (pattern: RegExp, ...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(binary, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      let errors = ''
      let matched = false
      child.stderr.on('data', (chunk) => {
        errors += chunk
      })
      child.stdout.on('data', (chunk) => {
        output += chunk
        if (!pattern.test(output)) return
        matched = true
        child.kill()
      })
      child.on('error', reject)
      child.on('close', () =>
        matched ? resolve(output) : reject(new Error(`ended without a match: ${output}${errors}`)),
      )
    })
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  return Object.assign((...args: string[]) => piped(undefined, ...args), { file, piped, until, remove })
}
