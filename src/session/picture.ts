/** The machine as a Mermaid state diagram: what `docs/session.mmd` holds, so that the picture cannot go stale. */
import type { AnyStateMachine, AnyStateNode } from 'xstate'

const idOf = (node: AnyStateNode): string => node.path.join('_') || node.machine.id

/** `xstate.done.actor.0.session.lab` → `open done`: an invoked effect's end, by the effect's name. */
const labelOf = (node: AnyStateNode, eventType: string): string => {
  const [, kind, ...rest] = eventType.split('.').slice(0)
  if (!eventType.startsWith('xstate.')) return eventType || 'at once'
  const invoked = node.invoke.find(({ id }) => eventType.endsWith(id))
  const source = typeof invoked?.src === 'string' ? invoked.src : rest.join('.')
  return `${source} ${kind === 'done' ? 'done' : 'failed'}`
}

const guardOf = (guard: unknown): string => {
  if (guard === undefined) return ''
  if (typeof guard === 'string') return ` [${guard}]`
  const { type, params } = guard as { type: string; params?: Record<string, unknown> }
  const values = typeof params === 'object' ? Object.values(params).join(' ') : ''
  return ` [${[type, values].filter(Boolean).join(' ')}]`
}

const arrowsOf = (node: AnyStateNode): string[] =>
  [...node.transitions.values()].flat().flatMap((transition) => {
    const label = `${labelOf(node, transition.eventType)}${guardOf(transition.guard)}`
    return (transition.target ?? []).map((target) => `  ${idOf(node)} --> ${idOf(target)}: ${label}`)
  })

const alwaysOf = (node: AnyStateNode): string[] =>
  (node.always ?? []).flatMap((transition) =>
    (transition.target ?? []).map(
      (target) => `  ${idOf(node)} --> ${idOf(target)}: at once${guardOf(transition.guard)}`,
    ),
  )

const drawNode = (node: AnyStateNode, indent: string): string[] => {
  const children = Object.values(node.states)
  const name = `${indent}state "${node.key}" as ${idOf(node)}`
  const lines = children.length
    ? [
        `${name} {`,
        `${indent}  [*] --> ${idOf(node.states[node.config.initial as string]!)}`,
        ...children.flatMap((child) => drawNode(child, `${indent}  `)),
        `${indent}}`,
      ]
    : [name, `${indent}${idOf(node)}: ${node.config.description ?? ''}`]
  return lines
}

const all = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(all)]

/** Every state with its sentence, every transition with its event and guard. */
export const drawMachine = (machine: AnyStateMachine): string => {
  const { root } = machine
  const nodes = Object.values(root.states).flatMap(all)
  return [
    'stateDiagram-v2',
    `  [*] --> ${idOf(root.states[root.config.initial as string]!)}`,
    ...Object.values(root.states).flatMap((node) => drawNode(node, '  ')),
    ...new Set(nodes.flatMap((node) => [...arrowsOf(node), ...alwaysOf(node)])),
    ...nodes.filter(({ type }) => type === 'final').map((node) => `  ${idOf(node)} --> [*]`),
    '',
  ].join('\n')
}
