/** A key as a record: what it is called, when it is there, what it does. */
import type { LabView, UserEvent, View } from '../../session/types.ts'
import type { ScreenModel } from '../model.ts'
import type { Action, UiState } from '../reducer.ts'
import type { ThemeOptions } from '../theme.ts'

/** Markdown that the caller can make. */
export type DocumentName = 'report' | 'doctor'
export type Documents = Partial<Record<DocumentName, () => Promise<string>>>

/** What a key can set in motion. */
export interface Act {
  dispatch(action: Action): void
  send(event: UserEvent): void
  edit(): void
  shell(): void
  /** Opens the notes of the exam. */
  notes(): void
  /** There is a terminal multiplexer to open panes beside this one. */
  canSplit: boolean
  split(): void
  /** Suspends the program, as Ctrl-Z does elsewhere. */
  stop(): void
  redraw(): void
  /** Turns an option of how everything is drawn on or off, until the program ends. */
  look(what: keyof ThemeOptions): void
  /** What can be read without a lab: opens as a page. */
  documents: readonly DocumentName[]
  read(name: DocumentName): void
  copy(text: string): void
  quit(how?: 'interrupted' | 'exam'): void
}

export interface KeyContext {
  view: View
  ui: UiState
  screen: ScreenModel
  act: Act
}

export interface Binding {
  keys: string[]
  /** As it is shown: `j k`. */
  label: string
  /** One or two words for the footer. */
  short: string | ((context: KeyContext) => string)
  /** For help and palette. */
  says: string
  group: string
  /** Place in the footer, highest first; not there at 0 or without one. */
  priority?: number | ((context: KeyContext) => number)
  /** On this screen at all; help lists it then. */
  on: (context: KeyContext) => boolean
  /** Does something right now. */
  when?: (context: KeyContext) => boolean
  run: (context: KeyContext) => void
}

export const anywhere = () => true
export const inLab = ({ view }: KeyContext) => view.screen === 'lab'
export const inPicker = ({ view }: KeyContext) => view.screen === 'picker'
export const onPage =
  (...kinds: string[]) =>
  ({ ui }: KeyContext) =>
    ui.page !== undefined && kinds.includes(ui.page.kind)
export const noPage = ({ ui }: KeyContext) => ui.page === undefined
export const labOf = ({ view }: KeyContext): LabView | undefined => (view.screen === 'lab' ? view : undefined)
