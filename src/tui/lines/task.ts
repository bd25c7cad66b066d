/** The task pane: what to reach, the file, the one line for another terminal, and after the pass why it worked. */
import type { LabView } from '../../session/types.ts'
import { blank, type Line, line, span, wrap, wrapText } from '../text.ts'
import { markdown } from './markdown.ts'
import { clock, exportLine, pathEnd, progressMark, shortPath, spent } from './words.ts'

const heading = (text: string): Line => line(span(text, 'strong'))

/** How paths are written here. */
export interface Paths {
  home?: string
  /** The export line is on the screen already. */
  exported: boolean
  ellipsis: string
}

const applyState = ({ lastApply }: NonNullable<LabView['file']>): Line => {
  if (!lastApply) return line('not edited yet; saving applies it')
  return lastApply.ok
    ? line(`${clock(lastApply.at)} ${lastApply.says}`)
    : line(span('not applied ', 'fail'), `${clock(lastApply.at)}, see below`)
}

/** The file that `e` opens, and what became of it: always in sight. */
const fileLines = (view: LabView, width: number, { home, ellipsis }: Paths): Line[] => {
  if (!view.file) return []
  const path = pathEnd(shortPath(view.file.path, home), width, ellipsis)
  return [
    ...wrap(line(span('e', 'key'), ' ', span(path, 'code')), width, 2),
    ...wrap(line('  ', ...applyState(view.file)), width, 2),
  ]
}

/** What became of it, in two or three words. */
const applied = ({ lastApply }: NonNullable<LabView['file']>): Line => {
  if (!lastApply) return line('not edited yet')
  return line(lastApply.ok ? 'applied ' : span('not applied ', 'fail'), clock(lastApply.at))
}

/** File and shell in two or three rows, where the text has hardly any. */
const briefFoot = (view: LabView, width: number, { exported }: Paths): Line[] => [
  blank,
  ...(view.file
    ? wrap(line(span('e', 'key'), ' ', span(view.file.name, 'code'), '  ', ...applied(view.file)), width, 2)
    : []),
  ...wrap(
    exported
      ? line(span('!', 'key'), ' shell, or the line below')
      : line(span('!', 'key'), ' shell; ', span('c', 'key'), ' copies the line for others'),
    width,
    2,
  ),
]

/** The line for other terminals, on one row where it fits, else with the path below. */
const exportLines = (path: string, width: number): Line[] => {
  const whole = exportLine(path)
  if (whole.length + 2 <= width) return [line('  ', span(whole, 'code'))]
  return [line('  ', span('export KUBECONFIG=', 'code')), ...wrap(line('    ', span(path, 'code')), width, 4)]
}

const shellLines = (view: LabView, width: number, { home, exported }: Paths): Line[] =>
  exported
    ? wrap(line(span('!', 'key'), ' shell, or the line below'), width, 2)
    : [
        ...wrap(line(span('!', 'key'), ' shell; elsewhere (', span('c', 'key'), ' copies):'), width, 2),
        ...exportLines(shortPath(view.kubeconfig, home), width),
      ]

/** The whole path, and the line for other terminals, where they stand nowhere else. `brief`: so is the foot. */
const wholePaths = (view: LabView, width: number, { home, exported, ellipsis }: Paths, brief: boolean): Line[] => {
  const path = view.file && shortPath(view.file.path, home)
  const isShortened = brief || (path !== undefined && pathEnd(path, width, ellipsis) !== path)
  return [
    ...(path && isShortened ? [blank, heading('File'), ...wrap(line('  ', span(path, 'code')), width, 2)] : []),
    ...(brief && !exported
      ? [blank, heading('For another terminal'), ...exportLines(shortPath(view.kubeconfig, home), width)]
      : []),
  ]
}

