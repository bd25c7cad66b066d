/**
 * Jobs: pods that run until enough have succeeded or too many have failed. Follows pkg/controller/job. Not modelled:
 * Indexed completion (treated as NonIndexed), pod failure and success policies, and tracking finalizers: a finished pod
 * counts while it exists, and what was counted stays counted.
 */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { timestamp } from '../clock.ts'
import { selects } from '../kinds/selector.ts'
import type { Condition, JobObject, PodObject } from '../kinds/types.ts'
import { setCondition } from './conditions.ts'
import { asManager, asManagerStatus, type Controller, claim, controllerOf, resources, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { byDeletionOrder, isActive, isReady, podFrom } from './pods.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'

const { jobs, pods } = resources
const firstBackOff = 10_000
const longestBackOff = 600_000

interface Verdict {
  type: 'Complete' | 'Failed'
  reason: string
  message: string
}

const conditionIs = (job: JobObject, type: string): boolean =>
  job.status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false

const restarts = (pod: PodObject): number =>
  [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  )

const finishedAt = (pod: PodObject): number =>
  Math.max(
    0,
    ...(pod.status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? '') || 0),
  )

export const jobController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'job-controller' })

  const podsOf = (job: JobObject): PodObject[] =>
    claim(registry, pods, job, (pod) => selects(job.spec?.selector, pod.metadata.labels))

  const count = (job: JobObject, owned: PodObject[]) => {
    const inPhase = (phase: string) => owned.filter((pod) => pod.status?.phase === phase).length
    return {
      active: owned.filter(isActive),
      succeeded: Math.max(job.status?.succeeded ?? 0, inPhase('Succeeded')),
      failed: Math.max(job.status?.failed ?? 0, inPhase('Failed')),
    }
  }

  const deadlineLeft = (job: JobObject): number | undefined => {
    const { activeDeadlineSeconds } = job.spec ?? {}
    if (activeDeadlineSeconds === undefined || !job.status?.startTime) return undefined
    return Date.parse(job.status.startTime) + activeDeadlineSeconds * 1000 - clock.now()
  }

  /** What has become of the job, if anything has. */
  const judge = (job: JobObject, owned: PodObject[]): Verdict | undefined => {
    const { completions, backoffLimit = 6, template } = job.spec ?? {}
    const { active, succeeded, failed } = count(job, owned)
    const retried =
      template?.spec?.restartPolicy === 'OnFailure' ? active.reduce((sum, pod) => sum + restarts(pod), 0) : 0
    if (failed > backoffLimit || retried > backoffLimit) {
      return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
    }
    if ((deadlineLeft(job) ?? 1) <= 0) {
      return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
    }
    const enough = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions
    if (!enough) return undefined
    return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
  }

  const remove = (job: JobObject, surplus: PodObject[]) => {
    for (const { metadata } of surplus) {
      registry.delete(pods, metadata.name, metadata.namespace)
      events.record(job, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` })
    }
  }

  /** After a failure the next pod waits: ten seconds, then twice as long each time. */
  const backOffLeft = (owned: PodObject[]): number => {
    const failed = owned.filter((pod) => pod.status?.phase === 'Failed')
    if (failed.length === 0) return 0
    const wait = Math.min(firstBackOff * 2 ** (failed.length - 1), longestBackOff)
    return Math.max(0, Math.max(...failed.map(finishedAt)) + wait - clock.now())
  }

  const balance = (job: JobObject, owned: PodObject[], key: string) => {
    const { parallelism = 1, completions, suspend } = job.spec ?? {}
    const { active, succeeded } = count(job, owned)
    const open = completions === undefined ? (succeeded > 0 ? active.length : parallelism) : completions - succeeded
    const wanted = suspend ? 0 : Math.min(parallelism, open)
    if (active.length > wanted) {
      return remove(job, [...active].sort(byDeletionOrder).slice(0, active.length - wanted))
    }
    const wait = backOffLeft(owned)
    if (wait > 0 && active.length < wanted) return queue.addAfter(key, wait)
    for (let made = active.length; made < wanted; made++) {
      const pod = podFrom(job.spec?.template, job, { generateName: `${job.metadata.name}-` })
      const { metadata } = registry.create(pod, asManager)
      events.record(job, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${metadata.name}` })
    }
  }

  const conditionsOf = (job: JobObject, verdict: Verdict | undefined): Condition[] => {
    let conditions = job.status?.conditions ?? []
    const suspended = job.spec?.suspend ?? false
    if (suspended || conditionIs(job, 'Suspended')) {
      const [status, reason, message] = suspended
        ? ['True', 'JobSuspended', 'Job suspended']
        : ['False', 'JobResumed', 'Job resumed']
      conditions = setCondition(conditions, { type: 'Suspended', status, reason, message }, clock)
    }
    if (!verdict) return conditions
    const { type, reason, message } = verdict
    const first = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
    conditions = setCondition(conditions, { type: first, status: 'True', reason, message }, clock)
    return setCondition(conditions, { type, status: 'True', reason, message }, clock)
  }

  const report = (key: string, verdict: Verdict | undefined) => {
    const { namespace, name } = parseKey(key)
    const job = registry.get(jobs, name, namespace) as JobObject | undefined
    if (!job) return
    const owned = podsOf(job)
    const { active, succeeded, failed } = count(job, owned)
    const now = timestamp(clock)
    const conditions = conditionsOf(job, verdict)
    const terminating = owned.filter(({ metadata, status }) => metadata.deletionTimestamp && status?.phase !== 'Failed')
    const status: JobObject['status'] = {
      ...(job.spec?.suspend ? {} : { startTime: job.status?.startTime ?? now }),
      ...(verdict?.type === 'Complete' ? { completionTime: job.status?.completionTime ?? now } : {}),
      ...(conditions.length > 0 ? { conditions } : {}),
      ...(active.length > 0 && !verdict ? { active: active.length } : {}),
      ...(succeeded > 0 ? { succeeded } : {}),
      ...(failed > 0 ? { failed } : {}),
      terminating: terminating.length,
      uncountedTerminatedPods: {},
      ready: active.filter(isReady).length,
    }
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(jobs, name, namespace, write, asManagerStatus)
  }

  const cleanUp = (job: JobObject, key: string) => {
    const { ttlSecondsAfterFinished } = job.spec ?? {}
    if (ttlSecondsAfterFinished === undefined) return
    const done = job.status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')
    const left = Date.parse(done?.lastTransitionTime ?? '') + ttlSecondsAfterFinished * 1000 - clock.now()
    if (left > 0) queue.addAfter(key, left)
    else registry.delete(jobs, job.metadata.name, job.metadata.namespace, { propagationPolicy: 'Background' })
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const job = registry.get(jobs, name, namespace) as JobObject | undefined
    if (!job || job.metadata.deletionTimestamp) return
    if (conditionIs(job, 'Complete') || conditionIs(job, 'Failed')) return cleanUp(job, key)
    const owned = podsOf(job)
    const verdict = judge(job, owned)
    if (verdict) {
      remove(job, owned.filter(isActive))
      const says = verdict.type === 'Complete' ? 'Job completed' : verdict.message
      const reason = verdict.type === 'Complete' ? 'Completed' : verdict.reason
      events.record(job, { type: verdict.type === 'Complete' ? 'Normal' : 'Warning', reason, message: says })
    } else balance(job, owned, key)
    report(key, verdict)
    const left = deadlineLeft(job)
    if (!verdict && left !== undefined && left > 0) queue.addAfter(key, left)
  })

  return stopAll(
    queue,
    registry.watch(jobs, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(pods, ({ object }) => {
      const controller = controllerOf(object)
      if (controller?.kind === 'Job') queue.add(`${object.metadata.namespace}/${controller.name}`)
    }),
  )
}
