/**
 * Whether a command line or a script may read standard input. just-bash takes all of it before it starts, and a client
 * that keeps its end open (`kubectl exec -i` in a script, a terminal) never sends an end of file: whoever does not read
 * must not wait for one.
 */
import { type CommandNode, parse, type SimpleCommandNode, type WordNode } from 'just-bash'

/** Those that always read; what is in none of these tables never does (containers know a closed set of commands). */
const always: ReadonlySet<string> = new Set(
  '. ash bash dash eval exec mapfile read readarray sh source tee tr xargs'.split(' '),
)

/** Options that take the next word, for commands that read the files they name and standard input without any. */
const filters: Readonly<Record<string, string>> = {
  base64: 'w',
  cat: '',
  column: 'sc',
  cut: 'bcdf',
  expand: 't',
  fold: 'w',
  gunzip: '',
  gzip: '',
  head: 'cn',
  md5sum: '',
  nl: 'bvw',
  od: 'AjNt',
  paste: 'd',
  rev: '',
  sha1sum: '',
  sha256sum: '',
  sort: 'kot',
  split: 'abln',
  strings: 'n',
  tac: '',
  tail: 'cn',
  uniq: 'fsw',
  wc: '',
  zcat: '',
}

/** The same, for those whose first operand is a pattern or a program, unless an option in capitals gives it. */
const searchers: Readonly<Record<string, [values: string, programs: string]>> = {
  awk: ['Fv', 'f'],
  egrep: ['ABCm', 'ef'],
  fgrep: ['ABCm', 'ef'],
  grep: ['ABCm', 'ef'],
  jq: ['', 'f'],
  sed: ['', 'ef'],
  yq: ['', ''],
}

const operandsOf = (args: readonly string[], values: string): string[] => {
  const operands: string[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!
    if (word === '--') return [...operands, ...args.slice(at + 1)]
    if (!word.startsWith('-') || word === '-') operands.push(word)
    else if (word.length === 2 && values.includes(word[1]!)) at++
  }
  return operands
}

const readsWithout = (files: readonly string[]): boolean => files.length === 0 || files.includes('-')

/** What `env` or `timeout` runs, with the options that are its own. */
const wrapped = (args: readonly string[], isTimeout: boolean): readonly string[] => {
  let at = 0
  while (args[at]?.startsWith('-')) at += /^-[usk]$/.test(args[at]!) ? 2 : 1
  if (isTimeout) return args.slice(at + 1)
  while (args[at]?.includes('=')) at++
  return args.slice(at)
}

/** Whether this command line may read standard input; `argv[0]` without its folder. */
export const mayRead = (argv: readonly string[]): boolean => {
  const [name = '', ...args] = argv
  if (args.some((word) => word.endsWith('/dev/stdin'))) return true
  if (name === 'curl')
    return args.some(
      (word, at) => /[@<]-$/.test(word) || (word === '-' && /^-[TK]$|^--(upload|config)/.test(args[at - 1] ?? '')),
    )
  if (Object.hasOwn(filters, name)) return readsWithout(operandsOf(args, filters[name]!))
  if (Object.hasOwn(searchers, name)) {
    const [values, programs] = searchers[name]!
    const isGiven = args.some((word) => word[0] === '-' && word.length === 2 && programs.includes(word[1] ?? ''))
    const isRecursive = name.endsWith('grep') && args.some((word) => /^-[a-zA-Z]*[rR]/.test(word))
    return !isRecursive && readsWithout(operandsOf(args, values + programs).slice(isGiven ? 0 : 1))
  }
  if (name === 'tar') {
    const flags = args[0]?.startsWith('--') ? '' : (args[0] ?? '')
    const isCreating = flags.includes('c') || args.includes('--create')
    return !isCreating && (args.includes('-') || !/f|--file/.test(args.join(' ')))
  }
  if (name === 'env' || name === 'timeout') {
    const inner = wrapped(args, name === 'timeout')
    return inner.length > 0 && mayRead([inner[0]!.slice(inner[0]!.lastIndexOf('/') + 1), ...inner.slice(1)])
  }
  if (/^(ba|a|da)?sh$/.test(name) && args[0] === '-c') return scriptMayRead(args[1] ?? '')
  if (name === 'nc') return !args.some((word) => /^-[a-z]*z/.test(word))
  if (name === 'busybox' || name === 'command' || name === 'time') return args.length > 0 && mayRead(args)
  if (name === 'comm' || name === 'diff' || name === 'join') return args.includes('-')
  return always.has(name)
}

const isWord = (part: { type: string }): part is { type: string; value: string } =>
  part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'Escaped'

/** The word as written, undefined when it depends on something. */
const literal = (word: WordNode): string | undefined => {
  let text = ''
  for (const part of word.parts) {
    const inner = part.type === 'DoubleQuoted' ? part.parts : [part]
    for (const each of inner) {
      if (!isWord(each)) return undefined
      text += each.value
    }
  }
  return text
}

const simpleMayRead = ({ name, args }: SimpleCommandNode): boolean => {
  if (!name) return false
  const command = literal(name)
  if (command === undefined) return false
  // A word that is not known yet counts as an operand, except where a script is expected.
  const words = args.map((word) => literal(word) ?? (/sh$/.test(command) ? '$(cat)' : '$'))
  return mayRead([command.slice(command.lastIndexOf('/') + 1), ...words])
}

const isNode = (value: unknown): value is { type?: string } => typeof value === 'object' && value !== null

/** Any command in the tree whose standard input is the script's own: not one behind `|`, nor one with `<`. */
const anyReads = (node: unknown): boolean => {
  if (Array.isArray(node)) return node.some(anyReads)
  if (!isNode(node)) return false
  if (node.type === 'Pipeline') return anyReads((node as unknown as { commands: CommandNode[] }).commands[0])
  const { redirections = [] } = node as { redirections?: { operator: string; fd: number | null }[] }
  if (redirections.some(({ operator, fd }) => operator.startsWith('<') && (fd ?? 0) === 0)) return false
  if (node.type === 'SimpleCommand' && simpleMayRead(node as SimpleCommandNode)) return true
  return Object.values(node).some(anyReads)
}

/** Whether any command of the script may read the script's standard input. */
export const scriptMayRead = (script: string): boolean => {
  try {
    return anyReads(parse(script).statements)
  } catch {
    // Running it reports the syntax error.
    return false
  }
}
