/** The scenarios as a list, and one of them in words. */
import type { CatalogueEntry } from '../../session/types.ts'
import { blank, fill, type Line, line, span, wrap, wrapText } from '../text.ts'
import { markdown } from './markdown.ts'
import { plural, progressMark, spent } from './words.ts'

/** Does the entry hold every word that was typed, in its title, name, mesh, tags or competencies? */
export const matches = ({ scenario: { metadata } }: CatalogueEntry, filter: string): boolean => {
  const text = [metadata.title, metadata.name, metadata.mesh, metadata.difficulty, ...metadata.tags, ...metadata.cks]
    .join(' ')
    .toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** By mesh, in the order in which meshes first appear: the order of the list on the screen. */
export const listed = (catalogue: CatalogueEntry[], filter: string): CatalogueEntry[] => {
  const found = catalogue.filter((entry) => matches(entry, filter))
  const meshes = [...new Set(found.map((entry) => entry.scenario.metadata.mesh))]
  return meshes.flatMap((mesh) => found.filter((entry) => entry.scenario.metadata.mesh === mesh))
}

export interface CatalogueLines {
  lines: Line[]
  items: number[]
}

/** Level and minutes everywhere; steps and CKS where there is room for columns. */
const facts = ({ progress, scenario: { metadata, spec } }: CatalogueEntry, width: number): string => {
  const level = metadata.difficulty === 'medium' && width < ROOMY ? 'med' : metadata.difficulty
  if (width < ROOMY) return `${level.padEnd(4)} ${`${metadata.minutes}m`.padStart(4)}`
  const steps = progress.state === 'started' ? `${progress.passed.length}/${spec.steps.length}` : ''
  const cks = metadata.cks.length > 0 ? 'CKS' : 'beyond'
  return `${level.padEnd(6)} ${`${metadata.minutes} min`.padStart(6)}  ${cks.padEnd(6)} ${steps.padStart(4)}`
}

const ROOMY = 60

const row = (entry: CatalogueEntry, here: boolean, focused: boolean, width: number, ellipsis: string): Line => {
  const columns = facts(entry, width)
  const room = Math.max(8, width - 8 - columns.length)
  const title = line(span(entry.scenario.metadata.title, here && focused ? 'selected' : 'text'))
  return line(
    span(here ? '> ' : '  ', 'selected'),
    progressMark(entry.progress.state),
    ' ',
    ...fill(title, room, ellipsis),
    ` ${columns}`,
  )
}

export const catalogueLines = (
  entries: CatalogueEntry[],
  selected: number,
  { focused, width, ellipsis }: { focused: boolean; width: number; ellipsis: string },
): CatalogueLines => {
  const lines: Line[] = []
  const items: number[] = []
  entries.forEach((entry, index) => {
    const { mesh } = entry.scenario.metadata
    if (mesh !== entries[index - 1]?.scenario.metadata.mesh) {
      if (index > 0) lines.push(blank)
      lines.push(line(span(mesh.toUpperCase(), 'strong')))
    }
    items.push(lines.length)
    lines.push(row(entry, index === selected, focused, width, ellipsis))
  })
  return { lines, items }
}

const fact = (name: string, value: string, width: number): Line[] =>
  wrap(line(span(name.padEnd(9), 'muted'), value), width, 9)

/** `pod-to-pod-encryption` as people read it. */
const readable = (slug: string): string => slug.replaceAll('-', ' ')

const status = ({ progress, scenario }: CatalogueEntry): string => {
  const all = scenario.spec.steps.length
  if (progress.state === 'done') return `done in ${spent(progress.spent)}`
  return progress.state === 'started'
    ? `in progress, ${progress.passed.length} of ${plural(all, 'step')}`
    : 'not started'
}

/** The About pane. */
export const aboutLines = (entry: CatalogueEntry | undefined, width: number): Line[] => {
  if (!entry) return wrapText('No scenario matches the filter. esc clears it.', width)
  const { scenario, lab, progress } = entry
  const { metadata, spec } = scenario
  const help = [
    progress.hintsUsed > 0 ? plural(progress.hintsUsed, 'hint') : '',
    progress.solutionsSeen.length > 0 ? plural(progress.solutionsSeen.length, 'solution') : '',
  ].filter((part) => part !== '')
  return [
    ...wrap(line(span(metadata.title, 'strong')), width),
    blank,
    ...fact('status', status(entry), width),
    ...(help.length > 0 ? fact('help', `${help.join(', ')} used`, width) : []),
    ...fact('mesh', metadata.mesh, width),
    ...fact('level', `${metadata.difficulty}, about ${metadata.minutes} min`, width),
    ...fact('CKS', metadata.cks.length > 0 ? metadata.cks.map(readable).join(', ') : 'beyond the exam', width),
    ...(metadata.summary ? [blank, ...markdown(metadata.summary, width)] : []),
    blank,
    line(span('Steps', 'strong')),
    ...spec.steps.flatMap((step) =>
      wrap(line('  ', progressMark(progress.passed.includes(step.id) ? 'done' : 'new'), ` ${step.title}`), width, 7),
    ),
    blank,
    line(span('Lab', 'strong')),
    ...wrap(line('  ', span(lab.metadata.title)), width, 2),
    ...markdown(lab.spec.says, width - 2).map((one) => line('  ', ...one)),
  ]
}
