/** A plan as text: every command that would be run, every file that would be written. */
import type { KubeObject } from '../kube/api.ts'
import { labMarker } from '../kube/seed.ts'
import { type Command, formatCommand } from '../shell/run.ts'
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

/** `Deployment production/orders, production/frontend`: a line for each kind, in order. */
const byKind = (objects: readonly KubeObject[]): string[] => {
  const kinds = Map.groupBy(objects, ({ kind }) => kind)
  return [...kinds].map(([kind, all]) => {
    const names = all.map(({ metadata: { namespace, name } }) => (namespace ? `${namespace}/${name}` : name))
    return `${kind} ${names.join(', ')}`
  })
}

const describeLab = ({ lab, remove }: Extract<Action, { do: 'lab' }>): string[] => [
  ...(remove === undefined
    ? ['remove what earlier labs left over the API: their namespaces, and policies for the whole mesh']
    : byKind(remove).map((line) => `remove ${line}`)),
  ...byKind([labMarker(lab.name, lab.mesh), ...lab.objects]).map((line) => `apply ${line}`),
  'wait over the API until its workloads are ready',
]

const describeAction = (action: Action): string[] => {
  switch (action.do) {
    case 'run':
      return [piped(action.command, action.into)]
    case 'lab':
      return describeLab(action)
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

/** What the plan is for, what every command of it sees, and which files are kept. */
export const describeHead = ({ says, env, files = [] }: Plan): string =>
  [
    says,
    ...Object.entries(env).map(([name, value]) => `with ${name}=${value}`),
    ...files.map((file) => `writes ${file}`),
  ].join('\n')

export const describePlan = (plan: Plan): string => `${describeHead(plan)}\n\n${describeSteps(plan.steps)}`
