/** Services. Addresses and node ports are allocated by admission (`embedded/admission`). Not modelled: dual stack. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, formatLabels, nameColumn, text, wide } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import type { ServiceObject } from './types.ts'
import { complaints, duplicate, forbidden, invalid, notSupported, oneOf, required } from './validation/errors.ts'
import { labelErrors } from './validation/labels.ts'
import { dnsLabel, dnsSubdomain, ipAddress, qualifiedName, reachableAddress } from './validation/names.ts'
import { portErrors } from './validation/ports.ts'

type Spec = NonNullable<ServiceObject['spec']>

const isExternal = (spec: Spec): boolean =>
  spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs ?? []).length > 0

const setDefaults = (object: KubeObject) => {
  const service = object as ServiceObject
  service.spec ??= {}
  const { spec } = service
  spec.type ||= 'ClusterIP'
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } }
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === '' || port.targetPort === 0) port.targetPort = port.port
  }
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  // What belongs to an address goes with it.
  else for (const field of ['internalTrafficPolicy', 'ipFamilies', 'ipFamilyPolicy'] as const) delete spec[field]
  if (isExternal(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
  service.status ??= {}
  service.status.loadBalancer ??= {}
}

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

/** The refusal shows what was compared, in Go's names. */
const goPort = ({ protocol, port }: { protocol?: string; port?: number }) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
})

const policies = ['Cluster', 'Local']

const trafficErrors = (spec: Spec): FieldError[] => {
  const { externalTrafficPolicy: outside, internalTrafficPolicy: inside } = spec
  const errors: FieldError[] = []
  if (outside !== undefined && !policies.includes(outside)) {
    errors.push(notSupported('spec.externalTrafficPolicy', outside, policies))
  } else if (outside && !isExternal(spec)) {
    errors.push(invalid('spec.externalTrafficPolicy', outside, 'may only be set for externally-accessible services'))
  }
  if (inside !== undefined && !policies.includes(inside)) {
    errors.push(notSupported('spec.internalTrafficPolicy', inside, policies))
  }
  return errors
}

