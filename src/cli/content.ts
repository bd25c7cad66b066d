/** Which content a verb works with: the program's own, and a pack. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { type ContentRoots, isFolder, packageRoots } from '../content/folders.ts'
import type { CatalogueItem } from '../content/load.ts'
import { didYouMean } from '../content/nearest.ts'
import { type Io, UsageError } from './io.ts'

/** The folder of an npm package that is installed here or above. */
const packageFolder = (name: string, cwd: string): string | undefined => {
  try {
    return dirname(createRequire(join(cwd, 'package.json')).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

/** A folder or the name of an npm package, as `--content` gives it. Throws `UsageError` when there is no content. */
export const contentRoots = (io: Io, pack: string | undefined): ContentRoots => {
  const own = packageRoots()
  if (pack === undefined) return own
  const folder = resolve(io.cwd, pack)
  const found = isFolder(folder) ? folder : packageFolder(pack, io.cwd)
  if (found === undefined) throw new UsageError(`--content ${pack}: there is no such folder, nor an installed package`)
  const roots = { scenarios: join(found, 'scenarios'), labs: join(found, 'labs') }
  if (!existsSync(roots.scenarios) && !existsSync(roots.labs))
    throw new UsageError(`--content ${pack}: ${found} has neither scenarios/ nor labs/`)
  return { ...own, pack: roots }
}

/**
 * The scenario of that name, or of that folder, by its name or its path. Throws `UsageError`, with the nearest name, when
 * there is none among `items`.
 */
export const requireScenario = (
  { cwd }: Pick<Io, 'cwd'>,
  items: readonly CatalogueItem[],
  name: string,
): CatalogueItem => {
  const isPath = /[/\\]/.test(name)
  const item =
    items.find(({ scenario }) => scenario.metadata.name === name) ??
    items.find(({ folder }) => (isPath ? resolve(folder) === resolve(cwd, name) : basename(folder) === name))
  if (item) return item
  if (isPath)
    throw new UsageError(`no scenario is at "${name}"; --content names the pack of one that is not meshdojo's own`)
  const known = items.map(({ scenario }) => scenario.metadata.name)
  throw new UsageError(`there is no scenario "${name}"${didYouMean(name, known)}; scenarios are ${known.join(', ')}`)
}
