/**
 * istiod's validating webhook. WasmPlugin, TrafficExtension, EnvoyFilter, WorkloadEntry, WorkloadGroup and ProxyConfig
 * pass with no more than their CRD's rules. Upstream: pkg/webhooks/validation/server/server.go.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { AdmissionAnswer, AdmissionReview } from '../../mesh.ts'
import { type Fields, fields, text } from '../read.ts'
import { authorizationPolicy } from './authorization-policy.ts'
import { destinationRule } from './destination-rule.ts'
import { Findings } from './findings.ts'
import { gateway } from './gateway.ts'
import { peerAuthentication } from './peer-authentication.ts'
import { requestAuthentication } from './request-authentication.ts'
import { serviceEntry } from './service-entry.ts'
import { sidecar } from './sidecar.ts'
import { telemetry } from './telemetry.ts'
import { virtualService } from './virtual-service.ts'

const refusal = 'admission webhook "validation.istio.io" denied the request: configuration is invalid: '

const checks: Record<string, (findings: Findings, spec: Fields, namespace: string, name: string) => void> = {
  AuthorizationPolicy: authorizationPolicy,
  PeerAuthentication: peerAuthentication,
  RequestAuthentication: requestAuthentication,
  DestinationRule: destinationRule,
  Gateway: gateway,
  ServiceEntry: serviceEntry,
  Sidecar: sidecar,
  Telemetry: telemetry,
  VirtualService: virtualService,
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
  const parsing = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`
  return `${name} has annotation istio.io/dry-run with invalid value (${value}): ${parsing}`
}

const refuse = (text: string, warnings: string[]): AdmissionAnswer => ({
  allowed: false,
  code: 400,
  message: refusal + text,
  ...(warnings.length === 0 ? {} : { warnings }),
})

/** See `Mesh.validate`. Deletions and foreign kinds are allowed. */
export const validate = ({ operation, object }: AdmissionReview): AdmissionAnswer => {
  if (operation === 'DELETE' || !groups.has(object.apiVersion.split('/', 1)[0] ?? '')) return { allowed: true }
  const metadata = dryRun(object)
  if (metadata !== undefined) return refuse(metadata, [])
  const check = Object.hasOwn(checks, object.kind) ? checks[object.kind] : undefined
  if (check === undefined) return { allowed: true }
  const findings = new Findings()
  const { name, namespace } = object.metadata
  check(findings, fields(object.spec), namespace ?? '', name)
  const prefix = object.kind === 'AuthorizationPolicy' ? `invalid policy ${name}.${namespace ?? ''}:` : ''
  const wrong = findings.text(prefix)
  // A refusal carries no warnings: istiod answers with the error alone.
  if (wrong !== undefined) return refuse(wrong, [])
  return findings.warnings.length === 0 ? { allowed: true } : { allowed: true, warnings: findings.warnings }
}
