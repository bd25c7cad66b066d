/** Jobs and CronJobs. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, integer, nameColumn, templateColumns, text, wide } from './columns.ts'
import { defaultTemplate } from './defaults/pod-spec.ts'
import { humanDuration, since } from './duration.ts'
import type { FieldError, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import type { JobObject, JobSpec } from './types.ts'
import { immutable, invalid, nonNegative, notListed, oneOf, required } from './validation/errors.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'

const defaultJobSpec = (spec: JobSpec) => {
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1
    spec.parallelism = 1
  }
  spec.parallelism ??= 1
  spec.backoffLimit ??= 6
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= 'TerminatingOrFailed'
  spec.manualSelector ??= false
  defaultTemplate(spec)
}

const setDefaults = (object: KubeObject) => {
  const job = object as JobObject
  job.spec ??= {}
  const { spec } = job
  defaultJobSpec(spec)
  const { uid } = job.metadata
  if (!spec.manualSelector && !spec.selector && uid && spec.template) {
    spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
    const { name } = job.metadata
    spec.template.metadata ??= {}
    spec.template.metadata.labels = {
      ...spec.template.metadata.labels,
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      'job-name': name,
    }
  }
  // Upstream gives a Job without labels those of its template.
  if (!job.metadata.labels && spec.template?.metadata?.labels)
    job.metadata.labels = { ...spec.template.metadata.labels }
  job.status ??= {}
}

const modes = ['NonIndexed', 'Indexed']

const specErrors = (spec: JobSpec | undefined, at: string): FieldError[] => {
  const errors = [
    ...nonNegative(`${at}.parallelism`, spec?.parallelism),
    ...nonNegative(`${at}.completions`, spec?.completions),
    ...nonNegative(`${at}.activeDeadlineSeconds`, spec?.activeDeadlineSeconds),
    ...nonNegative(`${at}.backoffLimit`, spec?.backoffLimit),
    ...nonNegative(`${at}.ttlSecondsAfterFinished`, spec?.ttlSecondsAfterFinished),
    ...podTemplateErrors(spec?.template, `${at}.template`),
  ]
  const mode = spec?.completionMode
  if (mode !== undefined && !modes.includes(mode)) errors.push(notListed(`${at}.completionMode`, mode, modes))
  const policy = spec?.template?.spec?.restartPolicy
  if (policy === 'Always') {
    errors.push(required(`${at}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'))
  }
  return errors
}

const isTrue = (job: JobObject, type: string): boolean =>
  job.status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false

const status = (job: JobObject): string => {
  if (isTrue(job, 'Complete')) return 'Complete'
  if (isTrue(job, 'Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  if (isTrue(job, 'Suspended')) return 'Suspended'
  if (isTrue(job, 'FailureTarget')) return 'FailureTarget'
  return 'Running'
}

const completions = ({ spec, status: seen }: JobObject): string => {
  const succeeded = seen?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

const duration = ({ status: seen }: JobObject, now: number): string => {
  if (!seen?.startTime) return ''
  return humanDuration((seen.completionTime ? Date.parse(seen.completionTime) : now) - Date.parse(seen.startTime))
}

export const jobKind: Kind = {
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  resource: 'jobs',
  singular: 'job',
  categories: ['all'],
  namespaced: true,
  goType: 'batch/v1.Job',
  status: true,
  generation: true,
  setDefaults,
  validate: (object, old) => {
    const { spec } = object as JobObject
    const before = (old as JobObject | undefined)?.spec
    return [
      ...(spec?.selector ? [] : [required('spec.selector')]),
      ...specErrors(spec, 'spec'),
      ...(before ? immutable('spec.completions', spec?.completions, before.completions) : []),
      ...(before ? immutable('spec.selector', spec?.selector, before.selector) : []),
      // A suspended job's template may still change (scheduling directives); everything else is fixed.
      ...(before && !before.suspend ? immutable('spec.template', spec?.template, before.template) : []),
    ]
  },
  columns: [
    nameColumn,
    text('Status', status),
    text('Completions', completions),
    text('Duration', duration),
    ageColumn,
    ...templateColumns((object) => (object as JobObject).spec?.template),
    wide(text<JobObject>('Selector', ({ spec }) => formatSelector(spec?.selector))),
  ],
  selectableFields: { 'status.successful': (object) => String((object as JobObject).status?.succeeded ?? 0) },
}

interface CronJob extends KubeObject {
  spec?: {
    schedule?: string
    timeZone?: string
    suspend?: boolean
    concurrencyPolicy?: string
    successfulJobsHistoryLimit?: number
    failedJobsHistoryLimit?: number
    startingDeadlineSeconds?: number
    jobTemplate?: { metadata?: object; spec?: JobSpec }
  }
  status?: { active?: unknown[]; lastScheduleTime?: string }
}

const scheduleErrors = (schedule: string | undefined): FieldError[] => {
  if (!schedule) return [required('spec.schedule')]
  if (schedule.startsWith('@')) return []
  if (schedule.includes('TZ')) {
    return [invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')]
  }
  const says = scheduleProblem(schedule)
  return says === undefined ? [] : [invalid('spec.schedule', schedule, says)]
}

/** The bounds of minute, hour, day, month and weekday; names of months and days are left to the controller. */
const bounds = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const

