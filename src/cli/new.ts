/** `new`: skeletons of content, written into `scenarios/` and `labs/` of the folder one is in. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { packageRoots } from '../content/folders.ts'
import { loadLab } from '../content/load.ts'
import { labSkeleton, scenarioSkeleton } from '../content/skeleton.ts'
import { packagePath } from '../root.ts'
import { exit, type Io, note, print, UsageError } from './io.ts'

/** Writes files that are not there yet, and says which. */
const write = (io: Io, folder: string, files: Record<string, string>): void => {
  if (existsSync(folder)) throw new UsageError(`${relative(io.cwd, folder)} is there already: take another name`)
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    print(io, relative(io.cwd, path))
  }
}

/** Where the schema is, seen from a new file: in this checkout or its node_modules; else where npm would put it. */
const schemaPath = (io: Io, folder: string, kind: 'scenario' | 'lab'): string => {
  const own = packagePath(`data/${kind}.schema.json`)
  const installed = resolve(io.cwd, `node_modules/meshdojo/data/${kind}.schema.json`)
  return relative(folder, own.startsWith(resolve(io.cwd) + sep) ? own : installed).replaceAll('\\', '/')
}

const here = (io: Io) => ({
  ...packageRoots(),
  pack: { scenarios: resolve(io.cwd, 'scenarios'), labs: resolve(io.cwd, 'labs') },
})

export const newScenario = async (io: Io, name: string, { lab: labName }: { lab: string }): Promise<number> => {
  const parts = /^(\d{2,})-([a-z0-9]([-a-z0-9]*[a-z0-9])?)$/.exec(name)
  if (parts === null)
    throw new UsageError(`"${name}" is no name for a scenario: NN-slug is expected, for example 30-our-own-gateway`)
  const { lab } = await loadLab(labName, here(io))
  const { mesh } = lab.metadata
  const folder = resolve(io.cwd, 'scenarios', mesh, name)
  const text = scenarioSkeleton(`${mesh}-${parts[2]}`, lab, schemaPath(io, folder, 'scenario'))
  if (text === undefined)
    throw new UsageError(
      `the lab ${labName} cannot carry the example: its matrix needs a source inside a namespace, a target beside it and a source elsewhere`,
    )
  write(io, folder, { 'scenario.yaml': text })
  note(
    io,
    `next: meshdojo verify ${relative(io.cwd, folder)} --mutants; the guide is ${relative(io.cwd, packagePath('docs/write-a-scenario.md'))}`,
  )
  return exit.passed
}

export const newLab = async (io: Io, name: string): Promise<number> => {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
    throw new UsageError(`"${name}" is no name for a lab: lower-case letters, digits and dashes are expected`)
  const folder = resolve(io.cwd, 'labs', name)
  write(io, folder, labSkeleton(name, schemaPath(io, folder, 'lab')))
  note(io, `next: meshdojo lint ${relative(io.cwd, folder)}; then meshdojo new scenario NN-slug --lab ${name}`)
  return exit.passed
}
