/**
 * `xargs` with what load loops use: `-I`, `-n`, `-P` (really side by side), `-0`, `-r`, `-t`. Exit codes are GNU's.
 * Not modelled: `-L`, `-s`, `-d` longer than a character, `-p`.
 */
import { type Command, type Process, readAll } from '../process/process.ts'

interface Options {
  replace?: string
  most: number
  parallel: number
  isNull: boolean
  delimiter?: string
  skipEmpty: boolean
  trace: boolean
  command: string[]
}

const parse = (words: readonly string[]): Options | string => {
  const options: Options = {
    most: Number.POSITIVE_INFINITY,
    parallel: 1,
    isNull: false,
    skipEmpty: false,
    trace: false,
    command: [],
  }
  const rest = [...words]
  while (rest[0]?.startsWith('-') && rest[0] !== '-') {
    const word = rest.shift() ?? ''
    if (word === '--') break
    const letter = word[1] ?? ''
    const value = (): string => word.slice(2) || (rest.shift() ?? '')
    if (letter === 'I') options.replace = value()
    else if (letter === 'i') options.replace = word.slice(2) || '{}'
    else if (letter === 'n') options.most = Number(value())
    else if (letter === 'P') options.parallel = Number(value()) || Number.POSITIVE_INFINITY
    else if (letter === 'd') options.delimiter = value().replace('\\n', '\n')
    else if (letter === '0') options.isNull = true
    else if (letter === 'r') options.skipEmpty = true
    else if (letter === 't') options.trace = true
    else return `xargs: invalid option -- '${letter}'\n`
  }
  options.command = rest.length > 0 ? rest : ['echo']
  return options
}

/** Words with quotes and backslashes taken away, as xargs reads its input. */
const wordsOf = (text: string): string[] =>
  [...text.matchAll(/(?:'[^'\n]*'|"[^"\n]*"|\\[\s\S]|[^\s'"\\])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"|\\([\s\S])/g, (_, single, double, escaped) => single ?? double ?? escaped),
  )

const itemsOf = (text: string, { replace, isNull, delimiter }: Options): string[] => {
  if (isNull || delimiter !== undefined) {
    const items = text.split(isNull ? '\0' : (delimiter ?? '\n'))
    return items.at(-1) === '' ? items.slice(0, -1) : items
  }
  if (replace === undefined) return wordsOf(text)
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

const linesOf = (options: Options, items: string[]): string[][] => {
  const { replace, most, command, skipEmpty } = options
  if (replace !== undefined) return items.map((item) => command.map((word) => word.replaceAll(replace, item)))
  if (items.length === 0) return skipEmpty ? [] : [command]
  const lines: string[][] = []
  const size = Number.isFinite(most) ? most : items.length
  for (let at = 0; at < items.length; at += size) lines.push([...command, ...items.slice(at, at + size)])
  return lines
}

/** `find` is how command lines become commands; handed in, since it knows this one too. */
export const xargsWith =
  (find: (argv: readonly string[], own: Readonly<Record<string, Command>>) => Command | undefined): Command =>
  async (process) => {
    const options = parse(process.argv.slice(1))
    if (typeof options === 'string') {
      process.err(options)
      return 1
    }
    const items = itemsOf(new TextDecoder().decode(await readAll(process.stdin)), options)
    const lines = linesOf(options, items)
    let code = 0
    const runOne = async (argv: string[]): Promise<void> => {
      const command = find(argv, process.container.commands)
      if (!command) {
        process.err(`xargs: ${argv[0]}: No such file or directory\n`)
        code = 127
        return
      }
      if (options.trace) process.err(`${argv.join(' ')}\n`)
      const child: Process = { ...process, argv, stdin: undefined }
      const ended = await command(child)
      if (ended !== 0 && code === 0) code = 123
    }
    const worker = async (): Promise<void> => {
      for (let argv = lines.shift(); argv && code !== 127 && !process.signal?.aborted; argv = lines.shift())
        await runOne(argv)
    }
    await Promise.all(Array.from({ length: Math.min(options.parallel, lines.length) }, worker))
    return code
  }
