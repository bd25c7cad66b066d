/** What labs need of this machine, told cheaply enough to be looked at before every start. Starts nothing, changes nothing. */
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { stateFolder } from '../session/state-folder.ts'
import { chooseEditor } from '../shell/editor.ts'
import { findProgram } from '../shell/find.ts'
import { type Io, UsageError } from './io.ts'

export interface Finding {
  name: string
  /** `missing` matters only to what `for` names. */
  state: 'ok' | 'missing' | 'problem'
  says: string
  /** What to do; absent when there is nothing to do. */
  next?: string
  /** Who needs it: `embedded` is what everybody uses. */
  for: 'embedded' | 'kind' | 'context' | 'comfort'
}

export const node = (): Finding => {
  const { node: version } = process.versions
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > 22 || (major === 22 && minor >= 12)
  return {
    name: 'node',
    state: isEnough ? 'ok' : 'problem',
    says: version,
    next: isEnough ? undefined : 'install Node 22.12 or newer from nodejs.org',
    for: 'embedded',
  }
}

export const state = (io: Io): Finding => {
  const folder = stateFolder(io.env)
  const base = { name: 'progress', for: 'embedded' as const }
  try {
    // What is not there yet is not made: the nearest folder that is must allow it.
    let nearest = folder
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
    if (!statSync(nearest).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    accessSync(nearest, constants.W_OK)
    if (nearest === folder) {
      const probe = join(folder, `.doctor.${process.pid}`)
      makeFolder(folder)
      writeFileSync(probe, '')
      rmSync(probe)
    }
    return { ...base, state: 'ok', says: `kept in ${folder}` }
  } catch (error) {
    const says = `${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`
    return { ...base, state: 'problem', says, next: 'make it writable, or set MESHDOJO_HOME to another folder' }
  }
}

/** Throws `UsageError` where no lab could be kept, with what to do. */
export const requireNeeds = (io: Io): void => {
  const folder = stateFolder(io.env)
  // A start makes the folder anyway; some file systems let one look, and then refuse.
  try {
    makeFolder(folder)
  } catch {
    if (state(io).state === 'ok')
      throw new UsageError(`progress: ${folder} cannot be made; set MESHDOJO_HOME to another folder`)
  }
  const problems = [node(), state(io)].filter(({ state: is }) => is === 'problem')
  if (problems.length === 0) return
  throw new UsageError(problems.map(({ name, says, next }) => `${name}: ${says}; ${next}`).join('\n'))
}

/** What is missed in a lab although labs work without it: a sentence each, nothing when all is there. */
export const comfortsMissing = (io: Io): string[] => {
  const exists = (program: string): boolean => findProgram(program, io.env) !== undefined
  const missing = [
    exists('kubectl') ? '' : 'there is no kubectl on the PATH',
    chooseEditor(io.env, exists) ? '' : 'there is no editor: set EDITOR',
  ].filter(Boolean)
  return missing.length ? [`${missing.join(', and ')}; "meshdojo doctor" says what to do`] : []
}
