/** Charts: how a mesh gets in where its own tool is missing. */
import { type Action, type Asked, command, runs, type Step } from '../../steps.ts'

export interface Chart {
  release: string
  namespace: string
  /** The chart's name in its repository, or a file. */
  chart: string
  repo?: string
  version?: string
  settings?: Readonly<Record<string, string>>
  /** More arguments: `--set-file …`, `--values …`. */
  more?: readonly string[]
  /** In place of `more` where nothing is installed and the chart only has to say which images it names. */
  placeholders?: Readonly<Record<string, string>>
}

/** What Helm keeps of a release, whatever became of it. */
const secret = ({ release, namespace }: Pick<Chart, 'release' | 'namespace'>, status?: string): Asked => ({
  command: command(
    `Ask for the release ${release}`,
    'kubectl',
    'get',
    'secret',
    `--namespace=${namespace}`,
    `--selector=owner=helm,name=${release}${status ? `,status=${status}` : ''}`,
    '--output=name',
  ),
  prints: 'something',
})

/** A release of Helm, by whichever tool: deployed. */
export const deployed = (release: string, namespace: string): Asked => secret({ release, namespace }, 'deployed')

/** A release that an interrupted run left in a state from which Helm does not go on. */
export const halfReleased = (release: string, namespace: string): Asked => secret({ release, namespace })

export const settingsOf = (settings: Readonly<Record<string, string>> = {}, flag = '--set'): string[] =>
  Object.entries(settings).flatMap(([key, value]) => [flag, `${key}=${value}`])

const helmInstall = (chart: Chart): Action =>
  runs(
    `Install the chart ${chart.chart}`,
    'helm',
    'upgrade',
    '--install',
    chart.release,
    chart.chart,
    ...(chart.repo ? ['--repo', chart.repo] : []),
    ...(chart.version ? ['--version', chart.version] : []),
    '--namespace',
    chart.namespace,
    '--create-namespace',
    '--wait',
    '--timeout',
    '10m',
    ...settingsOf(chart.settings),
    ...(chart.more ?? []),
  )

/** One chart as a step; a release that is stuck half-way is taken out first. */
export const helmStep = (chart: Chart, says: string): Step => ({
  id: `helm-${chart.release}`,
  says,
  actions: [helmInstall(chart)],
  done: [deployed(chart.release, chart.namespace)],
  half: {
    test: halfReleased(chart.release, chart.namespace),
    clean: command(
      `Take out the unfinished release ${chart.release}`,
      'helm',
      'uninstall',
      chart.release,
      '--namespace',
      chart.namespace,
      '--wait',
    ),
  },
  typically: 90,
  chart,
})
