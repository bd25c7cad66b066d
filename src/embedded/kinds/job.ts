/** Jobs and CronJobs. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, integer, nameColumn, templateColumns, text, wide } from './columns.ts'
import { defaultPodSpec } from './defaults/pod-spec.ts'
import { humanDuration, since } from './duration.ts'
import type { FieldError, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import type { JobObject, JobSpec } from './types.ts'
import { immutable, invalid, nonNegative, oneOf, required } from './validation/errors.ts'
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
  defaultPodSpec(spec.template?.spec)
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
  job.status ??= {}
}

const specErrors = (spec: JobSpec | undefined, at: string): FieldError[] => {
  const errors = [
    ...nonNegative(`${at}.parallelism`, spec?.parallelism),
    ...nonNegative(`${at}.completions`, spec?.completions),
    ...nonNegative(`${at}.activeDeadlineSeconds`, spec?.activeDeadlineSeconds),
    ...nonNegative(`${at}.backoffLimit`, spec?.backoffLimit),
    ...nonNegative(`${at}.ttlSecondsAfterFinished`, spec?.ttlSecondsAfterFinished),
    ...podTemplateErrors(spec?.template, `${at}.template`),
  ]
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
    jobTemplate?: { spec?: JobSpec }
  }
  status?: { active?: unknown[]; lastScheduleTime?: string }
}

const scheduleErrors = (schedule: string | undefined): FieldError[] => {
  if (!schedule) return [required('spec.schedule')]
  if (schedule.startsWith('@')) return []
  const fields = schedule.trim().split(/\s+/)
  if (fields.length === 5) return []
  return [
    invalid('spec.schedule', schedule, `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`),
  ]
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
    defaultPodSpec(spec.jobTemplate?.spec?.template?.spec)
    cron.status ??= {}
  },
  validate: (object) => {
    const { spec } = object as CronJob
    return [
      ...scheduleErrors(spec?.schedule),
      ...oneOf('spec.concurrencyPolicy', spec?.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
      ...specErrors(spec?.jobTemplate?.spec, 'spec.jobTemplate.spec'),
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
