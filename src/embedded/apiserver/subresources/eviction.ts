/**
 * `/eviction`: a deletion that PodDisruptionBudgets may hold back. Follows
 * kubernetes/pkg/registry/core/pod/storage/eviction.go. Not modelled: retries after a budget changed meanwhile (one
 * turn decides and writes).
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { StatusError } from '../../../kube/errors.ts'
import { timestamp } from '../../clock.ts'
import type { BudgetObject } from '../../controllers/disruption.ts'
import { selects } from '../../kinds/selector.ts'
import type { PodObject } from '../../kinds/types.ts'
import { type Call, json } from '../call.ts'
import { record } from '../equality.ts'
import { failure, notFound } from '../errors.ts'
import { deleteQuery } from '../options.ts'
import { sentTo } from './pod.ts'

const budgets = { group: 'policy', resource: 'poddisruptionbudgets' }
const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

const refused = (message: string, retryAfterSeconds?: number): StatusError =>
  failure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  })

const isReady = (pod: PodObject): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** Pods that serve nobody go without asking. */
const isFree = (pod: PodObject): boolean =>
  pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(pod.status?.phase ?? '')

/** Whether a pod that is not ready may go whatever the budget says. */
const mayLeaveUnready = ({ spec, status }: BudgetObject): boolean => {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

/** @throws StatusError 429 when the budget allows no disruption */
const checkBudget = ({ metadata, status }: BudgetObject): void => {
  if ((status?.observedGeneration ?? 0) < Number(metadata.generation ?? 0))
    throw refused(`The disruption budget ${metadata.name} is still being processed by the server.`, 10)
  if ((status?.disruptionsAllowed ?? 0) > 0) return
  throw refused(
    `The disruption budget ${metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
  )
}

export async function eviction(call: Call): Promise<Response> {
  const { parts, kind, name = '', namespace, query } = call
  const object = await sentTo(call, { group: 'policy', version: 'v1', kind: 'Eviction' })
  const { dryRun: inBodyDryRun, ...inBody } = record(object.deleteOptions) ?? {}
  const options = deleteQuery(query, inBody)
  const dryRun = options.dryRun || query.getAll('dryRun').includes('All') || [inBodyDryRun].flat().includes('All')
  // From here to the deletion nothing waits: the budget cannot be spent twice.
  const pod = parts.registry.get(kind, name, namespace) as PodObject | undefined
  if (!pod) throw notFound(kind, name)
  if (!isFree(pod)) {
    const guarding = (parts.registry.list(budgets, { namespace }) as BudgetObject[]).filter(({ spec }) =>
      selects(spec?.selector, pod.metadata.labels),
    )
    if (guarding.length > 1)
      throw failure(
        500,
        'InternalError',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      )
    const [budget] = guarding
    if (budget && (isReady(pod) || !mayLeaveUnready(budget))) {
      checkBudget(budget)
      if (!dryRun) spend(call, budget, name)
    }
  }
  parts.registry.delete(kind, name, namespace, { ...options, dryRun })
  return json(success, 201)
}

function spend({ parts, namespace }: Call, budget: BudgetObject, pod: string): void {
  const write = (draft: KubeObject): void => {
    const { status } = draft as BudgetObject
    if (!status) return
    status.disruptionsAllowed--
    status.disruptedPods = { ...status.disruptedPods, [pod]: timestamp(parts.clock) }
  }
  parts.registry.mutate(budgets, budget.metadata.name, namespace, write, { subresource: 'status' })
}
