/** AuthorizationPolicies, Sidecars and Telemetries: whom they name and whom they select (analyzers/authz, sidecar, telemetry). */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { fields, isFields, labelMap, list, texts } from '../../../meshes/istio/read.ts'
import { type Analyzer, isInMesh, type Message, missing, selected, shownLabels } from './facts.ts'

const namesNamespace = (pattern: string, name: string): boolean => {
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1))
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1))
  return name.toLowerCase() === pattern.toLowerCase()
}

export const authorization: Analyzer = (facts) => {
  const pods = (facts.ofKind('Pod') as Pod[]).filter((pod) => isInMesh(pod, facts))
  const namespaces = facts.ofKind('Namespace').map(({ metadata }) => metadata.name)
  return facts.ofKind('AuthorizationPolicy').flatMap((object) => {
    const spec = fields(object.spec)
    const { selector } = spec
    const isRoot = object.metadata.namespace === 'istio-system'
    const labels = labelMap(fields(selector).matchLabels)
    const inScope = pods.filter(({ metadata }) => isRoot || metadata.namespace === object.metadata.namespace)
    const isIdle = (isFields(selector) || !isRoot) && selected(inScope, labels).length === 0
    const says = `No matching workloads for this resource with the following labels: ${shownLabels(labels)}`
    const unknown = list(spec.rules)
      .flatMap((rule) => list(fields(rule).from))
      .map((from) => fields(fields(from).source))
      .flatMap((source) => [...texts(source.namespaces), ...texts(source.notNamespaces)])
      .filter((pattern) => !namespaces.some((name) => namesNamespace(pattern, name)))
    return [
      ...(isIdle ? [{ level: 'Warning' as const, code: 'IST0127', object, says }] : []),
      ...unknown.map((name) => missing(object, 'namespace', name)),
    ]
  })
}

interface Selecting {
  kind: string
  plural: string
  labelsOf: (object: KubeObject) => Record<string, string>
  /** Whether it stands for its whole namespace. */
  isWide: (object: KubeObject) => boolean
  codes: { samePod: string; sameNamespace: string }
}

const byNamespace = (objects: readonly KubeObject[]): KubeObject[][] => [
  ...Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? '').values(),
]

/** At most one may stand for a pod, and one for a namespace. */
const conflicts =
  ({ kind, plural, labelsOf, isWide, codes }: Selecting): Analyzer =>
  ({ ofKind }) => {
    const pods = ofKind('Pod')
    const named = (objects: readonly KubeObject[]): string =>
      `[${objects.map(({ metadata }) => metadata.name).join(' ')}]`
    const undefinedBehaviour = 'which can lead to undefined behavior.'
    const error = (code: string, object: KubeObject, says: string): Message => ({ level: 'Error', code, object, says })
    return byNamespace(ofKind(kind)).flatMap((objects) => {
      const home = objects[0]?.metadata.namespace ?? ''
      const wide = objects.filter(isWide)
      const narrow = objects.filter((object) => Object.keys(labelsOf(object)).length > 0)
      const neighbours = pods.filter(({ metadata }) => metadata.namespace === home)
      const idle = narrow.filter((object) => selected(neighbours, labelsOf(object)).length === 0)
      const says = (what: string): string => `in namespace "${home}" ${what}, ${undefinedBehaviour}`
      return [
        ...idle.map((object) => missing(object, 'selector', shownLabels(labelsOf(object)))),
        ...neighbours.flatMap((pod) => {
          const both = narrow.filter((object) => selected([pod], labelsOf(object)).length > 0)
          if (both.length < 2) return []
          const what = `select the same workload pod "${pod.metadata.name}"`
          return both.map((object) => error(codes.samePod, object, `The ${plural} ${named(both)} ${says(what)}`))
        }),
        ...(wide.length < 2
          ? []
          : wide.map((object) =>
              error(codes.sameNamespace, object, `The ${plural} ${named(wide)} ${says('have no workload selector')}`),
            )),
      ]
    })
  }

const sidecarLabels = ({ spec }: KubeObject) => labelMap(fields(fields(spec).workloadSelector).labels)
const telemetryLabels = ({ spec }: KubeObject) => labelMap(fields(fields(spec).selector).matchLabels)

export const sidecars = conflicts({
  kind: 'Sidecar',
  plural: 'Sidecars',
  labelsOf: sidecarLabels,
  isWide: (object) => Object.keys(sidecarLabels(object)).length === 0,
  codes: { samePod: 'IST0110', sameNamespace: 'IST0111' },
})

export const telemetries = conflicts({
  kind: 'Telemetry',
  plural: 'Telemetries',
  labelsOf: telemetryLabels,
  isWide: ({ spec }) => !isFields(fields(spec).selector),
  codes: { samePod: 'IST0159', sameNamespace: 'IST0160' },
})

/** Access logs for which neither the object nor the mesh names a provider. */
export const telemetryProviders: Analyzer = ({ ofKind }) =>
  ofKind('Telemetry')
    .filter(({ spec }) =>
      list(fields(spec).accessLogging)
        .map(fields)
        .some(({ disabled, providers }) => disabled !== true && list(providers).length === 0),
    )
    .map((object) => ({
      level: 'Warning',
      code: 'IST0157',
      object,
      says: `The Telemetry ${object.metadata.name} in namespace "${object.metadata.namespace}" with empty providers will be ignored.`,
    }))
