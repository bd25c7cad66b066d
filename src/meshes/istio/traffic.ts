/**
 * Traffic and extension kinds, as far as they can change whether a call gets through: what each says about TLS, and
 * otherwise which of its fields this engine would have to understand. Harmless ones stay harmless.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { ServicePort } from '../../kube/kinds.ts'
import { fullName, hostCovers } from '../match/hosts.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import type { Evidence } from '../verdict.ts'
import { fields, isFields, labelMap, list, refOf, text, texts } from './read.ts'

export type ClientTls = 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'

/** A host or namespace rule that applies from `namespace` (exportTo). */
const exported = (object: KubeObject, namespace: string): boolean => {
  const to = texts(fields(object.spec).exportTo)
  if (to.length === 0) return true
  return to.some(
    (each) => each === '*' || each === namespace || (each === '.' && object.metadata.namespace === namespace),
  )
}

const hostOf = (object: KubeObject, host: unknown): string =>
  fullName(text(host) ?? '', object.metadata.namespace ?? 'default')

/** More specific hosts first: exact before wildcards, longer wildcards before shorter. */
const specificity = (host: string): number => (host.startsWith('*') ? host.length : host.length + 1000)

export interface DestinationTls {
  mode: ClientTls
  evidence: Evidence
}

const tlsAt = (policy: unknown, port: number): { mode: ClientTls; field: string } | undefined => {
  const settings = list(fields(policy).portLevelSettings)
  const index = settings.findIndex((each) => fields(fields(each).port).number === port && isFields(fields(each).tls))
  const [tls, field] =
    index >= 0
      ? [fields(fields(settings[index]).tls), `spec.trafficPolicy.portLevelSettings[${index}].tls.mode`]
      : [fields(fields(policy).tls), 'spec.trafficPolicy.tls.mode']
  if (index < 0 && !isFields(fields(policy).tls)) return undefined
  // An absent mode is the enum's zero value.
  const mode = text(tls.mode) ?? 'DISABLE'
  return { mode: mode as ClientTls, field }
}

/**
 * The client TLS mode that DestinationRules demand for a Service from a namespace; undefined: none, so auto mTLS.
 * Client namespace, then the Service's, then the root namespace; inside one the most specific host, then the oldest.
 */
export const destinationTls = (
  rules: readonly KubeObject[],
  about: { host: string; home: string; from: string; root: string; port: ServicePort; labels: Labels },
): { tls?: DestinationTls; unsure?: Evidence } => {
  for (const namespace of new Set([about.from, about.home, about.root])) {
    const here = rules.filter(
      (rule) =>
        rule.metadata.namespace === namespace &&
        exported(rule, about.from) &&
        hostCovers(hostOf(rule, fields(rule.spec).host), about.host),
    )
    const selecting = here.filter((rule) => isFields(fields(rule.spec).workloadSelector))
    for (const rule of selecting) {
      const wanted = labelMap(fields(fields(rule.spec).workloadSelector).matchLabels)
      if (namespace === about.from && hasLabels(wanted, about.labels))
        return { unsure: { object: refOf(rule), field: 'spec.workloadSelector' } }
    }
    const candidates = here.filter((rule) => !selecting.includes(rule))
    const hosts = candidates.map((rule) => specificity(hostOf(rule, fields(rule.spec).host)))
    const winners = candidates.filter((_rule, index) => hosts[index] === Math.max(...hosts))
    if (winners.length === 0) continue
    // Rules for one host merge, and the oldest that has a trafficPolicy gives it.
    const rule = winners.find((each) => isFields(fields(each.spec).trafficPolicy)) ?? winners[0]
    if (rule === undefined) continue
    const tls = tlsAt(fields(rule.spec).trafficPolicy, about.port.port)
    return tls === undefined ? {} : { tls: { mode: tls.mode, evidence: { object: refOf(rule), field: tls.field } } }
  }
  return {}
}

/** A VirtualService route that only repeats what would happen without it: the same host, no conditions, no changes. */
const isPlainRoute = (route: unknown, object: KubeObject, host: string, port: number): boolean => {
  const known = new Set(['name', 'route'])
  if (Object.keys(fields(route)).some((key) => !known.has(key))) return false
  const targets = list(fields(route).route)
  return (
    targets.length > 0 &&
    targets.every((target) => {
      const destination = fields(fields(target).destination)
      const plain = Object.keys(fields(target)).every((key) => key === 'destination' || key === 'weight')
      const number = fields(destination.port).number
      return (
        plain &&
        destination.subset === undefined &&
        hostOf(object, destination.host) === host &&
        (number === undefined || number === port)
      )
    })
  )
}

