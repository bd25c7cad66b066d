/**
 * `sh` in a container: just-bash with the container's files, environment and network. Loaded on first use: it is large.
 * Not modelled: job control, background processes that outlive the command, signals between processes.
 */
import { Bash, defineCommand } from 'just-bash'
import { type Process, readAll, toBytes } from '../process/process.ts'
import { shellCommands } from '../process/run.ts'
import { shellFileSystem } from './filesystem.ts'
import { handOver } from './hand-over.ts'
import { errorsOf, outputOf } from './output.ts'
import { runScript } from './script.ts'
import { mayRead } from './standard-input.ts'
import { withoutLeadingSlash } from './tar.ts'
import { interact } from './terminal.ts'

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The network commands, as the shell calls them: output collected, since it may go into a pipe. */
const networkCommands = (process: Process) =>
  Object.entries({ ...shellCommands, ...process.container.commands }).map(([name, run]) =>
    defineCommand(name, async (args, context) => {
      const out: Uint8Array[] = []
      const err: Uint8Array[] = []
      const input = Buffer.from(String(context.stdin), 'latin1')
      const exitCode = await run({
        ...process,
        argv: [name, ...args],
        env: context.exportedEnv ?? Object.fromEntries(context.env),
        cwd: context.cwd,
        stdin: (async function* () {
          if (input.length > 0) yield new Uint8Array(input)
        })(),
        tty: false,
        signal: context.signal ?? process.signal,
        out: (text) => void out.push(toBytes(text)),
        err: (text) => void err.push(toBytes(text)),
      })
      return {
        stdout: latin1(Buffer.concat(out)),
        stdoutKind: 'bytes' as const,
        stderr: Buffer.concat(err).toString('utf8'),
        exitCode,
      }
    }),
  )

/** One shell per container, so that files stay; environment and folder belong to each process. */
export const shellOf = (process: Process): Bash => {
  const { container } = process
  if (container.shell.bash) return container.shell.bash
  const bash = new Bash({
    fs: shellFileSystem(container.files),
    cwd: container.workingDir,
    customCommands: networkCommands(process),
    // The sandbox guards against hostile scripts by patching globals while one runs; it would patch the cluster's too.
    defenseInDepth: false,
    // No deadline: a finite one is a real timer per command, which keeps a clock that leaps over waiting (verify) from leaping.
    executionLimits: {
      maxLoopIterations: 1_000_000,
      maxCommandCount: 1_000_000,
      maxExecutionTimeMs: Number.POSITIVE_INFINITY,
    },
    processInfo: { pid: 7, ppid: 0, uid: container.user, gid: container.group },
  })
  container.shell.bash = bash
  return bash
}

/** `sh`, `sh -c SCRIPT [NAME ARGS]`, `sh FILE`, or a shell on a terminal. */
export const shell = async (process: Process): Promise<number> => {
  const args = [...process.argv.slice(1)]
  let wantsScript = false
  while (args[0]?.startsWith('-') && args[0] !== '-') {
    const flag = args.shift() ?? ''
    if (flag === '--') break
    if (/^-[a-z]*c[a-z]*$/.test(flag)) wantsScript = true
    if (/^-[a-z]*[ex]/.test(flag) && flag !== '-c') args.unshift(`set ${flag.replace(/[cli]/g, '')}`)
    if (args[0]?.startsWith('set ')) break
  }
  const bash = shellOf(process)
  if (wantsScript) {
    const setting = args[0]?.startsWith('set -') ? args.shift() : undefined
    const [script, name, ...rest] = args
    if (script === undefined) {
      process.err(`${process.argv[0]}: -c: option requires an argument\n`)
      return 2
    }
    const next = process.tty ? await handOver(bash, process, script, rest) : undefined
    if (next !== undefined) return typeof next === 'number' ? next : interact(bash, next)
    return runScript(bash, process, setting && setting.length > 5 ? `${setting}\n${script}` : script, [
      name ?? 'sh',
      ...rest,
    ])
  }
  if (args[0] !== undefined) {
    const content = await process.container.files.read(args[0])
    if (content) return runScript(bash, process, new TextDecoder().decode(content), args)
    process.err(`${process.argv[0]}: can't open '${args[0]}': No such file or directory\n`)
    return 2
  }
  if (process.tty) return interact(bash, process)
  return runScript(bash, process, new TextDecoder().decode(await readAll(process.stdin)), ['sh'])
}

/** One of the shell's own commands, called directly: `ls -la /tmp`. */
export const tool = async (process: Process, name: string): Promise<number> => {
  const bash = shellOf(process)
  const isBusybox = process.container.userland === 'busybox'
  const tar = name === 'tar' ? withoutLeadingSlash(process.argv, isBusybox) : undefined
  if (tar) process.err(tar.says)
  const result = await bash.exec(name, {
    args: (tar?.argv ?? process.argv).slice(1),
    env: { ...process.env },
    replaceEnv: true,
    cwd: process.cwd,
    stdin: mayRead([name, ...process.argv.slice(1)]) ? latin1(await readAll(process.stdin)) : '',
    stdinKind: 'bytes',
    signal: process.signal,
  })
  process.out(outputOf(result))
  process.err(errorsOf(result.stderr, process.container.userland))
  // GNU's failures are 2, busybox's 1.
  return (name === 'tar' || name === 'ls') && isBusybox && result.exitCode === 2 ? 1 : result.exitCode
}
