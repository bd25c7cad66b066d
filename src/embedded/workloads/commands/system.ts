/** Questions about the system and its processes: `which`, `uname`, `tty`, `kill`. */
import type { Command } from '../process/process.ts'

/** `find` knows every command; handed in, since it knows these too. */
export const whichWith =
  (find: (argv: readonly string[], own: Readonly<Record<string, Command>>) => Command | undefined): Command =>
  async (process) => {
    let code = 0
    for (const name of process.argv.slice(1).filter((word) => !word.startsWith('-'))) {
      if (find([name], process.container.commands)) process.out(`${name.includes('/') ? name : `/usr/bin/${name}`}\n`)
      else code = 1
    }
    return code
  }

const uname: Command = async (process) => {
  const { hostname, userland } = process.container
  const parts: Readonly<Record<string, string>> = {
    s: 'Linux',
    n: hostname,
    r: 'simulated',
    v: '#1 SMP',
    m: 'x86_64',
    o: userland === 'busybox' ? 'Linux' : 'GNU/Linux',
  }
  const asked = process.argv.slice(1).join('').replaceAll('-', '') || 's'
  const letters = asked.includes('a')
    ? Object.keys(parts)
    : Object.keys(parts).filter((letter) => asked.includes(letter))
  process.out(`${letters.map((letter) => parts[letter]).join(' ')}\n`)
  return 0
}

const tty: Command = async (process) => {
  process.out(process.tty ? '/dev/pts/0\n' : 'not a tty\n')
  return process.tty ? 0 : 1
}

const signals: Readonly<Record<string, string>> = { '1': 'HUP', '2': 'INT', '3': 'QUIT', '9': 'KILL', '15': 'TERM' }

/**
 * Process 1 is the only one there is. From inside its namespace it gets only the signals it handles: a server ends on
 * SIGTERM, `sleep` and shells take no notice, and nobody can SIGKILL it (pid_namespaces(7)).
 */
const kill: Command = async (process) => {
  const words = process.argv.slice(1)
  const flag = words[0]?.startsWith('-') ? words.shift()?.slice(1) : undefined
  const name = flag === 's' ? (words.shift() ?? '') : (flag ?? 'TERM')
  const signal = (signals[name] ?? name).replace(/^SIG/, '').toUpperCase()
  if (flag === 'l') {
    process.out(`${Object.values(signals).join(' ')}\n`)
    return 0
  }
  if (words.length === 0) {
    process.err('kill: you need to specify whom to kill\n')
    return 1
  }
  let code = 0
  for (const pid of words) {
    if (pid !== '1') {
      process.err(`kill: can't kill pid ${pid}: No such process\n`)
      code = 1
    } else if (signal === 'TERM' || signal === 'QUIT' || signal === 'INT') process.container.terminate()
  }
  return code
}

export const system: Readonly<Record<string, Command>> = { kill, tty, uname }
