/**
 * HTTP and TCP probes of the application go to pilot-agent instead, which asks inside the pod: kubelets have no
 * certificate for a STRICT port. Upstream: pkg/kube/inject/app_probe.go. Not modelled: gRPC probes and lifecycle hooks
 * (left as they are).
 */
import type { Container, Pod } from '../../../kube/kinds.ts'
import { proxyContainer } from '../pods.ts'

interface Probe {
  httpGet?: { path?: string; port?: number | string; scheme?: string; [field: string]: unknown }
  tcpSocket?: { port?: number | string; [field: string]: unknown }
  timeoutSeconds?: number
  [field: string]: unknown
}

const kinds = [
  ['readinessProbe', 'readyz'],
  ['livenessProbe', 'livez'],
  ['startupProbe', 'startupz'],
] as const

/** Where pilot-agent answers for the application. */
export const statusPort = (pod: Pod): number =>
  Number(pod.metadata.annotations?.['status.sidecar.istio.io/port']) || 15020

/** On by default in the mesh; a pod may refuse. */
const isOn = (pod: Pod): boolean => pod.metadata.annotations?.['sidecar.istio.io/rewriteAppHTTPProbers'] !== 'false'

const applications = (pod: Pod): Container[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].filter(({ name }) => name !== proxyContainer)

const probesOf = (container: Container): { path: string; field: string; probe: Probe }[] =>
  kinds.flatMap(([field, word]) => {
    const probe = container[field] as Probe | undefined
    return probe?.httpGet || probe?.tcpSocket ? [{ path: `/app-health/${container.name}/${word}`, field, probe }] : []
  })

const resolved = (container: Container, port: number | string | undefined): number | undefined =>
  typeof port === 'string' ? container.ports?.find(({ name }) => name === port)?.containerPort : port

/** What pilot-agent has to ask, for ISTIO_KUBE_APP_PROBERS; undefined when nothing is to be rewritten. */
export const appProbers = (pod: Pod): string | undefined => {
  if (!isOn(pod)) return undefined
  const entries = applications(pod).flatMap((container) =>
    probesOf(container).flatMap(({ path, probe: { httpGet, tcpSocket, timeoutSeconds } }) => {
      const port = resolved(container, httpGet?.port ?? tcpSocket?.port)
      if (port === undefined || port === statusPort(pod)) return []
      const asked = httpGet ? { httpGet: { ...httpGet, port } } : { tcpSocket: { ...tcpSocket, port } }
      return [[path, { ...asked, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) }] as const]
    }),
  )
  return entries.length === 0
    ? undefined
    : JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** The container with its probes pointed at pilot-agent. */
export const rewriteProbes = (pod: Pod, container: Container): Container => {
  if (!isOn(pod) || container.name === proxyContainer) return container
  const rewritten = probesOf(container).map(({ path, field, probe: { tcpSocket: _, ...probe } }) => {
    const scheme = probe.httpGet?.scheme === 'HTTPS' ? { scheme: 'HTTP' } : {}
    return [field, { ...probe, httpGet: { ...probe.httpGet, path, port: statusPort(pod), ...scheme } }]
  })
  return rewritten.length === 0 ? container : { ...container, ...Object.fromEntries(rewritten) }
}
