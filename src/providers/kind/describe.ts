/** A plan as text: every command that would be run, every file that would be written. */
import { type Command, formatCommand } from '../../shell/run.ts'
import type { Action, Asked, Plan, Step, Test } from './steps.ts'

const describePrints = (prints: Asked['prints']): string => {
  if (prints === undefined) return ''
  if (prints === 'something') return ' (prints something)'
  return ` (prints ${'line' in prints ? prints.line : prints.lines.join(' and ')})`
}

const describeTest = (test: Test): string =>
  'file' in test ? `${test.file} is there` : `${formatCommand(test.command)}${describePrints(test.prints)}`

const piped = (command: Command, into: Command | undefined): string =>
  `${formatCommand(command)}${into ? ` | ${formatCommand(into)}` : ''}`

const describeAction = (action: Action): string[] => {
  switch (action.do) {
    case 'run':
      return [piped(action.command, action.into)]
    case 'lab':
      return [
        `apply the objects of labs/${action.lab}, with the marker ConfigMap kube-public/meshdojo-lab, over the API`,
      ]
    case 'rename':
      return [`rename ${action.from} to ${action.to}`]
    case 'unpack':
      return [`unpack ${action.bundle} into ${action.folder}, each file checked by its SHA-256`]
  }
}

const describeStep = ({ says, actions, done, half }: Step, index: number): string[] => [
  `${index + 1}. ${says}`,
  ...done.map((test, at) => `   ${at === 0 ? 'skipped if' : '       and'}  ${describeTest(test)}`),
  ...(half ? [`   half-made   ${describeTest(half.test)}`, `     then      ${formatCommand(half.clean)}`] : []),
  ...actions.flatMap(describeAction).map((line) => `   ${line}`),
]

export const describeSteps = (steps: readonly Step[], from = 0): string =>
  steps.flatMap((step, index) => describeStep(step, from + index)).join('\n')

export const describePlan = ({ says, env, steps }: Plan): string =>
  [says, ...Object.entries(env).map(([name, value]) => `with ${name}=${value}`), '', describeSteps(steps)].join('\n')
