/**
 * Everything that can be said about content without a cluster, as problems with a place: the schema first, then what
 * the fields mean to each other. Empty: clean.
 */
import { existsSync, readdirSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { partsOf } from './change.ts'
import { contentBelow, labFolders, packageRoots } from './folders.ts'
import { type LabWorld, readLabWorld } from './lab-world.ts'
import { lintChecks } from './lint-checks.ts'
import { lintChange, lintManifestText } from './lint-manifests.ts'
import { lintTeaching } from './lint-teaching.ts'
import { unknownLab } from './load.ts'
import { didYouMean } from './nearest.ts'
import { byPlace, type Problem } from './problem.ts'
import { type Loaded, readLab, readScenario } from './read.ts'
import type { Lab, Scenario } from './schema.ts'

/** The path as a person in this folder would type it. */
const shown = (path: string): string => {
  const short = relative('.', path)
  return short === '' || short.startsWith(`..${sep}..`) ? path : short
}

const unlistedFiles = (loaded: Loaded<unknown>, main: string): Problem[] => {
  const listed = new Set([main, 'README.md', ...loaded.included])
  return readdirSync(loaded.folder)
    .filter((name) => !name.startsWith('.') && !listed.has(name))
    .map((name) => ({
      file: shown(join(loaded.folder, name)),
      line: 1,
      column: 1,
      message: `nothing in ${main} names this file: name it or delete it`,
    }))
}

type At = (path: (string | number)[], message: string) => Problem

const duplicates = (ids: { id: string; path: (string | number)[] }[], what: string, at: At): Problem[] => {
  const seen = new Set<string>()
  return ids.flatMap(({ id, path }) => {
    if (!seen.has(id)) {
      seen.add(id)
      return []
    }
    return [at(path, `${what} id "${id}" is there already`)]
  })
}

const lintScenario = async (loaded: Loaded<Scenario>, world: LabWorld | undefined): Promise<Problem[]> => {
  const { value: scenario, document, file } = loaded
  if (scenario === undefined || document === undefined) return []
  const at: At = (path, message) => ({ file, ...document.at(path), message })
  const steps = scenario.spec.steps
  const problems = duplicates(
    steps.map(({ id }, index) => ({ id, path: ['spec', 'steps', index, 'id'] })),
    'step',
    at,
  )
  const { setup, matrix } = scenario.spec
  if (setup !== undefined) problems.push(...lintChange(setup, ['spec', 'setup'], document, file))
  if (matrix !== undefined && world !== undefined) problems.push(...lintMatrix(matrix, world, at))
  for (const [index, step] of steps.entries()) {
    const path = ['spec', 'steps', index]
    const ids = step.checks.map(({ id }) => id)
    problems.push(
      ...duplicates(
        ids.map((id, i) => ({ id, path: [...path, 'checks', i, 'id'] })),
        'check',
        at,
      ),
    )
    problems.push(
      ...duplicates(
        (step.alternatives ?? []).map(({ id }, i) => ({ id, path: [...path, 'alternatives', i, 'id'] })),
        'alternative',
        at,
      ),
    )
    problems.push(
      ...duplicates(
        step.mistakes.map(({ id }, i) => ({ id, path: [...path, 'mistakes', i, 'id'] })),
        'mistake',
        at,
      ),
    )
    problems.push(...lintTeaching(step, path, document, file))
    problems.push(...(await lintChecks(step, path, document, file, world)))
    problems.push(...lintChange(step.solution, [...path, 'solution'], document, file))
    for (const [i, { apply }] of (step.alternatives ?? []).entries())
      problems.push(...lintChange(apply, [...path, 'alternatives', i, 'apply'], document, file))
    for (const [i, mistake] of step.mistakes.entries()) {
      const here = [...path, 'mistakes', i]
      if (!ids.includes(mistake.fails))
        problems.push(
          at([...here, 'fails'], `there is no check "${mistake.fails}" in this step${didYouMean(mistake.fails, ids)}`),
        )
      problems.push(...lintChange(mistake.apply, [...here, 'apply'], document, file))
    }
  }
  return problems
}

/** What a scenario adds to its lab: the setup, and what solutions make. */
const broughtBy = ({ spec }: Scenario): string[] => [
  ...(spec.setup === undefined ? [] : [spec.setup]),
  ...spec.steps.flatMap(({ solution }) => partsOf(solution).apply ?? []),
]

const lintMatrix = ({ sources, targets }: Lab['spec']['matrix'], world: LabWorld, at: At): Problem[] => [
  ...sources.flatMap((source, index) =>
    world.workloads.has(source) ? [] : [at(['spec', 'matrix', 'sources', index], world.unknownWorkload(source))],
  ),
  ...targets.flatMap(({ url }, index) => {
    const wrong = world.problemOfUrl(url)
    return wrong === undefined ? [] : [at(['spec', 'matrix', 'targets', index, 'url'], wrong)]
  }),
]

const lintLab = (loaded: Loaded<Lab>, world: LabWorld): Problem[] => {
  const { value: lab, document, file, folder } = loaded
  if (lab === undefined || document === undefined) return []
  const problems: Problem[] = []
  const at: At = (path, message) => ({ file, ...document.at(path), message })
  if (lab.metadata.name !== basename(folder))
    problems.push(at(['metadata', 'name'], `a lab is named like its folder, "${basename(folder)}"`))
  for (const [index, name] of lab.spec.manifests.entries()) {
    const manifest = join(folder, name)
    if (existsSync(manifest)) problems.push(...lintManifestText(manifest, shown(manifest)))
    else problems.push(at(['spec', 'manifests', index], `there is no file ${name} beside lab.yaml`))
  }
  problems.push(...lintMatrix(lab.spec.matrix, world, at))
  return problems
}

/**
 * Lints scenarios and labs below the paths: files, their folders, or any folder above them. A path without content is a
 * problem of its own. Without paths: the content of the package.
 */
export const lintPaths = async (paths: readonly string[]): Promise<Problem[]> => {
  const roots = packageRoots()
  const problems: Problem[] = []
  const scenarioFolders = new Set<string>()
  const labs = new Map<string, Loaded<Lab>>()
  const lab = (folder: string): void => {
    labs.set(folder, readLab(folder, shown(join(folder, 'lab.yaml'))))
  }
  for (const path of paths.length > 0 ? paths : [roots.labs, roots.scenarios]) {
    const found = contentBelow(path)
    for (const folder of found.labs) lab(folder)
    for (const folder of found.scenarios) scenarioFolders.add(folder)
    if (found.labs.length + found.scenarios.length === 0)
      problems.push({ file: path, line: 1, column: 1, message: 'there is no scenario.yaml or lab.yaml here' })
  }
  for (const loaded of labs.values()) {
    problems.push(...loaded.problems)
    if (loaded.value === undefined) continue
    problems.push(...lintLab(loaded, readLabWorld(loaded.value, loaded.folder)), ...unlistedFiles(loaded, 'lab.yaml'))
  }
  const names = new Map<string, string>()
  for (const folder of scenarioFolders) {
    const loaded = readScenario(folder, shown(join(folder, 'scenario.yaml')))
    problems.push(...loaded.problems)
    const { value, document } = loaded
    if (value === undefined || document === undefined) continue
    const { name } = value.metadata
    const other = names.get(name)
    if (other !== undefined)
      problems.push({
        file: loaded.file,
        ...document.at(['metadata', 'name']),
        message: `"${name}" is the name of ${other} already`,
      })
    names.set(name, loaded.file)
    const beside = labFolders(join(folder, '..', '..', '..', 'labs'))
    const known = [...labs.keys(), ...beside, ...labFolders(roots.labs)]
    const labFolder = known.find((each) => basename(each) === value.spec.lab)
    const labNames = [...new Set(known.map((each) => basename(each)))]
    if (labFolder === undefined)
      problems.push(unknownLab(loaded.file, value.spec.lab, labNames, document.at(['spec', 'lab'])))
    const labValue = labFolder === undefined ? undefined : (labs.get(labFolder) ?? readLab(labFolder)).value
    const world = labValue === undefined ? undefined : readLabWorld(labValue, labFolder!, broughtBy(value))
    if (labValue !== undefined && labValue.metadata.mesh !== value.metadata.mesh)
      problems.push({
        file: loaded.file,
        ...document.at(['metadata', 'mesh']),
        message: `the lab ${value.spec.lab} runs ${labValue.metadata.mesh}, not ${value.metadata.mesh}`,
      })
    problems.push(...(await lintScenario(loaded, world)), ...unlistedFiles(loaded, 'scenario.yaml'))
  }
  return problems.sort(byPlace)
}
