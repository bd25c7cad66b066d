/** `verify`: proves content, on embedded clusters or on a real one, and reports it. */
import { availableParallelism } from 'node:os'
import { sep } from 'node:path'
import type { ContentRoots } from '../content/folders.ts'
import { type Catalogue, loadCatalogue, loadScenario } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { placing } from '../content/proof-place.ts'
import { type ReporterName, reporters } from '../content/reporters/index.ts'
import type { Proof } from '../content/verify.ts'
import { contentRoots } from './content.ts'
import { type ContextChoice, checkContextOptions, providerOf } from './context-options.ts'
import { exit, type Io, note, UsageError } from './io.ts'
import { proveAll } from './prove.ts'

export interface VerifyOptions extends ContextChoice {
  reporter: ReporterName
  mutants?: boolean
  content?: string
  /** Scenarios at the same time; absent: one for each core. */
  jobs?: string
  /** Only says what would be done. */
  dryRun?: boolean
}

const jobsOf = (given: string | undefined): number => {
  if (given === undefined) return availableParallelism()
  if (/^[1-9]\d?$/.test(given)) return Number(given)
  throw new UsageError(`--jobs ${given}: a whole number from 1 to 99 is expected`)
}

/** Those that are named, or all of the pack, or all of the program: whose content it is proves it. */
const itemsOf = async (names: readonly string[], roots: ContentRoots): Promise<Catalogue> => {
  if (names.length > 0)
    return { items: await Promise.all(names.map((name) => loadScenario(name, roots))), problems: [] }
  const { items, problems } = await loadCatalogue(roots)
  const { pack } = roots
  if (pack === undefined) return { items, problems }
  const own = items.filter(({ folder }) => folder.startsWith(pack.scenarios + sep))
  if (own.length + problems.length === 0) throw new UsageError(`there is no scenario below ${pack.scenarios}`)
  return { items: own, problems }
}

export const verify = async (io: Io, names: readonly string[], options: VerifyOptions): Promise<number> => {
  checkContextOptions(options)
  const { mutants } = options
  if (options.dryRun && options.reporter !== 'pretty' && options.reporter !== 'json')
    throw new UsageError(`--dry-run is told by the reporters pretty and json, not by ${options.reporter}`)
  const jobs = jobsOf(options.jobs)
  const roots = contentRoots(io, options.content)
  const { items, problems } = await itemsOf(names, roots)
  for (const problem of problems) note(io, formatProblem(problem))
  if (options.dryRun) {
    const dry = await import('./dry-run.ts')
    const provider = options.provider === 'embedded' ? dry.inThreads(jobs) : await providerOf(io, options)
    await dry.tellVerify(io, provider, items, { mutants, all: names.length === 0, json: options.reporter === 'json' })
    return exit.passed
  }
  const reporter = reporters[options.reporter]
  const began = performance.now()
  const placed = placing(items, io.cwd)
  const onProof = (proof: Proof): void => void io.stdout.write(reporter.onProof(placed(proof)))
  const proofs =
    options.provider === 'embedded'
      ? await proveAll(items, { mutants, jobs }, onProof)
      : await (await import('./verify-real.ts')).proveOnReal(
          io,
          items,
          { ...options, all: names.length === 0 },
          onProof,
        )
  if (proofs === undefined) {
    note(io, 'interrupted')
    return exit.interrupted
  }
  io.stdout.write(reporter.onEnd(proofs.map(placed), performance.now() - began))
  return problems.length === 0 && proofs.every(({ passed }) => passed) ? exit.passed : exit.notPassed
}