const addressErrors = (spec: Spec): FieldError[] => {
  const errors: FieldError[] = []
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (seconds !== undefined && (seconds <= 0 || seconds > 86_400)) {
    const says = 'must be greater than 0 and less than 86400'
    errors.push(invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, says))
  }
  const asked = spec.clusterIPs?.[0] ?? spec.clusterIP
  if (asked && asked !== 'None') errors.push(...complaints('spec.clusterIPs[0]', asked, ipAddress))
  ;(spec.externalIPs ?? []).forEach((ip, index) => {
    const format = ipAddress(ip).length > 0 ? ipAddress : reachableAddress
    errors.push(...complaints(`spec.externalIPs[${index}]`, ip, format))
  })
  if (spec.loadBalancerSourceRanges?.length && spec.type !== 'LoadBalancer') {
    errors.push(forbidden('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"))
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const says = 'this cluster is not configured for dual-stack services'
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, says))
  }
  ;(spec.ipFamilies ?? []).forEach((family, index) => {
    if (['IPv4', 'IPv6'].includes(family)) return
    errors.push(notSupported(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6']))
  })
  return errors
}

const portsErrors = (spec: Spec): FieldError[] => {
  const ports = spec.ports ?? []
  const errors: FieldError[] = []
  const names = new Set<string>()
  const numbers = new Set<string>()
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`
    if (!port.name) {
      if (ports.length > 1) errors.push(required(`${at}.name`))
    } else {
      errors.push(...dnsLabel(port.name).map((says) => invalid(`${at}.name`, port.name, says)))
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    errors.push(...portErrors(port.port ?? 0, `${at}.port`))
    errors.push(...oneOf(`${at}.protocol`, port.protocol, ['TCP', 'UDP', 'SCTP']))
    if (port.appProtocol) errors.push(...complaints(`${at}.appProtocol`, port.appProtocol, qualifiedName))
    if (port.targetPort !== undefined) errors.push(...portErrors(port.targetPort, `${at}.targetPort`))
    if (port.nodePort && !isExternal(spec)) {
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
    }
    const number = `${port.protocol}/${port.port}`
    if (numbers.has(number)) errors.push(duplicate(at, goPort(port)))
    numbers.add(number)
  })
  return errors
}

const validate = (object: KubeObject, old?: KubeObject): FieldError[] => {
  const spec = (object as ServiceObject).spec ?? {}
  const errors: FieldError[] = []
  const headless = spec.clusterIP === 'None'
  if ((spec.ports ?? []).length === 0 && !headless && spec.type !== 'ExternalName') errors.push(required('spec.ports'))
  errors.push(...portsErrors(spec))
  if (spec.type === 'LoadBalancer' && headless) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services"))
  }
  if (spec.type === 'NodePort' && headless) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services"))
  }
  if (spec.type === 'ExternalName') {
    const name = (spec.externalName ?? '').replace(/\.$/, '')
    if (name === '') errors.push(required('spec.externalName'))
    else errors.push(...dnsSubdomain(name).map((says) => invalid('spec.externalName', name, says)))
    if (spec.clusterIP) errors.push(forbidden('spec.clusterIPs', "may not be set when `type` is 'ExternalName'"))
  }
  errors.push(...labelErrors(spec.selector, 'spec.selector'))
  if (!['ClientIP', 'None'].includes(spec.sessionAffinity ?? '')) {
    errors.push(notSupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']))
  }
  if (!types.includes(spec.type ?? '')) errors.push(notSupported('spec.type', spec.type, types))
  errors.push(...addressErrors(spec), ...trafficErrors(spec))
  return [...errors, ...updateErrors(spec, (old as ServiceObject | undefined)?.spec)]
}

/** A cluster IP stays for the life of the service, unless the service becomes or stops being an ExternalName. */
const updateErrors = (spec: Spec, old: Spec | undefined): FieldError[] => {
  if (!old || old.type === 'ExternalName' || spec.type === 'ExternalName') return []
  const [before] = old.clusterIPs ?? []
  const [after] = spec.clusterIPs ?? []
  return before && after !== before
    ? [invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [], 'may not change once set')]
    : []
}

const externalAddress = (service: ServiceObject, full: boolean): string => {
  const { type, externalIPs = [], externalName } = service.spec ?? {}
  if (type === 'ExternalName') return externalName ?? ''
  const given = externalIPs.join(',')
  if (type !== 'LoadBalancer') return given || '<none>'
  const balancers = service.status?.loadBalancer?.ingress?.map(({ ip, hostname }) => ip || hostname || '') ?? []
  const listed = [...new Set(balancers.filter((address) => address !== ''))].sort().join(',')
  const shown = !full && listed.length > 16 ? `${listed.slice(0, 13)}...` : listed
  return [shown, given].filter((part) => part !== '').join(',') || '<pending>'
}

const ports = (service: ServiceObject): string =>
  (service.spec?.ports ?? [])
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(',') || '<none>'

export const serviceKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  goType: 'core/v1.Service',
  status: true,
  nameFormat: 'label',
  createOnUpdate: true,
  deleteReturnsObject: true,
  setDefaults,
  validate,
  columns: [
    nameColumn,
    text<ServiceObject>('Type', (service) => service.spec?.type ?? ''),
    text<ServiceObject>('Cluster-IP', (service) => service.spec?.clusterIPs?.[0] || '<none>'),
    text<ServiceObject>('External-IP', (service) => externalAddress(service, false)),
    text('Port(s)', ports),
    ageColumn,
    wide(text<ServiceObject>('Selector', (service) => formatLabels(service.spec?.selector))),
  ],
  selectableFields: {
    'spec.clusterIP': (object) => (object as ServiceObject).spec?.clusterIP ?? '',
    'spec.type': (object) => (object as ServiceObject).spec?.type ?? '',
  },
}
