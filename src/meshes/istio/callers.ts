/**
 * Pods as callers, in groups: those of one group are told apart by no configuration of the caller's side (namespace,
 * sidecar, annotations of its ports, the labels that some rule selects callers by), so what is worked out for how one of
 * them reaches a receiver holds for all.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { identityOf, isGateway, isMeshed, outboundAnnotations } from './pods.ts'
import { fields, labelMap, list } from './read.ts'
import { extensionDoubt } from './traffic.ts'

export interface Caller {
  /** Number of its group. */
  group: number
  /** Its number in the group. */
  place: number
  /** In the certificate of its sidecar, when it has one. */
  identity: string
  /** What leaves it is decided whole, every time: a gateway, or a sidecar with an extension that is not modelled. */
  isOdd: boolean
}

export interface Callers {
  known: Map<Pod, Caller>
  /** By what its callers have in common. */
  groups: Map<string, { number: number; size: number }>
  /** Keys of the labels by which some configuration selects callers. */
  labels: readonly string[]
}

/** Label keys that routing goes by on the caller's side: Sidecars, DestinationRules, `sourceLabels` of VirtualServices. */
export const callerLabels = (
  sidecars: readonly KubeObject[],
  destinationRules: readonly KubeObject[],
  virtualServices: readonly KubeObject[],
): string[] => {
  const selectors = [...sidecars, ...destinationRules].map((object) => fields(fields(object.spec).workloadSelector))
  const matches = virtualServices.flatMap(({ spec }) =>
    [fields(spec).http, fields(spec).tls, fields(spec).tcp].flatMap(list).flatMap((route) => list(fields(route).match)),
  )
  const wanted = [
    ...selectors.flatMap(({ labels, matchLabels }) => [labels, matchLabels]),
    ...matches.map((match) => fields(match).sourceLabels),
  ]
  return [...new Set(wanted.flatMap((each) => Object.keys(labelMap(each))))].sort()
}

export const noCallers = (labels: readonly string[]): Callers => ({ known: new Map(), groups: new Map(), labels })

/** What callers of one group have in common, as text. */
const commonOf = (pod: Pod, isInside: boolean, labels: readonly string[]): string => {
  const { namespace, annotations = {}, labels: own = {} } = pod.metadata
  const values = [...outboundAnnotations.map((name) => annotations[name]), ...labels.map((key) => own[key])]
  return JSON.stringify([namespace, isInside, ...values])
}

export const callerOf = (
  model: {
    callers: Callers
    extensions: readonly KubeObject[]
    config: { trustDomain: string; rootNamespace: string }
  },
  pod: Pod,
): Caller => {
  const { known, groups, labels } = model.callers
  const found = known.get(pod)
  if (found !== undefined) return found
  const isInside = isMeshed(pod)
  const common = commonOf(pod, isInside, labels)
  const group = groups.get(common) ?? { number: groups.size, size: 0 }
  groups.set(common, group)
  const about = {
    namespace: pod.metadata.namespace ?? '',
    labels: pod.metadata.labels,
    root: model.config.rootNamespace,
  }
  const caller: Caller = {
    group: group.number,
    place: group.size++,
    identity: identityOf(pod, model.config.trustDomain),
    isOdd: isGateway(pod) || (isInside && extensionDoubt(model.extensions, about) !== undefined),
  }
  known.set(pod, caller)
  return caller
}
