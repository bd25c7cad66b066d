/** Lint of a step's checks: workloads and URLs that exist, conditions and patterns that compile. */
import { compileCondition } from '../grading/cel.ts'
import { parseSelector } from '../grading/metric.ts'
import { compilePattern } from '../grading/pattern.ts'
import { parseTarget } from '../meshes/network.ts'
import type { PlacedDocument } from './document.ts'
import type { LabWorld } from './lab-world.ts'
import type { Problem } from './problem.ts'
import type { ScenarioStep } from './schema.ts'

type Path = (string | number)[]

/** The first line of a compiler's complaint. */
const complaint = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!

const failure = async (compile: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await compile()
    return undefined
  } catch (error) {
    return complaint(error)
  }
}

/** Problems of all checks of the step at `path`, and of the signs of its mistakes. */
export const lintChecks = async (
  step: ScenarioStep,
  path: Path,
  document: PlacedDocument,
  file: string,
  world: LabWorld | undefined,
): Promise<Problem[]> => {
  const problems: Problem[] = []
  const report = (where: Path, message: string | undefined): void => {
    if (message !== undefined) problems.push({ file, ...document.at(where), message })
  }
  const condition = async (where: Path, expression: string | undefined, variable: 'object' | 'value') => {
    if (expression === undefined) return
    const says = await failure(() => compileCondition(expression, variable))
    report(where, says && `the condition is not valid CEL: ${says}`)
  }
  const pattern = async (where: Path, text: string | undefined) => {
    if (text === undefined) return
    const says = await failure(() => compilePattern(text))
    report(where, says && `the pattern is not a valid regular expression: ${says}`)
  }
  const workload = (where: Path, name: string) => {
    if (world !== undefined && !world.workloads.has(name)) report(where, world.unknownWorkload(name))
  }

  for (const [index, { request, object, log, metric, event }] of step.checks.entries()) {
    const here = [...path, 'checks', index]
    if (request !== undefined) {
      workload([...here, 'request', 'from'], request.from)
      const wrong =
        parseTarget(request.to) === undefined ? `"${request.to}" is not a URL` : world?.problemOfUrl(request.to)
      report([...here, 'request', 'to'], wrong)
      const { expect } = request
      if (typeof expect !== 'string' && Object.values(expect).every((value) => value === undefined))
        report([...here, 'request', 'expect'], 'the check expects nothing, so it would always pass')
      const { times = 1 } = request
      const { counts, ...rest } = typeof expect === 'string' ? { outcome: expect } : expect
      if (times > 1 && counts === undefined)
        report([...here, 'request', 'times'], 'a request that is sent several times is judged by expect.counts')
      if (counts !== undefined && times === 1)
        report([...here, 'request', 'expect', 'counts'], 'counts need times: how often the request is sent')
      if (counts !== undefined && Object.values(rest).some((value) => value !== undefined))
        report([...here, 'request', 'expect'], 'with counts nothing else is looked at: say it in one of the counts')
      for (const [at, { atLeast = 0, atMost = times }] of (counts ?? []).entries())
        if (atLeast > times || atLeast > atMost || (atLeast === 0 && atMost >= times))
          report(
            [...here, 'request', 'expect', 'counts', at],
            `of ${times} answers, ${atLeast} to ${atMost} can never be or always are`,
          )
    }
    if (object !== undefined) await condition([...here, 'object', 'where'], object.where, 'object')
    if (log !== undefined) {
      workload([...here, 'log', 'from'], log.from)
      await pattern([...here, 'log', 'matches'], log.matches)
      if (log.absent && !log.fresh)
        report([...here, 'log', 'absent'], 'a line that was written once stays: absent needs fresh')
    }
    const kind = log?.fresh ? 'log' : metric?.fresh ? 'metric' : undefined
    if (kind !== undefined && !step.checks.some((each) => each.request !== undefined))
      report([...here, kind, 'fresh'], 'fresh looks at what the requests of the step wrote, and it sends none')
    if (event !== undefined) await pattern([...here, 'event', 'matches'], event.matches)
    if (metric !== undefined) {
      workload([...here, 'metric', 'from'], metric.from)
      await condition([...here, 'metric', 'where'], metric.where, 'value')
      if (parseSelector(metric.series) === undefined)
        report(
          [...here, 'metric', 'series'],
          `"${metric.series}" is not a series selector: name{label="value"} is expected`,
        )
    }
  }
  for (const [index, mistake] of step.mistakes.entries())
    for (const [i, sign] of (mistake.signs ?? []).entries())
      await condition([...path, 'mistakes', index, 'signs', i, 'where'], sign.where, 'object')
  return problems
}
