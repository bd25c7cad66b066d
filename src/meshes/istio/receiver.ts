/**
 * What the sidecar of one receiving pod is configured with, worked out once per pod and model: a decision then depends
 * on no policy that does not select the workload. Upstream: pilot/pkg/model/authorization.go (ListAuthorizationPolicies),
 * pilot/pkg/security/authn/policy_applier.go.
 */
import type { Pod } from '../../kube/kinds.ts'
import { hasLabels } from '../match/labels.ts'
import type { Step } from '../verdict.ts'
import { targetPort } from '../world.ts'
import { type Admission, admissionOf } from './admission.ts'
import type { IstioModel } from './compile.ts'
import { inboundNotes } from './inbound.ts'
import { type JwtRule, rulesFor } from './jwt/rules.ts'
import { once } from './once.ts'
import { servicesOf } from './outbound.ts'
import { type EffectiveMode, workloadMode } from './peer-authentication.ts'
import { identityOf, inboundBypass } from './pods.ts'
import { type PortProtocol, portProtocol } from './protocol.ts'
import { type Tables, tablesOf } from './rbac.ts'
import { nameOf, refOf, text } from './read.ts'

/** What a sidecar does on one container port. */
export interface ReceivingPort {
  mode: EffectiveMode
  /** How it listens: by the first Service that leads there, else by the bytes. */
  protocol: PortProtocol
  bypass: ReturnType<typeof inboundBypass>
}

/** What its sidecar holds of AuthorizationPolicies and RequestAuthentications. */
export interface Guard {
  tables: Tables
  /** RequestAuthentication rules, in the order of their issuers. */
  rules: JwtRule[]
  /** DENY and ALLOW without words, for HTTP and for TCP ports. */
  admission(http: boolean): Admission
}

export interface Receiver extends Guard {
  /** `production/orders-6f`, for sentences. */
  where: string
  /** In the certificate of its sidecar, when it has one. */
  identity: string
  /** PeerAuthentications that people expect to count and that do not. */
  notes: Step[]
  port(number: number): ReceivingPort
}

/** Whether istiod finds a host in its registry: exactly one Service or ServiceEntry (pilot/pkg/model, LookupCluster). */
const registryOf =
  (model: IstioModel) =>
  (host: string): boolean => {
    const [first = '', second] = host.split('/')
    const [namespace, name] = second === undefined ? [undefined, first] : [first, second]
    const service = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(name)
    const [, short, home = ''] = service ?? []
    if (short !== undefined && (namespace === undefined || namespace === home))
      if ((model.services.get(home) ?? []).some((each) => each.metadata.name === short)) return true
    return model.serviceEntries.some((entry) => {
      const spec = entry.spec as { hosts?: unknown } | undefined
      const here = namespace === undefined || entry.metadata.namespace === namespace
      return here && Array.isArray(spec?.hosts) && spec.hosts.some((each) => text(each) === name)
    })
  }

const protocolOn = (model: IstioModel, pod: Pod, number: number): PortProtocol => {
  for (const service of servicesOf(model, pod))
    for (const port of service.spec.ports ?? [])
      if (targetPort(pod, port) === number && (port.protocol ?? 'TCP') === 'TCP') return portProtocol(port)
  return 'auto'
}

const buildGuard = (model: IstioModel, pod: Pod): Guard => {
  const { namespace = '', labels } = pod.metadata
  const root = model.config.rootNamespace
  const policies = [...new Set([root, namespace])]
    .flatMap((scope) => model.authorization.get(scope) ?? [])
    .filter((policy) => hasLabels(policy.labels, labels))
  const tables = tablesOf(policies, model.config.providers, registryOf(model))
  const [http, tcp] = [once(() => admissionOf(tables, true)), once(() => admissionOf(tables, false))]
  return {
    tables,
    rules: rulesFor(model.requestAuthentications, { namespace, labels, root }),
    admission: (reads) => (reads ? http() : tcp()),
  }
}

const build = (model: IstioModel, pod: Pod): Receiver => {
  const { namespace = '', labels } = pod.metadata
  const ports = new Map<number, ReceivingPort>()
  return {
    ...guardOf(model, pod),
    where: nameOf(refOf(pod)).replace(/^Pod /, ''),
    identity: identityOf(pod, model.config.trustDomain),
    notes: inboundNotes(model.peerAuthentications, namespace, labels),
    port: (number) => {
      const known = ports.get(number)
      if (known !== undefined) return known
      const found = {
        mode: workloadMode(model.peerAuthentications, namespace, labels, number),
        protocol: protocolOn(model, pod, number),
        bypass: inboundBypass(pod, number),
      }
      ports.set(number, found)
      return found
    },
  }
}

const remembered = <T>(known: Map<Pod, T>, pod: Pod, make: () => T): T => {
  const found = known.get(pod) ?? make()
  known.set(pod, found)
  return found
}

export const guardOf = (model: IstioModel, pod: Pod): Guard =>
  remembered(model.guards, pod, () => buildGuard(model, pod))

export const receiverOf = (model: IstioModel, pod: Pod): Receiver =>
  remembered(model.receivers, pod, () => build(model, pod))
