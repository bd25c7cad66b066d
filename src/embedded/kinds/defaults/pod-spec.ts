/** What a real API server fills into pod specs. Follows core/v1 defaults.go. */
import { canonicalQuantity } from '../quantity.ts'
import type { ContainerSpec, PodSpec, PodTemplateSpec, Probe, Quantities, Volume } from '../types.ts'

/** `latest` or no tag pulls each time; a digest counts as pinned. */
const pullPolicy = (image: string): string => {
  if (/\s/.test(image)) return 'IfNotPresent'
  const path = image.slice(image.lastIndexOf('/') + 1)
  if (path.includes('@')) return 'IfNotPresent'
  const tag = path.includes(':') ? path.slice(path.indexOf(':') + 1) : 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

const httpGetDefaults = (get: Probe['httpGet']) => {
  if (!get) return
  get.path ??= '/'
  get.scheme ??= 'HTTP'
}

const probeDefaults = (probe: Probe | undefined) => {
  if (!probe) return
  httpGetDefaults(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
}

const canonical = (quantities: Quantities | undefined) => {
  if (!quantities) return
  for (const [name, value] of Object.entries(quantities)) quantities[name] = canonicalQuantity(value)
}

const containerDefaults = (container: ContainerSpec) => {
  if (container.image) container.imagePullPolicy ??= pullPolicy(container.image)
  // Without an image there is no default; validation then reports the image only.
  else container.imagePullPolicy ??= 'IfNotPresent'
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.resources ??= {}
  canonical(container.resources.limits)
  canonical(container.resources.requests)
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ??= 'v1'
    if (variable.valueFrom?.resourceFieldRef) variable.valueFrom.resourceFieldRef.divisor ??= '0'
  }
  probeDefaults(container.livenessProbe)
  probeDefaults(container.readinessProbe)
  probeDefaults(container.startupProbe)
  httpGetDefaults(container.lifecycle?.postStart?.httpGet)
  httpGetDefaults(container.lifecycle?.preStop?.httpGet)
}

interface Projection {
  defaultMode?: number
  sources?: {
    serviceAccountToken?: { expirationSeconds?: number }
    downwardAPI?: { items?: Projection['items'] }
  }[]
  items?: { fieldRef?: { apiVersion?: string }; resourceFieldRef?: { divisor?: string } }[]
}

const volumeDefaults = (volume: Volume) => {
  if (!Object.keys(volume).some((key) => key !== 'name' && volume[key] !== undefined)) volume.emptyDir = {}
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const projection = volume[source] as Projection | undefined
    if (!projection) continue
    projection.defaultMode ??= 0o644
    const items = [projection, ...(projection.sources ?? []).map((from) => from.downwardAPI)]
    for (const item of items.flatMap((from) => from?.items ?? [])) {
      if (item.fieldRef) item.fieldRef.apiVersion ??= 'v1'
      if (item.resourceFieldRef) item.resourceFieldRef.divisor ??= '0'
    }
    for (const from of projection.sources ?? []) {
      if (from.serviceAccountToken) from.serviceAccountToken.expirationSeconds ??= 3600
    }
  }
  const hostPath = volume.hostPath as { type?: string } | undefined
  if (hostPath) hostPath.type ??= ''
}

/** A template that was left out is an empty one, which validation then finds wanting. */
export const defaultTemplate = (owner: { template?: PodTemplateSpec }): void => {
  owner.template ??= {}
  owner.template.metadata ??= {}
  owner.template.spec ??= {}
  defaultPodSpec(owner.template.spec)
}

/** Fills in a pod spec in place, in a Pod or in a template. */
export const defaultPodSpec = (spec: PodSpec | undefined): void => {
  if (!spec) return
  spec.restartPolicy ??= 'Always'
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  // The older name of the same field; both are always shown.
  if (spec.serviceAccountName === undefined && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
  for (const container of containers) containerDefaults(container)
  if (spec.hostNetwork) {
    for (const port of containers.flatMap((container) => container.ports ?? [])) port.hostPort ??= port.containerPort
  }
  for (const volume of spec.volumes ?? []) volumeDefaults(volume)
}
