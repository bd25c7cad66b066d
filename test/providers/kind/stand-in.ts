/**
 * One small program in place of all that a plan starts: it knows every command of the plan, remembers in files how far
 * each step got, and fails or hangs at a step when it is told to.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plan, Step } from '../../../src/providers/steps.ts'
import type { Command } from '../../../src/shell/run.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const lineOf = ({ run }: Command): string => run.join(' ')

/** As kind, Helm and linkerd do: what is half-made is in the way of making it. */
const script = (root: string, cases: readonly string[]): string => `#!/bin/sh
state=${quoted(root)}
line="\${0##*/}\${*:+ $*}"
ask() { [ -f "$state/$1.done" ] || exit 1; echo "$2"; }
ask_half() { [ -f "$state/$1.half" ] || [ -f "$state/$1.done" ] || exit 1; echo "$2"; }
clean() { echo "clean $1" >> "$state/did"; /bin/rm -f "$state/$1.half" "$state/$1.done"; }
act() {
  if [ -n "$2" ] && [ -n "$3" ] && [ -f "$state/$1.half" ]; then echo 'it is there already' >&2; exit 1; fi
  echo "do $1" >> "$state/did"
  : > "$state/$1.half"
  if [ -f "$state/hang-$1" ]; then echo $$ > "$state/hung.part"; /bin/mv "$state/hung.part" "$state/hung"; exec /bin/sleep 600; fi
  if [ -f "$state/fail-$1" ]; then . "$state/fail-$1"; fi
  [ -z "$4" ] || : > "$state/$1.done"
}
case "$line" in
'kubectl apply --filename -') /bin/cat > /dev/null ;;
${cases.join('\n')}
*) echo "not expected: $line" >&2; echo "$line" >> "$state/unexpected"; exit 97 ;;
esac
`

const casesOf = (step: Step): string[] => {
  const printed = (prints: object | string | undefined): string =>
    typeof prints !== 'object'
      ? 'x'
      : 'line' in prints
        ? String(prints.line)
        : (prints as { lines: string[] }).lines.join('\n')
  const commands = step.actions.flatMap((action) => (action.do === 'run' ? [action.command] : []))
  const asks = step.done.flatMap((test) =>
    'command' in test ? [`${quoted(lineOf(test.command))}) ask ${step.id} ${quoted(printed(test.prints))} ;;`] : [],
  )
  const { half } = step
  return [
    ...commands.map((command, index) => {
      const flags = [half ? 'half' : '', index === 0 ? 'first' : '', index === commands.length - 1 ? 'last' : '']
      return `${quoted(lineOf(command))}) act ${step.id} ${flags.map(quoted).join(' ')} ;;`
    }),
    // Where both ask the same, a finished step has answered already.
    ...(half
      ? [
          `${quoted(lineOf(half.test.command))}) ask_half ${step.id} ${quoted(printed(half.test.prints))} ;;`,
          `${quoted(lineOf(half.clean))}) clean ${step.id} ;;`,
        ]
      : []),
    ...asks,
  ]
}

export interface StandIn {
  /** Nothing else is on the PATH. */
  env: NodeJS.ProcessEnv
  folder: string
  /** What was done and cleaned so far, in order. */
  did(): string[]
  unexpected(): string[]
  isDone(step: string): boolean
  /** The step begins, and then `body` of a shell script is run; or it hangs. */
  fault(step: string, body: 'hang' | (string & {})): void
  mend(step: string): void
  /** The process that hangs. */
  hung(): Promise<number>
}

export const standInFor = (plan: Plan): StandIn => {
  const root = mkdtempSync(join(tmpdir(), 'stand-in-'))
  const bin = join(root, 'bin')
  mkdirSync(bin)
  const commands = plan.steps.flatMap(({ actions, done, half }) => [
    ...actions.flatMap((action) =>
      action.do === 'run' ? [action.command, ...(action.into ? [action.into] : [])] : [],
    ),
    ...done.flatMap((test) => ('command' in test ? [test.command] : [])),
    ...(half ? [half.test.command, half.clean] : []),
  ])
  const text = script(root, plan.steps.flatMap(casesOf))
  for (const program of new Set(commands.map(({ run }) => run[0]))) {
    writeFileSync(join(bin, program), text)
    chmodSync(join(bin, program), 0o755)
  }
  const lines = (file: string): string[] =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trimEnd().split('\n') : []
  return {
    env: { PATH: bin },
    folder: root,
    did: () => lines('did'),
    unexpected: () => lines('unexpected'),
    isDone: (step) => existsSync(join(root, `${step}.done`)),
    fault: (step, body) => writeFileSync(join(root, body === 'hang' ? `hang-${step}` : `fail-${step}`), body),
    mend: (step) => {
      for (const file of [`hang-${step}`, `fail-${step}`, 'hung']) rmSync(join(root, file), { force: true })
    },
    hung: async () => {
      while (!existsSync(join(root, 'hung'))) await new Promise((next) => setImmediate(next))
      return Number(readFileSync(join(root, 'hung'), 'utf8'))
    },
  }
}
