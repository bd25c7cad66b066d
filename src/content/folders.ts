/** Where content lies: `labs/<name>/lab.yaml` and `scenarios/<mesh>/<NN-slug>/scenario.yaml`, in the package or elsewhere. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packagePath } from '../root.ts'

export interface ContentRoots {
  scenarios: string
  labs: string
  /** A pack beside them: more scenarios, which may use both its labs and these. */
  pack?: ContentRoots
}

/** The content that ships with the program. */
export const packageRoots = (): ContentRoots => ({ scenarios: packagePath('scenarios'), labs: packagePath('labs') })

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

const subfolders = (path: string): string[] =>
  isFolder(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => join(path, entry.name))
        .sort()
    : []

/** Folders of scenarios, by mesh and then by number. */
export const scenarioFolders = (root: string): string[] =>
  subfolders(root)
    .flatMap(subfolders)
    .filter((folder) => existsSync(join(folder, 'scenario.yaml')))

/** Folders of labs, by name. */
export const labFolders = (root: string): string[] =>
  subfolders(root).filter((folder) => existsSync(join(folder, 'lab.yaml')))

/** All folders of scenarios, the pack's last. */
export const allScenarioFolders = ({ scenarios, pack }: ContentRoots): string[] => [
  ...scenarioFolders(scenarios),
  ...(pack ? allScenarioFolders(pack) : []),
]

/** All folders of labs, the pack's first: what it brings along is what its scenarios mean. */
export const allLabFolders = ({ labs, pack }: ContentRoots): string[] => [
  ...(pack ? allLabFolders(pack) : []),
  ...labFolders(labs),
]

/**
 * The content that a path means: a `scenario.yaml` or `lab.yaml`, its folder, or any folder above such folders.
 * Empty when there is none below it.
 */
export const contentBelow = (path: string): { scenarios: string[]; labs: string[] } => {
  if (basename(path) === 'scenario.yaml') return { scenarios: [join(path, '..')], labs: [] }
  if (basename(path) === 'lab.yaml') return { scenarios: [], labs: [join(path, '..')] }
  const found: { scenarios: string[]; labs: string[] } = { scenarios: [], labs: [] }
  const walk = (folder: string, depth: number): void => {
    if (existsSync(join(folder, 'scenario.yaml'))) found.scenarios.push(folder)
    if (existsSync(join(folder, 'lab.yaml'))) found.labs.push(folder)
    if (depth < 4) for (const each of subfolders(folder)) if (basename(each) !== 'node_modules') walk(each, depth + 1)
  }
  if (isFolder(path)) walk(path, 0)
  return found
}
