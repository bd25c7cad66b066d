/**
 * linkerd-policy-validator, in its words. Upstream: linkerd2 policy-controller/runtime/src/admission.rs,
 * policy-controller/k8s/index/src/{defaults.rs,inbound/authorization_policy.rs}, policy-controller/k8s/api/src/policy.
 * Beyond it: ExternalWorkloads are refused, because they are not modelled. Not modelled either: header names and values
 * of filters, retry and timeout annotations of routes.
 */
import { addressRange } from '../match/cidr.ts'
import type { AdmissionAnswer, AdmissionReview } from '../mesh.ts'
import { type Fields, fields, list, text } from '../read.ts'
import { isCoreKind, isDefaultPolicy, isPolicyKind, policyGroup } from './authorization.ts'
import { groupOf } from './routes.ts'

/** `Deployment.apps`, or the kind alone for the core group. */
const canonical = (ref: Fields): string => {
  const group = text(ref.group) ?? ''
  return group === '' ? (text(ref.kind) ?? '') : `${text(ref.kind) ?? ''}.${group}`
}

type Check = (spec: Fields, namespace: string) => string | undefined

const server: Check = ({ accessPolicy, proxyProtocol }) => {
  const said = text(accessPolicy)
  const protocols = ['unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS']
  const protocol = text(proxyProtocol)
  if (protocol !== undefined && !protocols.includes(protocol))
    return `unknown variant \`${protocol}\`, expected one of ${protocols.map((each) => `\`${each}\``).join(', ')}`
  return said === undefined || isDefaultPolicy(said)
    ? undefined
    : `Invalid 'accessPolicy' field: invalid mode: ${JSON.stringify(said)}`
}

const authorizationPolicy: Check = ({ targetRef, requiredAuthenticationRefs }, namespace) => {
  const target = fields(targetRef)
  const name = text(target.name) ?? ''
  if (isCoreKind(target, 'Namespace') && name !== namespace) return `cannot target another namespace: ${name}`
  const refs = list(requiredAuthenticationRefs).map(fields)
  const tls = refs.filter((ref) => isPolicyKind(ref, 'MeshTLSAuthentication')).length
  const accounts = refs.filter((ref) => isCoreKind(ref, 'ServiceAccount')).length
  const networks = refs.filter((ref) => isPolicyKind(ref, 'NetworkAuthentication')).length
  if (tls > 1) return 'only a single MeshTLSAuthentication may be set'
  if (accounts > 1) return 'only a single ServiceAccount may be set'
  if (tls + accounts > 1) return 'a MeshTLSAuthentication and ServiceAccount may not be set together'
  if (networks > 1) return 'only a single NetworkAuthentication may be set'
  if (tls + accounts + networks < refs.length) {
    const known = (ref: Fields): boolean =>
      isPolicyKind(ref, 'MeshTLSAuthentication') ||
      isPolicyKind(ref, 'NetworkAuthentication') ||
      isCoreKind(ref, 'ServiceAccount')
    return `unsupported authentication kind(s): ${refs
      .filter((ref) => !known(ref))
      .map(canonical)
      .join(', ')}`
  }
  const kind = (text(target.kind) ?? '').toLowerCase()
  const group = (text(target.group) ?? '').toLowerCase()
  const isRoute =
    (kind === 'httproute' && [policyGroup, 'gateway.networking.k8s.io'].includes(group)) ||
    (kind === 'grpcroute' && group === 'gateway.networking.k8s.io')
  if (isRoute || isPolicyKind(target, 'Server') || isCoreKind(target, 'Namespace')) return undefined
  return `unsupported authorization target type: ${canonical(target)}`
}

const meshTls: Check = ({ identityRefs }) => {
  for (const ref of list(identityRefs).map(fields)) {
    if (text(ref.name) === undefined) return 'missing field `name`'
    if (isCoreKind(ref, 'ServiceAccount')) continue
    if (!isCoreKind(ref, 'Namespace')) return `invalid identity target kind: ${canonical(ref)}`
    if (ref.namespace !== undefined) return 'Namespace identity_ref is cluster-scoped and cannot have a namespace'
  }
  return undefined
}

const networkList = (networks: readonly unknown[]): string | undefined => {
  for (const network of networks.map(fields)) {
    const cidr = text(network.cidr) ?? ''
    const within = addressRange(cidr)
    if (within === undefined) return 'invalid IP address syntax'
    for (const each of list(network.except)) {
      const except = text(each) ?? ''
      const outside = addressRange(except)
      if (outside === undefined) return 'invalid IP address syntax'
      const [base = '', length = ''] = cidr.split('/')
      const [inner = '', innerLength = ''] = except.split('/')
      const bits = (said: string): number => (said === '' ? 128 : Number(said))
      if (outside(base) && bits(innerLength) <= bits(length))
        return `cidr '${cidr}' is completely negated by exception '${except}'`
      if (!within(inner)) return `cidr '${cidr}' does not include exception '${except}'`
    }
  }
  return undefined
}

const networkAuthentication: Check = ({ networks }) =>
  list(networks).length === 0 ? 'at least one network must be specified' : networkList(list(networks))

const serverAuthorization: Check = ({ client }) => {
  const { meshTLS, unauthenticated, networks } = fields(client)
  const tls = fields(meshTLS)
  if (meshTLS !== undefined && unauthenticated === true)
    return '`unauthenticated` must be false if `mesh_tls` is specified'
  if (tls.unauthenticatedTLS === true && list(tls.identities).length + list(tls.serviceAccounts).length > 0)
    return '`unauthenticatedTLS` be false if any `identities` or `service_accounts` is specified'
  return networkList(list(networks))
}

const rps = (value: unknown): number | undefined => {
  const { requestsPerSecond } = fields(value)
  return typeof requestsPerSecond === 'number' ? requestsPerSecond : undefined
}

const rateLimit: Check = (spec) => {
  const target = fields(spec.targetRef)
  if (!isPolicyKind(target, 'Server')) return `invalid targetRef kind: ${canonical(target)}`
  const total = rps(spec.total)
  const identity = rps(spec.identity)
  if (total === 0) return 'total.requestsPerSecond must be greater than 0'
  if (identity === 0) return 'identity.requestsPerSecond must be greater than 0'
  if (total !== undefined && identity !== undefined && identity > total)
    return 'identity.requestsPerSecond must be less than or equal to total.requestsPerSecond'
  for (const each of list(spec.overrides)) {
    const own = rps(each) ?? 0
    if (own === 0) return 'override.requestsPerSecond must be greater than 0'
    if (total !== undefined && own > total)
      return 'override.requestsPerSecond must be less than or equal to total.requestsPerSecond'
    const other = list(fields(each).clientRefs)
      .map(fields)
      .find((ref) => !isCoreKind(ref, 'ServiceAccount'))
    if (other) return 'overrides.clientRefs must target a ServiceAccount'
  }
  return undefined
}

/** Routes of callers name the port of an EgressNetwork. */
const parents: Check = ({ parentRefs }) =>
  list(parentRefs)
    .map(fields)
    .some((ref) => isPolicyKind(ref, 'EgressNetwork') && ref.port === undefined)
    ? 'cannot target an EgressNetwork without specifying a port'
    : undefined

const absolute = (what: string, value: unknown): string | undefined =>
  typeof value === 'string' && !value.startsWith('/')
    ? `${what} (starting with '/'); ${JSON.stringify(value)} is not an absolute path`
    : undefined

const filter = (said: Fields): string | undefined => {
  if (said.requestRedirect === undefined) return undefined
  const { path } = fields(said.requestRedirect)
  if (path === undefined) return undefined
  const { replaceFullPath, replacePrefixMatch } = fields(path)
  if (replaceFullPath === undefined && replacePrefixMatch === undefined)
    return 'RequestRedirect filter must contain either replace_full_path or replace_prefix_match'
  return absolute('RequestRedirect filters may only contain absolute paths', replaceFullPath ?? replacePrefixMatch)
}

/** `10s`, `1h2m`, `150ms` in milliseconds; the CRD knows what a duration looks like. */
const milliseconds = (value: unknown): number | undefined => {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
  const parts = [...(text(value) ?? '').matchAll(/(\d+)(ms|h|m|s)/g)]
  if (parts.length === 0) return undefined
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0)
}

const timeouts = (said: Fields): string | undefined => {
  const [whole, backend] = [milliseconds(said.request), milliseconds(said.backendRequest)]
  return whole !== undefined && backend !== undefined && whole < backend
    ? `backendRequest timeout (${said.backendRequest}) must not be greater than request timeout (${said.request})`
    : undefined
}

/** Of the Gateway API's routes: a Service that is a backend has a port. */
const backends = (rule: Fields): string | undefined =>
  list(rule.backendRefs)
    .map(fields)
    .some((ref) => isCoreKind({ group: '', kind: 'Service', ...ref }, 'Service') && !ref.port)
    ? 'invalid backendRef: cannot reference a Service without a port'
    : undefined

const first = (...asked: (string | undefined)[]): string | undefined => asked.find((each) => each !== undefined)

const httpRoute =
  (isOwnKind: boolean): Check =>
  (spec, namespace) => {
    const wrong = parents(spec, namespace)
    if (wrong !== undefined) return wrong
    for (const rule of list(spec.rules).map(fields)) {
      for (const match of list(rule.matches).map(fields)) {
        const { type = 'PathPrefix', value = '/' } = fields(match.path)
        if (type !== 'RegularExpression' && typeof value === 'string' && !value.startsWith('/'))
          return `HttpPathMatch paths must be absolute (begin with \`/\`); ${JSON.stringify(value)} is not an absolute path`
      }
      const found = first(
        ...list(rule.filters).map((each) => filter(fields(each))),
        isOwnKind ? timeouts(fields(rule.timeouts)) : backends(rule),
      )
      if (found !== undefined) return found
    }
    return undefined
  }

