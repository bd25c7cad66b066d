/** A plan as text: every command that would be run, every file that would be written. */
import { type Command, formatCommand } from '../../shell/run.ts'
import type { Action, Plan, Step, Test } from './steps.ts'

const describeTest = ({ command, prints }: Test): string => {
  const what = prints === undefined ? '' : prints === 'something' ? ' (prints something)' : ` (prints ${prints.line})`
  return `${formatCommand(command)}${what}`
}

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
  }
}

const describeStep = ({ says, actions, done, half }: Step, index: number): string[] => [
  `${index + 1}. ${says}`,
  ...done.map((test, at) => `   ${at === 0 ? 'skipped if' : '       and'}  ${describeTest(test)}`),
  ...(half ? [`   half-made   ${describeTest(half.test)}`, `     then      ${formatCommand(half.clean)}`] : []),
  ...actions.flatMap(describeAction).map((line) => `   ${line}`),
]

export const describePlan = ({ says, env, steps }: Plan): string =>
  [
    says,
    ...Object.entries(env).map(([name, value]) => `with ${name}=${value}`),
    '',
    ...steps.flatMap(describeStep),
  ].join('\n')
