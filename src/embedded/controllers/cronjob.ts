/**
 * CronJobs: a Job at each time of the schedule. Follows kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go.
 * Not modelled: the random jitter of a few milliseconds, and jobs that somebody else made with the same name.
 */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { timestamp } from '../clock.ts'
import type { JobObject, JobSpec } from '../kinds/types.ts'
import {
  asManager,
  asManagerStatus,
  type Controller,
  controllerOf,
  controllerReference,
  resources,
  stopAll,
} from './controller.ts'
import { parseSchedule, type Schedule } from './cron-schedule.ts'
import { eventRecorder } from './events.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'

interface CronJobObject extends KubeObject {
  spec?: {
    schedule?: string
    timeZone?: string
    startingDeadlineSeconds?: number
    concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace'
    suspend?: boolean
    successfulJobsHistoryLimit?: number
    failedJobsHistoryLimit?: number
    jobTemplate?: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }
      spec?: JobSpec
    }
  }
  status?: { active?: KubeObject[]; lastScheduleTime?: string; lastSuccessfulTime?: string }
}

const { jobs } = resources
const cronJobs = { group: 'batch', resource: 'cronjobs' }
/** So many missed times are taken for a clock that was set, and the warning says so. */
const tooManyMissed = 100

const finished = (job: JobObject): 'Complete' | 'Failed' | undefined =>
  job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
    ?.type as 'Complete' | 'Failed' | undefined

const startOf = (job: JobObject): number =>
  Date.parse(job.status?.startTime ?? job.metadata.creationTimestamp ?? '') || 0

const reference = (job: JobObject) => ({
  kind: 'Job',
  namespace: job.metadata.namespace,
  name: job.metadata.name,
  uid: job.metadata.uid,
  apiVersion: 'batch/v1',
  resourceVersion: job.metadata.resourceVersion,
})

