/** What routes, networks and Services can say to the proxies of callers. */
import type { KubeObject } from '../../kube/api.ts'
import { fields, list, nameOf, refOf, text } from '../read.ts'
import type { Evidence, Step } from '../verdict.ts'
import { isCoreKind, isPolicyKind } from './authorization.ts'

/** `refused`: the caller's proxy denies the call; `passed`: it goes on, and why is worth a step. */
export interface Outbound {
  outcome: 'refused' | 'unknown' | 'passed'
  step: Step
}

export const doubt = (object: KubeObject, field: string, says: string): Outbound => {
  const evidence: Evidence = { object: refOf(object), field }
  const sentence = `${nameOf(evidence.object)} (${field}) ${says} and is not modelled`
  return { outcome: 'unknown', step: { at: 'client', outcome: 'unknown', says: sentence, evidence } }
}

/** Whether one of the route's parents is that object. A parent needs a kind; its namespace defaults to the route's. */
export const hangsOn = (route: KubeObject, parent: KubeObject, port: number): boolean =>
  list(fields(route.spec).parentRefs).some((each) => {
    const ref = fields(each)
    const isKind = parent.kind === 'Service' ? isCoreKind(ref, 'Service') : isPolicyKind(ref, parent.kind)
    return (
      isKind &&
      ref.name === parent.metadata.name &&
      (text(ref.namespace) ?? route.metadata.namespace) === parent.metadata.namespace &&
      (ref.port === undefined || ref.port === port)
    )
  })

/** Timeouts, retries and circuit breaking of callers, as annotations of the Service (or of a route, which is unknown anyway). */
export const isCallersAnnotation = (name: string): boolean =>
  /^(timeout|retry|balancer|balancer\.alpha)\.linkerd\.io\//.test(name)
