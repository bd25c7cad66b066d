/** `--dry-run` of what opens labs: told from the values that the real run goes by. Nothing is started or written. */
import { claimsOf, type PlannedClaim } from '../content/claims.ts'
import { labToOpen } from '../content/lab-spec.ts'
import type { CatalogueItem } from '../content/load.ts'
import { claimOf } from '../content/reporters/reporter.ts'
import { describeHead, describePlan, describeSteps } from '../providers/describe.ts'
import { LabDoesNotFit } from '../providers/lab-plan.ts'
import type { Provider } from '../providers/provider.ts'
import { labStep, type Plan } from '../providers/steps.ts'
import { type Io, note, print, printJson } from './io.ts'

type Planner = Pick<Provider, 'plan'>

/** What is missing is said once, and the best is assumed. */
const planner = (io: Io, provider: Planner): ((item: CatalogueItem) => Promise<Plan>) => {
  const said = new Set<string>()
  const onMissing = (says: string): void => {
    if (!said.has(says)) note(io, `note: ${says}`)
    said.add(says)
  }
  return async (item) => provider.plan(await labToOpen(item), onMissing)
}

/** What `start` would do until the lesson is on the screen. Throws what opening the lab would be refused with. */
export const tellStart = async (io: Io, provider: Planner, item: CatalogueItem, keeps: string): Promise<void> => {
  const plan = await planner(io, provider)(item)
  print(io, `${describePlan(plan)}`)
  print(io, `then ${item.scenario.metadata.name} is on the screen, and progress is kept in ${keeps}`)
}

/** Embedded clusters of `verify`. */
export const inThreads = (jobs: number): Planner => ({
  plan: async (lab) => ({
    says: `an embedded cluster for each scenario, in up to ${jobs} threads of this program: no process is started, nothing is written`,
    env: {},
    steps: [labStep(lab, [])],
  }),
})

interface Planned {
  item: CatalogueItem
  plan: Plan
  steps: { id: string; claims: PlannedClaim[] }[]
}

const planVerify = async (
  io: Io,
  provider: Planner,
  items: readonly CatalogueItem[],
  { mutants, all }: { mutants?: boolean; all: boolean },
): Promise<Planned[]> => {
  const planned: Planned[] = []
  const planOf = planner(io, provider)
  for (const item of items) {
    try {
      const steps = item.scenario.spec.steps.map((step, index) => ({
        id: step.id,
        claims: claimsOf(step, index, { mutants }),
      }))
      planned.push({ item, plan: await planOf(item), steps })
    } catch (error) {
      if (!all || !(error instanceof LabDoesNotFit)) throw error
      note(io, `left out ${item.scenario.metadata.name}: ${error.message}`)
    }
  }
  return planned
}

/** Scenarios share a cluster: the steps that were told for an earlier one are not told again. Labs come last. */
const describeVerify = (planned: readonly Planned[]): string => {
  const told = new Set<string>()
  const lines = planned.flatMap(({ item, plan, steps }) => {
    const head = describeHead(plan)
    const isNew = !told.has(head)
    told.add(head)
    const parts = plan.steps.map((step, index) => describeSteps([step], index))
    const fresh = parts.filter((part) => !told.has(head + part))
    const known = parts.length - fresh.length
    for (const part of parts) told.add(head + part)
    return [
      ...(isNew ? [head, ''] : []),
      `${item.scenario.metadata.name}, of ${item.folder}`,
      ...(known ? [`   step${known > 1 ? 's 1 to' : ''} ${known} again`] : []),
      ...fresh,
      ...steps.map(({ id, claims }) => `   prove ${id}: ${claims.map(claimOf).join('; ')}`),
      '',
    ]
  })
  return lines.join('\n').trimEnd()
}

/** What `verify` would do. `all`: what fits no cluster of this provider is left out, and said. */
export const tellVerify = async (
  io: Io,
  provider: Planner,
  items: readonly CatalogueItem[],
  options: { mutants?: boolean; all: boolean; json: boolean },
): Promise<void> => {
  const planned = await planVerify(io, provider, items, options)
  if (options.json)
    printJson(
      io,
      planned.map(({ item, plan, steps }) => ({ scenario: item.scenario.metadata.name, plan, steps })),
    )
  else print(io, describeVerify(planned) || 'nothing would be proven')
}