export const cronJobController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'cronjob-controller' })
  const say = (cron: CronJobObject, reason: string, message: string, type: 'Normal' | 'Warning' = 'Normal'): void =>
    events.record(cron, { type, reason, message })

  const jobsOf = (cron: CronJobObject): JobObject[] =>
    (registry.list(jobs, { namespace: cron.metadata.namespace }) as JobObject[]).filter(
      (job) => controllerOf(job)?.uid === cron.metadata.uid,
    )

  const scheduleOf = (cron: CronJobObject): Schedule | undefined => {
    const { schedule = '', timeZone } = cron.spec ?? {}
    try {
      return parseSchedule(schedule, timeZone)
    } catch (error) {
      const says = error instanceof Error ? error.message : String(error)
      say(cron, 'UnparseableSchedule', `unparseable schedule: "${schedule}" : ${says}`, 'Warning')
      return undefined
    }
  }

  /** The latest time that is due and has not been served; with how many there were. */
  const due = (cron: CronJobObject, schedule: Schedule): { at: number; missed: number } | undefined => {
    const { lastScheduleTime } = cron.status ?? {}
    const deadline = cron.spec?.startingDeadlineSeconds
    const began = Date.parse(lastScheduleTime ?? cron.metadata.creationTimestamp ?? '') || clock.now()
    const earliest = deadline === undefined ? began : Math.max(began, clock.now() - deadline * 1000)
    let at: number | undefined
    let missed = 0
    for (let next = schedule.next(earliest); next !== undefined && next <= clock.now(); next = schedule.next(next)) {
      at = next
      missed++
      if (missed > 10 * tooManyMissed) break
    }
    return at === undefined ? undefined : { at, missed }
  }

  const jobFor = (cron: CronJobObject, at: number): JobObject => {
    const { metadata, spec } = cron.spec?.jobTemplate ?? {}
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: `${cron.metadata.name}-${Math.floor(at / 60_000)}`,
        namespace: cron.metadata.namespace,
        labels: { ...metadata?.labels },
        annotations: {
          ...metadata?.annotations,
          'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp({ ...clock, now: () => at }),
        },
        ownerReferences: [controllerReference(cron)],
      },
      spec: structuredClone(spec ?? {}),
    }
  }

  const remove = (cron: CronJobObject, job: JobObject): void => {
    registry.delete(jobs, job.metadata.name, job.metadata.namespace, { propagationPolicy: 'Background' })
    say(cron, 'SuccessfulDelete', `Deleted job ${job.metadata.name}`)
  }

  const forget = (cron: CronJobObject, owned: JobObject[]): void => {
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cron.spec ?? {}
    for (const [how, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      const over = owned.filter((job) => finished(job) === how).sort((a, b) => startOf(a) - startOf(b))
      for (const job of over.slice(0, Math.max(0, over.length - limit))) remove(cron, job)
    }
  }

  /** Starts the job of that time unless the policy says otherwise; whether the time counts as served. */
  const start = (cron: CronJobObject, active: JobObject[], at: number): boolean => {
    const deadline = cron.spec?.startingDeadlineSeconds
    if (deadline !== undefined && clock.now() - at > deadline * 1000) {
      say(cron, 'MissSchedule', `Missed scheduled time to start a job: ${new Date(at).toUTCString()}`, 'Warning')
      return false
    }
    if (cron.spec?.concurrencyPolicy === 'Forbid' && active.length > 0) {
      say(
        cron,
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
      return false
    }
    if (cron.spec?.concurrencyPolicy === 'Replace') for (const job of active) remove(cron, job)
    const job = jobFor(cron, at)
    if (registry.get(jobs, job.metadata.name, job.metadata.namespace)) return true
    registry.create(job, asManager)
    say(cron, 'SuccessfulCreate', `Created job ${job.metadata.name}`)
    return true
  }

  const report = (cron: CronJobObject, served: number | undefined): void => {
    const owned = jobsOf(cron)
    const active = owned.filter((job) => !finished(job) && !job.metadata.deletionTimestamp).map(reference)
    const completed = owned
      .map(({ status }) => status?.completionTime ?? '')
      .sort()
      .at(-1)
    const { lastScheduleTime, lastSuccessfulTime } = cron.status ?? {}
    const scheduled = served === undefined ? lastScheduleTime : timestamp({ ...clock, now: () => served })
    const succeeded = [lastSuccessfulTime ?? '', completed ?? ''].sort().at(-1)
    const status = {
      ...(active.length > 0 ? { active } : {}),
      ...(scheduled ? { lastScheduleTime: scheduled } : {}),
      ...(succeeded ? { lastSuccessfulTime: succeeded } : {}),
    }
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(cronJobs, cron.metadata.name, cron.metadata.namespace, write, asManagerStatus)
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const cron = registry.get(cronJobs, name, namespace) as CronJobObject | undefined
    if (!cron || cron.metadata.deletionTimestamp) return
    const owned = jobsOf(cron)
    const listed = new Set((cron.status?.active ?? []).map((job) => (job as unknown as { uid?: string }).uid))
    for (const job of owned) {
      const how = finished(job)
      if (how && listed.has(job.metadata.uid))
        say(cron, 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${how}`)
    }
    forget(cron, owned)
    const schedule = cron.spec?.suspend ? undefined : scheduleOf(cron)
    if (!schedule) return report(cron, undefined)
    const found = due(cron, schedule)
    if (found && found.missed > tooManyMissed)
      say(
        cron,
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        'Warning',
      )
    const active = owned.filter((job) => !finished(job) && !job.metadata.deletionTimestamp)
    const isServed = found !== undefined && start(cron, active, found.at)
    report(cron, isServed ? found.at : undefined)
    const next = schedule.next(clock.now())
    if (next !== undefined) queue.addAfter(key, next - clock.now())
  })

  return stopAll(
    queue,
    registry.watch(cronJobs, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(jobs, ({ object }) => {
      const controller = controllerOf(object)
      if (controller?.kind === 'CronJob') queue.add(`${object.metadata.namespace}/${controller.name}`)
    }),
  )
}