/** The field of a VirtualService that would have to be understood for a call from a sidecar to that host. */
export const virtualServiceDoubt = (
  services: readonly KubeObject[],
  about: { host: string; from: string; port: number; http: boolean },
): Evidence | undefined => {
  for (const object of services) {
    const spec = fields(object.spec)
    const gateways = texts(spec.gateways)
    if (gateways.length > 0 && !gateways.includes('mesh')) continue
    if (
      !exported(object, about.from) ||
      !texts(spec.hosts).some((host) => hostCovers(hostOf(object, host), about.host))
    )
      continue
    for (const kind of about.http ? ['http'] : ['tcp', 'tls']) {
      const routes = list(spec[kind])
      if (routes.length > 0 && !isPlainRoute(routes[0], object, about.host, about.port))
        return { object: refOf(object), field: `spec.${kind}` }
    }
  }
  return undefined
}

/** A Sidecar of the client's that does not clearly import the Service. */
export const sidecarDoubt = (
  sidecars: readonly KubeObject[],
  about: { host: string; home: string; from: string; labels: Labels; root: string },
): Evidence | undefined => {
  const scoped = (namespace: string, selecting: boolean): KubeObject | undefined =>
    sidecars.find((object) => {
      const wanted = labelMap(fields(fields(object.spec).workloadSelector).labels)
      const has = Object.keys(wanted).length > 0
      return object.metadata.namespace === namespace && has === selecting && hasLabels(wanted, about.labels)
    })
  const sidecar = scoped(about.from, true) ?? scoped(about.from, false) ?? scoped(about.root, false)
  const egress = sidecar === undefined ? [] : list(fields(sidecar.spec).egress)
  if (sidecar === undefined || egress.length === 0) return undefined
  const imported = egress.some((listener) => {
    const plain = fields(listener).port === undefined && fields(listener).bind === undefined
    return (
      plain &&
      texts(fields(listener).hosts).some((entry) => {
        const slash = entry.indexOf('/')
        const [namespace, name] = [entry.slice(0, slash), entry.slice(slash + 1)]
        const here = namespace === '*' || namespace === about.home || (namespace === '.' && about.home === about.from)
        return here && hostCovers(name, about.host)
      })
    )
  })
  return imported ? undefined : { object: refOf(sidecar), field: 'spec.egress' }
}

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

/** A ServiceEntry that speaks of the same host or address. */
export const serviceEntryDoubt = (
  entries: readonly KubeObject[],
  about: { host: string; from: string; addresses: readonly string[] },
): Evidence | undefined => {
  for (const object of entries) {
    const spec = fields(object.spec)
    if (!exported(object, about.from)) continue
    if (texts(spec.hosts).some((host) => hostCovers(host, about.host)))
      return { object: refOf(object), field: 'spec.hosts' }
    if (texts(spec.addresses).some((each) => about.addresses.includes(each.replace(/\/(32|128)$/, ''))))
      return { object: refOf(object), field: 'spec.addresses' }
  }
  return undefined
}

const extensionFields: Record<string, [selector: string, labels: string, field: string]> = {
  EnvoyFilter: ['workloadSelector', 'labels', 'spec.configPatches'],
  WasmPlugin: ['selector', 'matchLabels', 'spec.url'],
  TrafficExtension: ['selector', 'matchLabels', 'spec'],
}

/** An EnvoyFilter, WasmPlugin or TrafficExtension in the sidecar of that workload: it can do anything. */
export const extensionDoubt = (
  extensions: readonly KubeObject[],
  about: { namespace: string; labels: Labels; root: string },
): Evidence | undefined => {
  for (const object of extensions) {
    const [selector, labels, field] = extensionFields[object.kind] ?? ['', '', 'spec']
    const spec = fields(object.spec)
    const inScope = object.metadata.namespace === about.namespace || object.metadata.namespace === about.root
    const targeted = list(spec.targetRefs).length > 0 || isFields(spec.targetRef)
    if (inScope && !targeted && hasLabels(labelMap(fields(spec[selector])[labels]), about.labels)) {
      const named = field === 'spec' || Object.hasOwn(spec, field.slice('spec.'.length)) ? field : 'spec'
      return { object: refOf(object), field: named }
    }
  }
  return undefined
}
