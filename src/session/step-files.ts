/**
 * The files that a learner edits: one folder a step, made from the step's starters and never overwritten afterwards.
 * A step without a starter gets an empty file, so that there is always something to open.
 */
import { existsSync, readFileSync, renameSync, statSync, watch, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import type { Scenario, ScenarioStep } from '../content/schema.ts'
import { makeFolder } from '../make-folder.ts'

export interface StepFile {
  path: string
  name: string
}

/** Tells one version of a file from another, without reading it; undefined when there is none. */
export const versionOf = (path: string): string | undefined => {
  const info = statSync(path, { throwIfNoEntry: false })
  return info && `${info.mtimeMs} ${info.size} ${info.ino}`
}

export interface StepFiles {
  /** Where the step's files are; the first is the one to open. */
  locate(scenario: Scenario, step: ScenarioStep): StepFile[]
  /** The same, made from their starters if they are not there. */
  prepare(scenario: Scenario, step: ScenarioStep): StepFile[]
  /** What the learner has made of the file to open; undefined while it is its starter, is gone, or is no manifest by its size. */
  edited(scenario: Scenario, step: ScenarioStep): string | undefined
  /** Puts the starters back; what the learner had is kept beside as `<name>.before-reset`. */
  reset(scenario: Scenario, step: ScenarioStep): StepFile[]
}

const emptyStarter = (step: ScenarioStep): { name: string; content: string } => ({
  name: `${step.id}.yaml`,
  content: `# ${step.title}\n# Manifests in this file are applied whenever it is saved; several are separated by ---\n`,
})

/** Bytes; a larger file is not held against a solution. */
const longestShown = 100_000

export const createStepFiles = (stateFolder: string): StepFiles => {
  const startersOf = (scenario: Scenario, step: ScenarioStep) => {
    const folder = join(stateFolder, 'work', scenario.metadata.name, step.id)
    const starters = step.files.length ? step.files : [emptyStarter(step)]
    return starters.map(({ name, content }) => {
      const path = resolve(folder, name)
      // A name from somebody else's content stays inside its folder.
      const safe = path.startsWith(folder + sep) ? path : join(folder, `${step.id}.yaml`)
      return { path: safe, name, content, folder }
    })
  }
  const write = (path: string, content: string): void => {
    makeFolder(join(path, '..'))
    writeFileSync(path, content)
  }
  return {
    locate: (scenario, step) => startersOf(scenario, step).map(({ path, name }) => ({ path, name })),
    prepare: (scenario, step) =>
      startersOf(scenario, step).map(({ path, name, content }) => {
        if (!existsSync(path)) write(path, content)
        return { path, name }
      }),
    edited: (scenario, step) => {
      const [first] = startersOf(scenario, step)
      const size = first && statSync(first.path, { throwIfNoEntry: false })?.size
      if (!first || size === undefined || size > longestShown) return undefined
      const text = readFileSync(first.path, 'utf8')
      return text === first.content ? undefined : text
    },
    reset: (scenario, step) =>
      startersOf(scenario, step).map(({ path, name, content }) => {
        if (existsSync(path) && readFileSync(path, 'utf8') !== content) renameSync(path, `${path}.before-reset`)
        write(path, content)
        return { path, name }
      }),
  }
}

/** How long a save may take: editors write in several steps. Milliseconds. */
const settle = 30

/**
 * Calls back after a file was saved, however the editor does it (in place, or by renaming a new one over it).
 * Returns the function that stops it.
 */
export const watchFiles = (files: readonly StepFile[], onSave: (file: StepFile) => void): (() => void) => {
  const timers = new Map<string, NodeJS.Timeout>()
  const folders = new Set(files.map(({ path }) => resolve(path, '..')))
  const watchers = [...folders].map((folder) => {
    const watcher = watch(folder, (_event, name) => {
      const file = files.find(({ path }) => path === join(folder, name ?? ''))
      if (!file) return
      clearTimeout(timers.get(file.path))
      timers.set(
        file.path,
        setTimeout(() => onSave(file), settle),
      )
    })
    // Without a watch (too many of them, say), the editor's end still applies the file.
    watcher.on('error', () => {})
    return watcher
  })
  return () => {
    for (const watcher of watchers) watcher.close()
    for (const timer of timers.values()) clearTimeout(timer)
  }
}

/**
 * Calls back once for each new version of a file, whether the watch saw it or `look` did. For one who has no faith in
 * watches, as after an editor's end.
 */
export const watchSaves = (
  files: readonly StepFile[],
  onSaved: (path: string) => void,
): { look(): void; stop(): void } => {
  const versions = new Map(files.map(({ path }) => [path, versionOf(path)]))
  const lookAt = ({ path }: StepFile): void => {
    const version = versionOf(path)
    if (version === undefined || version === versions.get(path)) return
    versions.set(path, version)
    onSaved(path)
  }
  return { look: () => files.forEach(lookAt), stop: watchFiles(files, lookAt) }
}