const stepLines = (view: LabView, width: number): Line[] => {
  const { steps } = view.scenario.spec
  if (steps.length < 2) return []
  const rows = steps.flatMap((step, index) => {
    const state = view.passed.includes(step.id) ? 'done' : index === view.stepIndex ? 'started' : 'new'
    return wrap(line('  ', progressMark(state), ` ${step.title}`), width, 7)
  })
  return [blank, heading('Steps'), ...rows]
}

const taskLines = (view: LabView, width: number): Line[] => {
  const step = view.scenario.spec.steps[view.stepIndex]!
  return [...wrap(heading(step.title), width), blank, ...markdown(step.task, width)]
}

const passedLines = (view: LabView, width: number): Line[] => {
  const step = view.scenario.spec.steps[view.stepIndex]!
  const next = view.scenario.spec.steps[view.stepIndex + 1]
  const onward = next
    ? wrap(line(span('n', 'key'), `  next step: ${next.title}`), width, 3)
    : wrap(line(span('n', 'key'), '  finish'), width, 3)
  return [
    ...wrap(line(span('[ok]', 'ok'), ' ', span(step.title, 'strong')), width, 5),
    blank,
    ...markdown(step.explanation, width),
    blank,
    ...onward,
    blank,
    heading('The task was'),
    ...markdown(step.task, width),
  ]
}

/** What was done, how long it took and how much help it took. */
const farewellLines = (view: LabView, width: number): Line[] => {
  const { scenario, progress } = view
  const step = scenario.spec.steps[view.stepIndex]!
  const hints =
    progress.hintsUsed === 0 ? 'no hints' : `${progress.hintsUsed} ${progress.hintsUsed === 1 ? 'hint' : 'hints'}`
  const solutions = progress.solutionsSeen.length
  const seen =
    solutions === 0 ? 'no solution looked at' : `${solutions} ${solutions === 1 ? 'solution' : 'solutions'} looked at`
  return [
    ...wrap(line(span('[ok]', 'ok'), ' ', span(`${scenario.metadata.title}: done`, 'strong')), width, 5),
    blank,
    ...wrapText(`${spent(progress.spent)}, ${hints}, ${seen}.`, width),
    blank,
    ...scenario.spec.steps.flatMap((one) => wrap(line('  ', progressMark('done'), ` ${one.title}`), width, 7)),
    blank,
    heading('Why the last step worked'),
    ...markdown(step.explanation, width),
    blank,
    ...wrap(line(span('q', 'key'), '  back to the scenarios'), width, 3),
    ...wrapText('The cluster stays until then: go on trying things.', width),
  ]
}

export interface TaskText {
  title: string
  /** Changes when the text becomes another one. */
  key: string
  lines: Line[]
  /** Stays in sight while the text scrolls. */
  foot?: Line[]
}

/** Below this height the file and the shell scroll with the text, which would have no room otherwise. */
const ROOM_FOR_FOOT = 16

/** The share of the height that they may take before they are told more briefly. */
const FOOT_SHARE = 0.25

export const taskText = (
  view: LabView,
  { width, height }: { width: number; height: number },
  paths: Paths,
): TaskText => {
  const base = `${view.scenario.metadata.name}/${view.stepIndex}`
  const whole = [blank, ...fileLines(view, width, paths), ...shellLines(view, width, paths)]
  const isBrief = height >= ROOM_FOR_FOOT && whole.length > height * FOOT_SHARE
  const foot = isBrief ? briefFoot(view, width, paths) : whole
  const rest = [...stepLines(view, width), ...wholePaths(view, width, paths, isBrief)]
  if (view.finished) return { title: 'Done', key: `${base}/done`, lines: [...farewellLines(view, width), ...foot] }
  if (view.stepPassed) {
    const lines = [...passedLines(view, width), ...rest, ...foot]
    return { title: 'Why it worked', key: `${base}/passed`, lines }
  }
  const lines = [...taskLines(view, width), ...rest]
  const task = { title: 'Task', key: `${base}/task` }
  return height < ROOM_FOR_FOOT ? { ...task, lines: [...lines, ...foot] } : { ...task, lines, foot }
}
