/** A planned task as something that can be opened: its step alone, and what has to be done to the lab before. */
import type { CatalogueItem } from '../content/load.ts'
import type { Change, ScenarioStep } from '../content/schema.ts'
import type { PlannedTask } from './compose.ts'

export interface TaskItem {
  /** The scenario with the task's step as its only one. */
  item: CatalogueItem
  step: ScenarioStep
  /** The solutions of the steps before, in order: the task begins where they lead. */
  before: Change[]
}

/** `number`: counted from 1; it is the task's name, since a scenario's would be a hint. Undefined when the scenario or the step is not there any more. */
export const taskItem = (
  items: readonly CatalogueItem[],
  { scenario: name, step: id }: PlannedTask,
  number: number,
): TaskItem | undefined => {
  const item = items.find(({ scenario }) => scenario.metadata.name === name)
  const steps = item?.scenario.spec.steps ?? []
  const index = steps.findIndex((step) => step.id === id)
  const step = steps[index]
  if (!item || !step) return undefined
  const metadata = { ...item.scenario.metadata, name: `task-${number}` }
  const scenario = { ...item.scenario, metadata, spec: { ...item.scenario.spec, steps: [step] } }
  return { item: { ...item, scenario }, step, before: steps.slice(0, index).map(({ solution }) => solution) }
}
