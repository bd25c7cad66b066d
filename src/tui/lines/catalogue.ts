/** The scenarios as a list, and one of them in words. */
import { competencyName } from '../../content/competencies.ts'
import { trackOf, trackOrder, trackTitle } from '../../content/tracks.ts'
import type { CatalogueEntry } from '../../session/types.ts'
import { blank, ends, fill, type Line, line, span, wrap, wrapText } from '../text.ts'
import { markdown } from './markdown.ts'
import { plural, progressMark, spent } from './words.ts'

/** Does the entry hold every word that was typed, in its title, name, mesh, track, tags or competencies? */
export const matches = ({ scenario: { metadata } }: CatalogueEntry, filter: string): boolean => {
  const { title, name, mesh, difficulty, tags, cks } = metadata
  const track = trackTitle(trackOf(metadata))
  const text = [title, name, mesh, difficulty, track, ...tags, ...(cks.length > 0 ? ['cks', ...cks] : [])]
    .join(' ')
    .toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** By track, and within a track by mesh in the order in which meshes first appear: the order on the screen. */
export const listed = (catalogue: CatalogueEntry[], filter: string): CatalogueEntry[] => {
  const meshes = [...new Set(catalogue.map((entry) => entry.scenario.metadata.mesh))]
  const place = ({ scenario: { metadata } }: CatalogueEntry): number =>
    trackOrder(trackOf(metadata)) * meshes.length + meshes.indexOf(metadata.mesh)
  return catalogue.filter((entry) => matches(entry, filter)).toSorted((a, b) => place(a) - place(b))
}

export interface CatalogueLines {
  lines: Line[]
  items: number[]
}

/** Minutes and whether the exam asks for it everywhere; the level and the steps where there is room for columns. */
const facts = (
  { progress, scenario: { metadata, spec } }: CatalogueEntry,
  { width, counted }: { width: number; counted: boolean },
): string => {
  const cks = metadata.cks.length > 0 ? 'CKS' : '   '
  if (width < ROOMY) return `${cks} ${`${metadata.minutes}m`.padStart(3)}`
  const steps = progress.state === 'started' ? `${progress.passed.length}/${spec.steps.length}` : ''
  return `${cks}  ${metadata.difficulty.padEnd(6)} ${`${metadata.minutes} min`.padStart(6)}${counted ? steps.padStart(5) : ''}`
}

const ROOMY = 56

interface ListStyle {
  focused: boolean
  width: number
  ellipsis: string
  /** There is a column for the steps that have passed. */
  counted: boolean
}

const row = (entry: CatalogueEntry, here: boolean, style: ListStyle): Line => {
  const { focused, width, ellipsis } = style
  const columns = facts(entry, style)
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

const groupOf = ({ scenario: { metadata } }: CatalogueEntry): string =>
  `${trackTitle(trackOf(metadata))} ${metadata.mesh}`

/** The track, its mesh when there are several, and how much of the group is done. */
const heading = (group: CatalogueEntry[], isMeshNamed: boolean, width: number): Line => {
  const { metadata } = group[0]!.scenario
  const done = group.filter(({ progress }) => progress.state === 'done').length
  const mesh = isMeshNamed ? span(`  ${metadata.mesh}`, 'muted') : ''
  const title = line(span(trackTitle(trackOf(metadata)).toUpperCase(), 'strong'), mesh)
  return ends(title, line(span(`${done}/${group.length} done`, 'muted')), width)
}

/** `entries` as `listed` orders them. */
export const catalogueLines = (
  entries: CatalogueEntry[],
  selected: number,
  style: Omit<ListStyle, 'counted'>,
): CatalogueLines => {
  const lines: Line[] = []
  const items: number[] = []
  const { width } = style
  const counted = entries.some(({ progress }) => progress.state === 'started')
  const groups = Map.groupBy(entries, groupOf)
  const isMeshNamed = new Set(entries.map(({ scenario }) => scenario.metadata.mesh)).size > 1
  entries.forEach((entry, index) => {
    const [before, group] = [entries[index - 1], groupOf(entry)]
    if (before === undefined || groupOf(before) !== group) {
      if (index > 0) lines.push(blank)
      lines.push(heading(groups.get(group)!, isMeshNamed, width))
    }
    items.push(lines.length)
    lines.push(row(entry, index === selected, { ...style, counted }))
  })
  return { lines, items }
}

const fact = (name: string, value: string, width: number): Line[] =>
  wrap(line(span(name.padEnd(9), 'muted'), value), width, 9)

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
    ...fact('track', trackTitle(trackOf(metadata)), width),
    ...fact('mesh', metadata.mesh, width),
    ...fact('level', `${metadata.difficulty}, about ${metadata.minutes} min`, width),
    ...fact('CKS', metadata.cks.length > 0 ? metadata.cks.map(competencyName).join(', ') : 'beyond the exam', width),
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
