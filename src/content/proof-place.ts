/** Where a proof that failed is written down: at its mistake or alternative, or else at its step. */
import { join, relative, sep } from 'node:path'
import type { Path } from './document.ts'
import type { CatalogueItem } from './load.ts'
import { type Loaded, readScenario } from './read.ts'
import type { Scenario, ScenarioStep } from './schema.ts'
import type { Proof } from './verify.ts'

/** A file as a person in `cwd` would type it, lines and columns from 1. */
export interface ProofPlace {
  file: string
  line: number
  column: number
}

const pathIn = (step: ScenarioStep, { mistake, alternative, claim }: Proof): Path => {
  const which = (field: 'mistakes' | 'alternatives', id: string): Path => [
    field,
    (step[field] ?? []).findIndex((each) => each.id === id),
  ]
  if (mistake !== undefined) return which('mistakes', mistake)
  if (alternative !== undefined) return which('alternatives', alternative)
  return claim === 'starts unsolved' ? ['checks'] : ['solution']
}

/** Adds its place to a proof that failed. Files are read when one does, each once. */
export const placing = (items: readonly CatalogueItem[], cwd: string): ((proof: Proof) => Proof) => {
  const read = new Map<string, Loaded<Scenario>>()
  return (proof) => {
    const item = proof.passed ? undefined : items.find(({ scenario }) => scenario.metadata.name === proof.scenario)
    if (item === undefined) return proof
    const loaded = read.get(item.folder) ?? readScenario(item.folder)
    read.set(item.folder, loaded)
    const index = item.scenario.spec.steps.findIndex(({ id }) => id === proof.step)
    const step = item.scenario.spec.steps[index]
    if (loaded.document === undefined || step === undefined) return proof
    const full = join(item.folder, 'scenario.yaml')
    const short = relative(cwd, full)
    const file = short.startsWith(`..${sep}`) ? full : short
    return { ...proof, at: { file, ...loaded.document.at(['spec', 'steps', index, ...pathIn(step, proof)]) } }
  }
}
