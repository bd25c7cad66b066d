/**
 * Kinds that can change what a workload's own proxy does and are not modelled: Sidecar ingress listeners, EnvoyFilters
 * (but for rate-limit.ts), WasmPlugins, TrafficExtensions. Each is named by the field that would have to be understood.
 */
import type { KubeObject } from '../../kube/api.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import type { Evidence } from '../verdict.ts'
import { readRateLimits } from './rate-limit.ts'
import { fields, isFields, labelMap, list, refOf } from './read.ts'

/** A Sidecar of the receiver's that takes over the port. */
export const ingressDoubt = (
  sidecars: readonly KubeObject[],
  about: { namespace: string; labels: Labels },
): Evidence | undefined => {
  const found = sidecars.find((object) => {
    const spec = fields(object.spec)
    const wanted = labelMap(fields(spec.workloadSelector).labels)
    const here = object.metadata.namespace === about.namespace && hasLabels(wanted, about.labels)
    return here && list(spec.ingress).length > 0
  })
  return found && { object: refOf(found), field: 'spec.ingress' }
}

const extensionFields: Record<string, [selector: string, labels: string, field: string]> = {
  EnvoyFilter: ['workloadSelector', 'labels', 'spec.configPatches'],
  WasmPlugin: ['selector', 'matchLabels', 'spec.url'],
  TrafficExtension: ['selector', 'matchLabels', 'spec'],
}

/** A local rate limit counts what comes in and changes nothing about what goes out. */
const isUnderstood = (object: KubeObject): boolean => readRateLimits(object) !== undefined

/** An EnvoyFilter, WasmPlugin or TrafficExtension in the sidecar of that workload: it can do anything. */
export const extensionDoubt = (
  extensions: readonly KubeObject[],
  about: { namespace: string; labels: Labels; root: string },
): Evidence | undefined => {
  for (const object of extensions) {
    const [selector, labels, field] = extensionFields[object.kind] ?? ['', '', 'spec']
    const spec = fields(object.spec)
    const inScope = object.metadata.namespace === about.namespace || object.metadata.namespace === about.root
    if (!inScope || isUnderstood(object)) continue
    const targeted = list(spec.targetRefs).length > 0 || isFields(spec.targetRef)
    if (!targeted && hasLabels(labelMap(fields(spec[selector])[labels]), about.labels)) {
      const named = field === 'spec' || Object.hasOwn(spec, field.slice('spec.'.length)) ? field : 'spec'
      return { object: refOf(object), field: named }
    }
  }
  return undefined
}
