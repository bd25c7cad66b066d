/** Starts a command line in a container: a known command at once, anything else through the shell's own commands. */
import { basics, tailForever } from '../commands/basics.ts'
import { curl } from '../commands/curl/index.ts'
import { nc } from '../commands/nc.ts'
import { dig, nslookup } from '../commands/nslookup.ts'
import { pilotAgent } from '../commands/pilot-agent.ts'
import { system, whichWith } from '../commands/system.ts'
import { wget } from '../commands/wget.ts'
import { xargsWith } from '../commands/xargs.ts'
import type { Command } from './process.ts'

/** Commands that run without loading the shell. They replace the shell's own of the same name inside it, too. */
const plain: Readonly<Record<string, Command>> = {
  ...basics,
  ...system,
  curl,
  dig,
  nc,
  nslookup,
  wget,
  which: whichWith((argv, own) => findCommand(argv, own)),
  xargs: xargsWith((argv, own) => findCommand(argv, own)),
}

/** Those that reach the network or know the container: the shell has to use ours. */
export const shellCommands: Readonly<Record<string, Command>> = Object.fromEntries(
  [
    'curl',
    'dig',
    'hostname',
    'id',
    'kill',
    'nc',
    'nslookup',
    'ping',
    'ps',
    'sleep',
    'tty',
    'uname',
    'wget',
    'which',
    'whoami',
    'xargs',
  ].map((name) => [name, plain[name]!]),
)

const shells = new Set(['sh', 'bash', 'ash', 'dash'])

/** The shell's commands that `kubectl exec` may name directly. A test compares this with the shell's own list. */
export const toolNames: ReadonlySet<string> = new Set(
  `awk base64 basename cat chmod clear column comm cp cut date diff dirname du echo egrep env expand expr false fgrep
   file find fold grep gunzip gzip head hostname join jq ln ls md5sum mkdir mv nl od paste printenv printf pwd
   readlink rev rg rm rmdir sed seq sha1sum sha256sum sleep sort split stat strings tac tail tar tee test timeout
   touch tr tree true unexpand uniq wc which whoami xargs yq zcat [`.split(/\s+/),
)

const folders = ['/bin/', '/usr/bin/', '/usr/local/bin/', '/sbin/', '/usr/sbin/']

/** The command's bare name when it is on the PATH, undefined otherwise. */
const onPath = (name: string): string | undefined => {
  const folder = folders.find((each) => name.startsWith(each))
  const bare = folder ? name.slice(folder.length) : name
  return bare !== '' && !bare.includes('/') ? bare : undefined
}

/** Finds what a command line runs; undefined when there is no such executable. `own`: the image's commands. */
export const findCommand = (
  argv: readonly string[],
  own: Readonly<Record<string, Command>> = {},
): Command | undefined => {
  const name = onPath(argv[0] ?? '')
  if (name === undefined) return undefined
  if (Object.hasOwn(own, name)) return own[name]
  if (name === 'pilot-agent') return pilotAgent
  if (name === 'busybox' && argv.length > 1) return findApplet(argv.slice(1))
  const forever = tailForever([name, ...argv.slice(1)])
  if (forever) return forever
  if (Object.hasOwn(plain, name)) return plain[name]
  if (shells.has(name)) return async (process) => (await import('../shell/index.ts')).shell(process)
  if (toolNames.has(name)) return async (process) => (await import('../shell/index.ts')).tool(process, name)
  return undefined
}

const findApplet = (argv: readonly string[]): Command | undefined => {
  const command = findCommand(argv)
  return command && ((process) => command({ ...process, argv }))
}