/** In the words of github.com/robfig/cron. */
const scheduleProblem = (schedule: string): string | undefined => {
  const fields = schedule.trim().split(/\s+/)
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  for (const [index, field] of fields.entries()) {
    const [least, most] = bounds[index]!
    for (const part of field.split(',')) {
      const range = /^(\d+)(?:-(\d+))?(?:\/\d+)?$/.exec(part)
      if (!range) continue
      const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])]
      if (from < least) return `beginning of range (${from}) below minimum (${least}): ${part}`
      if (to > most) return `end of range (${to}) above maximum (${most}): ${part}`
      if (from > to) return `beginning of range (${from}) beyond end of range (${to}): ${part}`
    }
  }
  return undefined
}

const timeZoneErrors = (zone: string | undefined): FieldError[] => {
  if (zone === undefined) return []
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return []
  } catch {
    return [invalid('spec.timeZone', zone, `unknown time zone ${zone}`)]
  }
}

export const cronJobKind: Kind = {
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  resource: 'cronjobs',
  singular: 'cronjob',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  goType: 'batch/v1.CronJob',
  status: true,
  generation: true,
  setDefaults: (object) => {
    const cron = object as CronJob
    cron.spec ??= {}
    const { spec } = cron
    spec.concurrencyPolicy ??= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    spec.jobTemplate ??= {}
    spec.jobTemplate.metadata ??= {}
    spec.jobTemplate.spec ??= {}
    defaultTemplate(spec.jobTemplate.spec)
    cron.status ??= {}
  },
  validate: (object, old) => {
    const { metadata, spec } = object as CronJob
    return [
      ...scheduleErrors(spec?.schedule),
      ...nonNegative('spec.startingDeadlineSeconds', spec?.startingDeadlineSeconds),
      ...timeZoneErrors(spec?.timeZone),
      ...oneOf('spec.concurrencyPolicy', spec?.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
      ...nonNegative('spec.successfulJobsHistoryLimit', spec?.successfulJobsHistoryLimit),
      ...nonNegative('spec.failedJobsHistoryLimit', spec?.failedJobsHistoryLimit),
      ...specErrors(spec?.jobTemplate?.spec, 'spec.jobTemplate.spec'),
      // The names of its Jobs are its own and eleven characters more.
      ...(!old && metadata.name.length > 52
        ? [invalid('metadata.name', metadata.name, 'must be no more than 52 characters')]
        : []),
    ]
  },
  columns: [
    nameColumn,
    text<CronJob>('Schedule', ({ spec }) => spec?.schedule ?? ''),
    text<CronJob>('Timezone', ({ spec }) => spec?.timeZone ?? '<none>'),
    text<CronJob>('Suspend', ({ spec }) => (spec?.suspend ? 'True' : 'False')),
    integer<CronJob>('Active', (cron) => cron.status?.active?.length ?? 0),
    text<CronJob>('Last Schedule', (cron, now) =>
      cron.status?.lastScheduleTime ? since(cron.status.lastScheduleTime, now) : '<none>',
    ),
    ageColumn,
    ...templateColumns((object) => (object as CronJob).spec?.jobTemplate?.spec?.template),
    wide(text<CronJob>('Selector', ({ spec }) => formatSelector(spec?.jobTemplate?.spec?.selector))),
  ],
}
