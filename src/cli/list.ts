/** `list`: the scenarios, and how far the learner is. */
import type { CatalogueItem } from '../content/load.ts'
import { loadCatalogue } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { trackOf } from '../content/tracks.ts'
import { createProgressStore, newProgress } from '../session/progress.ts'
import { stateFolder } from '../session/state-folder.ts'
import type { ScenarioProgress } from '../session/types.ts'
import { contentRoots } from './content.ts'
import { exit, type Io, note, print, printJson } from './io.ts'
import { formatTable } from './table.ts'

const entryOf = ({ scenario, lab }: CatalogueItem, progress: ScenarioProgress) => {
  const { name, title, mesh, minutes, difficulty, cks } = scenario.metadata
  const steps = scenario.spec.steps.map((step) => ({
    id: step.id,
    title: step.title,
    passed: progress.passed.includes(step.id),
  }))
  return { name, title, mesh, lab: lab.metadata.name, minutes, difficulty, cks, steps, progress }
}

const progressWords = ({ progress, steps }: ReturnType<typeof entryOf>): string =>
  progress.state === 'done'
    ? 'done'
    : progress.state === 'started'
      ? `step ${Math.min(progress.step + 1, steps.length)} of ${steps.length}`
      : ''

export const list = async (io: Io, { json, content }: { json?: boolean; content?: string }): Promise<number> => {
  const { items, problems } = await loadCatalogue(contentRoots(io, content))
  const { progress, notices } = createProgressStore(stateFolder(io.env)).all()
  for (const line of [...problems.map(formatProblem), ...notices]) note(io, line)
  const entries = items.map((item) =>
    entryOf(item, progress.get(item.scenario.metadata.name)?.progress ?? newProgress()),
  )
  if (json) printJson(io, entries)
  else {
    const rows = entries.map((entry, index) => [
      entry.name,
      entry.title,
      entry.mesh,
      trackOf(items[index]!.scenario.metadata) ?? '',
      `${entry.minutes} min`,
      entry.difficulty,
      entry.cks.length ? 'CKS' : 'beyond CKS',
      progressWords(entry),
    ])
    print(io, formatTable([['SCENARIO', 'TITLE', 'MESH', 'TRACK', 'TIME', 'LEVEL', 'EXAM', 'PROGRESS'], ...rows]))
  }
  return exit.passed
}
