/**
 * An exam is one program's at a time: two that save it would write over each other. The claim is a file with the
 * holder's process id in the exam's folder; that of a process that is gone is void.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { isGone } from '../session/durable.ts'

/** What came of it: the function that gives the claim back, or who has it and where that is written. */
export type ExamClaim = { release: () => void } | { holder: number; file: string }

/** The file with its text at once, never empty; false when it is there already. */
const tryCreate = (path: string, text: string): boolean => {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

const holderOf = (file: string): number => {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return Number.NaN
  }
}

/** Claims the exam in `folder`, which is made when it is not there. Throws what the file system says. */
export const claimExam = (folder: string): ExamClaim => {
  makeFolder(folder)
  const file = join(folder, 'exam.pid')
  // In a container the next program may well have the number of the one that was killed: its own is no other's.
  const holder = holderOf(file)
  if (!(holder > 0) || holder === process.pid || isGone(holder)) rmSync(file, { force: true })
  if (!tryCreate(file, String(process.pid))) return { holder: holderOf(file), file }
  return {
    release: () => {
      if (holderOf(file) === process.pid) rmSync(file, { force: true })
    },
  }
}
