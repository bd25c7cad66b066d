/** `report`: what was learned, as a document: per scenario and per CKS competency, with the evidence of each step. */
import { loadCatalogue } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { courseDocument, courseReport } from '../report/course.ts'
import { toHtml, toMarkdown } from '../report/document.ts'
import { createProgressStore } from '../session/progress.ts'
import { stateFolder } from '../session/state-folder.ts'
import { contentRoots, requireScenario } from './content.ts'
import { exit, type Io, note, print, printJson } from './io.ts'

export interface ReportOptions {
  format: 'md' | 'json' | 'html'
  content?: string
}

/** All of it as Markdown, for the screen. */
export const reportDocument = async (io: Io, content?: string): Promise<string> => {
  const { items } = await loadCatalogue(contentRoots(io, content))
  const { progress } = createProgressStore(stateFolder(io.env)).all()
  const scenarios = items.map(({ scenario }) => scenario)
  return toMarkdown(courseDocument(courseReport(scenarios, progress, Date.now())))
}

/** Without `name`, of every scenario. Changes nothing. */
export const report = async (io: Io, name: string | undefined, { format, content }: ReportOptions): Promise<number> => {
  const { items, problems } = await loadCatalogue(contentRoots(io, content))
  const { progress, notices } = createProgressStore(stateFolder(io.env)).all()
  for (const line of [...problems.map(formatProblem), ...notices]) note(io, line)
  const wanted = name === undefined ? items : [requireScenario(io, items, name)]
  const scenarios = wanted.map(({ scenario }) => scenario)
  const made = courseReport(scenarios, progress, Date.now())
  if (format === 'json') printJson(io, made)
  else print(io, format === 'html' ? toHtml(courseDocument(made)) : toMarkdown(courseDocument(made)))
  return exit.passed
}