const grpcRoute: Check = (spec, namespace) =>
  first(parents(spec, namespace), ...list(spec.rules).map((rule) => backends(fields(rule))))

const bytesRoute =
  (kind: string): Check =>
  (spec, namespace) =>
    first(parents(spec, namespace), list(spec.rules).length === 1 ? undefined : `${kind} supports a single rule only`)

const egressNetwork: Check = ({ networks }) => {
  if (networks === undefined) return undefined
  return list(networks).length === 0 ? 'at least one network must be specified' : networkList(list(networks))
}

/** Endpoints of Services that are no pods would be missing from every verdict, so that none is taken. */
const externalWorkload: Check = () =>
  'meshdojo does not model machines outside the cluster: an ExternalWorkload would have no effect here'

const checks: Record<string, Check> = {
  Server: server,
  AuthorizationPolicy: authorizationPolicy,
  MeshTLSAuthentication: meshTls,
  NetworkAuthentication: networkAuthentication,
  ServerAuthorization: serverAuthorization,
  HTTPLocalRateLimitPolicy: rateLimit,
  HTTPRoute: httpRoute(true),
  EgressNetwork: egressNetwork,
}

/** The Gateway API's kinds, which the same webhook sees. */
const gatewayChecks: Record<string, Check> = {
  HTTPRoute: httpRoute(false),
  GRPCRoute: grpcRoute,
  TLSRoute: bytesRoute('TlsRoute'),
  TCPRoute: bytesRoute('TcpRoute'),
}

const tables: Record<string, Record<string, Check>> = {
  [policyGroup]: checks,
  'gateway.networking.k8s.io': gatewayChecks,
  'workload.linkerd.io': { ExternalWorkload: externalWorkload },
}

/** See `Mesh.validate`. Deletions and foreign kinds are allowed. */
export const validate = ({ operation, object }: AdmissionReview): AdmissionAnswer => {
  const table = tables[groupOf(object)]
  const check = operation !== 'DELETE' && table && Object.hasOwn(table, object.kind) ? table[object.kind] : undefined
  const message = check?.(fields(object.spec), object.metadata.namespace ?? '')
  return message === undefined ? { allowed: true } : { allowed: false, message }
}
