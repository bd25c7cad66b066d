/** The commands that need no shell: short, common in pod specs and in `kubectl exec`. */
import { absolute } from '../process/files.ts'
import { readFile } from '../process/open.ts'
import { type Command, type Process, pause, readAll } from '../process/process.ts'

const seconds: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** Milliseconds of `sleep`'s operands, Infinity for `infinity`, undefined when one is not a time. */
export const sleepTime = (operands: readonly string[]): number | undefined => {
  let total = 0
  for (const operand of operands) {
    const parts = /^(\d+(?:\.\d*)?|\.\d+|inf(?:inity)?)([smhd]?)$/i.exec(operand)
    if (!parts?.[1]) return undefined
    total += (parts[1].startsWith('i') ? Infinity : Number(parts[1])) * (seconds[parts[2] ?? ''] ?? 1) * 1000
  }
  return operands.length === 0 ? undefined : total
}

const sleep: Command = async (process) => {
  const [, ...operands] = process.argv
  const time = sleepTime(operands)
  if (time === undefined) {
    process.err(
      operands.length === 0 ? 'sleep: missing operand\n' : `sleep: invalid time interval '${operands.at(-1)}'\n`,
    )
    return 1
  }
  const done = await sleepUntil(process, time)
  return done ? 0 : 143
}

/** Timers hold at most 24 days; longer sleeps are slept in parts. */
const sleepUntil = async (process: Process, milliseconds: number): Promise<boolean> => {
  const part = 2_000_000_000
  for (let left = milliseconds; left > 0; left -= part) {
    if (!(await pause(process.container.clock, Math.min(left, part), process.signal))) return false
  }
  return true
}

const cat: Command = async (process) => {
  const names = process.argv.slice(1).filter((name) => name === '-' || !name.startsWith('-'))
  if (names.length === 0) names.push('-')
  let code = 0
  for (const name of names) {
    if (name === '-') {
      if (process.stdin) for await (const chunk of process.stdin) process.out(chunk)
      continue
    }
    const content = await readFile(process, name)
    if (content) process.out(content)
    else {
      const isDirectory = await process.container.files.isDirectory(absolute(process.cwd, name))
      const says = isDirectory ? 'Is a directory' : 'No such file or directory'
      const quoted = process.container.userland === 'busybox' ? `can't open '${name}': ${says}` : `${name}: ${says}`
      process.err(`cat: ${quoted}\n`)
      code = 1
    }
  }
  return code
}

const env: Command = async (process) => {
  process.out(
    Object.entries(process.env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  return 0
}

const printenv: Command = async (process) => {
  const names = process.argv.slice(1)
  if (names.length === 0) return env(process)
  const missing = names.filter((name) => process.env[name] === undefined)
  process.out(
    names
      .filter((name) => !missing.includes(name))
      .map((name) => `${process.env[name]}\n`)
      .join(''),
  )
  return missing.length > 0 ? 1 : 0
}

const hostname: Command = async (process) => {
  const flag = process.argv[1]
  if (flag === undefined || flag === '-s') process.out(`${process.container.hostname}\n`)
  else if (flag === '-i' || flag === '-I') process.out(`${process.container.pod.status?.podIP ?? ''}\n`)
  else if (flag === '-f') process.out(`${process.container.hostname}\n`)
  else {
    process.err('hostname: sethostname: Operation not permitted\n')
    return 1
  }
  return 0
}

const echo: Command = async (process) => {
  const words = process.argv.slice(1)
  const bare = words[0] === '-n'
  process.out(`${words.slice(bare ? 1 : 0).join(' ')}${bare ? '' : '\n'}`)
  return 0
}

const names: Record<number, string> = { 0: 'root', 100: 'curl_user', 101: 'nginx', 1000: 'node', 1337: 'istio-proxy' }

const groupNames: Record<number, string> = { ...names, 100: 'curl_group' }

const whoami: Command = async (process) => {
  const { user, userland } = process.container
  const name = names[user]
  if (name) process.out(`${name}\n`)
  else
    process.err(
      userland === 'busybox' ? `whoami: unknown uid ${user}\n` : `whoami: cannot find name for user ID ${user}\n`,
    )
  return name ? 0 : 1
}

const id: Command = async (process) => {
  const { user, group, groups } = process.container
  const named = (number: number, list: Record<number, string>): string =>
    `${number}${list[number] ? `(${list[number]})` : ''}`
  const all = [group, ...groups].map((each) => named(each, groupNames))
  const flags = process.argv.slice(1).join('')
  const byName = flags.includes('n')
  if (flags.includes('u')) process.out(`${byName ? (names[user] ?? user) : user}\n`)
  else if (flags.includes('g')) process.out(`${byName ? (groupNames[group] ?? group) : group}\n`)
  else if (flags.includes('G')) process.out(`${[group, ...groups].join(' ')}\n`)
  else process.out(`uid=${named(user, names)} gid=${named(group, groupNames)} groups=${all.join(',')}\n`)
  return 0
}

/** Shows main processes and itself, in busybox's or procps' form: there is no process table behind it. */
const ps: Command = async (process) => {
  const { container, argv } = process
  const others = container.neighbours().map(({ main, user }) => ({ command: main.join(' '), user }))
  const own = [container.main, argv].map((words) => ({ command: words.join(' '), user: container.user }))
  // In a target's namespace its main process is 1; a debugger's own come later.
  const rows = [...others, ...own].map((row, index) => ({ ...row, pid: index === 0 ? 1 : index * 6 + 1 }))
  const owner = (user: number): string => (names[user] ?? String(user)).slice(0, 8).padEnd(8)
  if (container.userland === 'busybox') {
    process.out('PID   USER     TIME  COMMAND\n')
    for (const { pid, user, command } of rows)
      process.out(`${String(pid).padStart(5)} ${owner(user)}  0:00 ${command}\n`)
    return 0
  }
  const isFull = argv.slice(1).some((word) => /a|f|e/.test(word))
  process.out(isFull ? 'USER         PID COMMAND\n' : '    PID TTY          TIME CMD\n')
  for (const { pid, user, command } of rows) {
    const name = command.split(' ')[0]?.split('/').at(-1) ?? ''
    process.out(
      isFull
        ? `${owner(user)} ${String(pid).padStart(7)} ${command}\n`
        : `${String(pid).padStart(7)} ?        00:00:00 ${name}\n`,
    )
  }
  return 0
}

/** ICMP does not go through a service mesh, and this network has none. */
const ping: Command = async (process) => {
  process.err('ping: permission denied (are you root?)\n')
  process.err(
    'meshdojo: this simulated network has no ICMP, and no mesh secures it; ask a port with curl or nc instead\n',
  )
  return 1
}

const tail: Command = async (process) => {
  const follows = process.argv.includes('-f') || process.argv.includes('-F')
  const content = await readAll(process.stdin)
  process.out(content)
  if (follows) await sleepUntil(process, Infinity)
  return follows ? 143 : 0
}

export const basics: Readonly<Record<string, Command>> = {
  cat,
  echo,
  env,
  false: async () => 1,
  hostname,
  id,
  ping,
  printenv,
  ps,
  sleep,
  true: async () => 0,
  whoami,
}

/** `tail -f /dev/null`, the idiom that keeps a container running, without loading a shell. */
export const tailForever = (argv: readonly string[]): Command | undefined =>
  argv[0] === 'tail' && argv.includes('-f') && argv.at(-1) === '/dev/null' ? tail : undefined
