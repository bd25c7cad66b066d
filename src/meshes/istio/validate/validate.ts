/** istiod's validating webhook. Upstream: pkg/webhooks/validation/server/server.go, pkg/config/validation/validation.go. */
import type { KubeObject } from '../../../kube/api.ts'
import type { AdmissionAnswer, AdmissionReview } from '../../mesh.ts'
import { type Fields, fields, labelMap, text } from '../read.ts'
import type { About } from './about.ts'
import { authorizationPolicy } from './authorization-policy.ts'
import { destinationRule } from './destination-rule.ts'
import { envoyFilter } from './envoy-filter.ts'
import { trafficExtension, wasmPlugin } from './extensions.ts'
import { Findings } from './findings.ts'
import { gateway } from './gateway.ts'
import { quoted } from './go-text.ts'
import { peerAuthentication } from './peer-authentication.ts'
import { requestAuthentication } from './request-authentication.ts'
import { serviceEntry } from './service-entry.ts'
import { sidecar } from './sidecar.ts'
import { telemetry } from './telemetry.ts'
import { virtualService } from './virtual-service.ts'
import { proxyConfig, workloadEntry, workloadGroup } from './workloads.ts'

const refusal = 'admission webhook "validation.istio.io" denied the request: '

const checks: Record<string, (findings: Findings, spec: Fields, about: About) => void> = {
  AuthorizationPolicy: authorizationPolicy,
  PeerAuthentication: peerAuthentication,
  RequestAuthentication: requestAuthentication,
  DestinationRule: destinationRule,
  EnvoyFilter: envoyFilter,
  Gateway: gateway,
  ProxyConfig: proxyConfig,
  ServiceEntry: serviceEntry,
  Sidecar: sidecar,
  Telemetry: telemetry,
  TrafficExtension: trafficExtension,
  VirtualService: virtualService,
  WasmPlugin: wasmPlugin,
  WorkloadEntry: workloadEntry,
  WorkloadGroup: workloadGroup,
}

const groups = new Set('security networking telemetry extensions'.split(' ').map((name) => `${name}.istio.io`))

const boolean = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/

/** The dry-run annotation belongs to ALLOW and DENY policies only. */
const dryRun = (object: KubeObject): string | undefined => {
  const value = object.metadata.annotations?.['istio.io/dry-run']
  if (value === undefined) return undefined
  const name = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
  if (object.kind !== 'AuthorizationPolicy')
    return `${name} has unsupported annotation istio.io/dry-run, please remove the annotation`
  const action = text(fields(object.spec).action) ?? 'ALLOW'
  if (action !== 'ALLOW' && action !== 'DENY')
    return `the annotation istio.io/dry-run currently only supports action ALLOW/DENY, found action ${action} in ${name}`
  if (boolean.test(value)) return undefined
  const parsing = `strconv.ParseBool: parsing ${quoted(value)}: invalid syntax`
  return `${name} has annotation istio.io/dry-run with invalid value (${value}): ${parsing}`
}

/** pkg/config/constants: the first is how istiod asks whether its webhook works, the others are its own. */
const reserved: readonly [annotation: string, words: string][] = [
  ['internal.istio.io/webhook-always-reject', 'rejecting'],
  ['internal.istio.io/parent-namespace', 'this may not be set by users'],
  ['internal.istio.io/parents', 'this may not be set by users'],
]

const annotations = (object: KubeObject): string | undefined => {
  const given = object.metadata.annotations ?? {}
  const found = reserved.find(([name]) => Object.hasOwn(given, name))
  return dryRun(object) ?? (found && `${quoted(found[0])} annotation found, ${found[1]}`)
}

/** A refusal carries no warnings: istiod answers with the error alone. */
const refuse = (text: string): AdmissionAnswer => ({ allowed: false, code: 400, message: refusal + text })

/** See `Mesh.validate`. Deletions and foreign kinds are allowed. */
export const validate = ({ operation, object, regexProblem }: AdmissionReview): AdmissionAnswer => {
  if (operation === 'DELETE' || !groups.has(object.apiVersion.split('/', 1)[0] ?? '')) return { allowed: true }
  const check = Object.hasOwn(checks, object.kind) ? checks[object.kind] : undefined
  if (check === undefined) return { allowed: true }
  const findings = new Findings(regexProblem)
  const { name, namespace = '', labels } = object.metadata
  check(findings, fields(object.spec), { name, namespace, labels: labelMap(labels) })
  if (findings.undecodable !== undefined) return refuse(`error decoding configuration: ${findings.undecodable}`)
  const prefix = object.kind === 'AuthorizationPolicy' ? `invalid policy ${name}.${namespace}:` : ''
  const wrong = annotations(object) ?? findings.text(prefix)
  if (wrong !== undefined) return refuse(`configuration is invalid: ${wrong}`)
  return findings.warnings.length === 0 ? { allowed: true } : { allowed: true, warnings: findings.warnings }
}
