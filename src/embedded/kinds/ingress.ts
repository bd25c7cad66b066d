/** Ingresses and their classes: stored and shown, no controller serves them. */
import { isIP } from 'node:net'
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, shortened, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { complaints, immutable, invalid, notSupported, required } from './validation/errors.ts'
import { dnsSubdomain, wildcardSubdomain } from './validation/names.ts'

interface Backend {
  service?: { name?: string; port?: { name?: string; number?: number } }
  resource?: unknown
}

interface Ingress extends KubeObject {
  spec?: {
    ingressClassName?: string
    defaultBackend?: Backend
    tls?: { hosts?: string[] }[]
    rules?: { host?: string; http?: { paths?: { path?: string; pathType?: string; backend?: Backend }[] } }[]
  }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']

const backendErrors = ({ service, resource }: Backend, at: string): FieldError[] => {
  if (resource) return []
  if (!service) return [invalid(at, '', 'resource or service backend is required')]
  if (service.port?.name && service.port.number) return [invalid(at, '', 'cannot set both port name & port number')]
  return [
    ...(service.name ? [] : [required(`${at}.service.name`)]),
    ...(service.port?.name || service.port?.number ? [] : [required(at, 'port name or number is required')]),
  ]
}

const odd = ['//', '/./', '/../', '%2f', '%2F']
const oddEnds = ['/..', '/.']

const pathErrors = (path: string, at: string): FieldError[] => [
  ...odd.flatMap((part) => (path.includes(part) ? [invalid(at, path, `must not contain '${part}'`)] : [])),
  ...oddEnds.flatMap((end) => (path.endsWith(end) ? [invalid(at, path, `cannot end with '${end}'`)] : [])),
]

const hostErrors = (host: string, at: string): FieldError[] => {
  if (isIP(host)) return [invalid(at, host, 'must be a DNS name, not an IP address')]
  return complaints(at, host, host.includes('*') ? wildcardSubdomain : dnsSubdomain)
}

const validate = (object: KubeObject): FieldError[] => {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = (object as Ingress).spec ?? {}
  const errors: FieldError[] = []
  if (rules.length === 0 && !defaultBackend) {
    errors.push(invalid('spec', null, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (defaultBackend) errors.push(...backendErrors(defaultBackend, 'spec.defaultBackend'))
  tls.forEach(({ hosts = [] }, index) => {
    hosts.forEach((host, position) => {
      errors.push(...hostErrors(host, `spec.tls[${index}].hosts[${position}]`))
    })
  })
  if (ingressClassName) errors.push(...complaints('spec.ingressClassName', ingressClassName, dnsSubdomain))
  rules.forEach(({ host, http }, rule) => {
    if (host) errors.push(...hostErrors(host, `spec.rules[${rule}].host`))
    if (http && (http.paths ?? []).length === 0) errors.push(required(`spec.rules[${rule}].http.paths`))
    ;(http?.paths ?? []).forEach(({ path, pathType, backend = {} }, index) => {
      const at = `spec.rules[${rule}].http.paths[${index}]`
      if (!pathType) errors.push(required(`${at}.pathType`, 'pathType must be specified'))
      else if (!pathTypes.includes(pathType)) errors.push(notSupported(`${at}.pathType`, pathType, pathTypes))
      else if (pathType !== 'ImplementationSpecific' && !path?.startsWith('/')) {
        errors.push(invalid(`${at}.path`, path ?? '', 'must be an absolute path'))
      } else if (pathType !== 'ImplementationSpecific') errors.push(...pathErrors(path ?? '', `${at}.path`))
      errors.push(...backendErrors(backend, `${at}.backend`))
    })
  })
  return errors
}

export const ingressKind: Kind = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  resource: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  namespaced: true,
  goType: 'networking/v1.Ingress',
  status: true,
  generation: true,
  setDefaults: (object) => {
    object.status ??= { loadBalancer: {} }
  },
  validate,
  warnings: (object) =>
    object.metadata.annotations?.['kubernetes.io/ingress.class'] === undefined ||
    (object as Ingress).spec?.ingressClassName
      ? []
      : ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'],
  columns: [
    nameColumn,
    text<Ingress>('Class', ({ spec }) => spec?.ingressClassName ?? '<none>'),
    text<Ingress>('Hosts', ({ spec }) => {
      const hosts = (spec?.rules ?? []).map(({ host }) => host || '*')
      return hosts.length === 0 ? '*' : shortened(hosts, 3)
    }),
    text<Ingress>('Address', ({ status }) =>
      (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').join(','),
    ),
    text<Ingress>('Ports', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
}

interface IngressClass extends KubeObject {
  spec?: { controller?: string; parameters?: { apiGroup?: string; kind?: string; name?: string } }
}

export const ingressClassKind: Kind = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  singular: 'ingressclass',
  namespaced: false,
  goType: 'networking/v1.IngressClass',
  generation: true,
  validate: (object, old) => {
    const { controller } = (object as IngressClass).spec ?? {}
    if (old) return immutable('spec.controller', controller, (old as IngressClass).spec?.controller)
    if (!controller) return [required('spec.controller')]
    const says = 'must be a domain-prefixed path (such as "acme.io/foo")'
    return /^[a-z0-9.-]+\/.+/.test(controller) ? [] : [invalid('spec.controller', controller, says)]
  },
  columns: [
    nameColumn,
    text<IngressClass>('Controller', ({ spec }) => spec?.controller ?? ''),
    text<IngressClass>('Parameters', ({ spec }) => {
      const { apiGroup, kind, name } = spec?.parameters ?? {}
      if (!kind) return '<none>'
      return `${kind}${apiGroup ? `.${apiGroup}` : ''}/${name}`
    }),
    ageColumn,
  ],
}
