/** What the commands of the plain mode share: what they answer with, questions, and the terminal lent to a program. */
import type { Session, Terminal, UserEvent } from '../../session/types.ts'
import type { LineReader } from './read-lines.ts'

export interface Answering {
  session: Session
  terminal: Terminal
  reader: LineReader
  print: (...lines: string[]) => void
  width: number
}

/** A command that a number may follow. */
export interface Numbered {
  /** What a number after the word does. */
  numbered?: string
}

/** The command that a line names, one character and perhaps a number. */
export const parsed = <Command extends Numbered & { word: string }>(
  commands: readonly Command[],
  input: string,
): { command?: Command; number?: number } => {
  const [, word, digits] = /^(\S)\s*(\d*)$/.exec(input) ?? []
  const command = commands.find((one) => one.word === word && (digits === '' || one.numbered))
  return { command, number: digits ? Number(digits) : undefined }
}

export const confirmed = async ({ print, reader }: Answering, question: string): Promise<boolean> => {
  print(`${question} y or n`)
  return /^y(es)?$/i.test((await reader.next()) ?? '')
}

/** Opens the editor, and tells the session when it is closed. */
export const editFile = async (
  { session, terminal, reader, print }: Answering,
  path: string,
  closed: UserEvent,
): Promise<void> => {
  const { says } = await reader.lend(() => terminal.edit(path))
  if (says) print(says)
  session.send(closed)
}

export const openShell = async (
  { terminal, reader, print }: Answering,
  kubeconfig: string,
  where: string,
): Promise<void> => {
  const { says } = await reader.lend(() => terminal.shell(kubeconfig, where))
  if (says) print(says)
}
