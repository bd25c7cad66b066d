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

const columns = ['SCENARIO', 'TITLE', 'MESH', 'TRACK', 'TIME', 'LEVEL', 'EXAM', 'PROGRESS'] as const

type Row = Record<(typeof columns)[number], string>

/** What gives way first on a narrow terminal. The name is what other verbs want; the mesh is in it. */
const expendable = ['MESH', 'TRACK', 'EXAM', 'TITLE', 'LEVEL'] as const

/** The table with as many columns as fit into `width`; all of them where nobody says how wide it is, as in a pipe. */
const fittingTable = (rows: readonly Row[], width = Number.POSITIVE_INFINITY): string => {
  const fits = (table: string): boolean => table.split('\n').every((row) => row.length <= width)
  const tables = [0, ...expendable.keys()].map((_, dropped) => {
    const gone: readonly string[] = expendable.slice(0, dropped)
    const kept = columns.filter((column) => !gone.includes(column))
    return formatTable([kept, ...rows.map((row) => kept.map((column) => row[column]))])
  })
  return tables.find(fits) ?? tables.at(-1)!
}

export const list = async (io: Io, { json, content }: { json?: boolean; content?: string }): Promise<number> => {
  const { items, problems } = await loadCatalogue(contentRoots(io, content))
  const { progress, notices } = createProgressStore(stateFolder(io.env)).all()
  for (const line of [...problems.map(formatProblem), ...notices]) note(io, line)
  const entries = items.map((item) =>
    entryOf(item, progress.get(item.scenario.metadata.name)?.progress ?? newProgress()),
  )
  if (json) printJson(io, entries)
  else {
    const rows = entries.map((entry, index) => ({
      SCENARIO: entry.name,
      TITLE: entry.title,
      MESH: entry.mesh,
      TRACK: trackOf(items[index]!.scenario.metadata) ?? '',
      TIME: `${entry.minutes} min`,
      LEVEL: entry.difficulty,
      EXAM: entry.cks.length ? 'CKS' : 'beyond CKS',
      PROGRESS: progressWords(entry),
    }))
    print(io, fittingTable(rows, io.stdout.isTTY ? io.stdout.columns : undefined))
  }
  return exit.passed
}
