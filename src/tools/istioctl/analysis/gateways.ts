/** Gateways: whom they select, on which ports, with which certificates (analyzers/gateway). */
import type { KubeObject } from '../../../kube/api.ts'
import type { Service } from '../../../kube/kinds.ts'
import { bareHost } from '../../../meshes/istio/gateway/servers.ts'
import { fields, labelMap, list, text, texts } from '../../../meshes/istio/read.ts'
import { hasLabels } from '../../../meshes/match/labels.ts'
import { type Analyzer, type Facts, fullName, type Message, missing, selected, shownLabels, textOf } from './facts.ts'

const serversOf = ({ spec }: KubeObject) => list(fields(spec).servers).map(fields)
const portOf = (server: Readonly<Record<string, unknown>>): number => Number(fields(server.port).number)
const selectorOf = ({ spec }: KubeObject): Record<string, string> => labelMap(fields(spec).selector)

/** Ports by which the Services of the gateway's pods lead to them. */
const servedPorts = ({ ofKind }: Facts, pods: readonly KubeObject[]): Set<number> => {
  const leading = (ofKind('Service') as Service[]).filter(({ metadata, spec }) =>
    pods.some((pod) => pod.metadata.namespace === metadata.namespace && hasLabels(spec.selector, pod.metadata.labels)),
  )
  const ports = leading.flatMap(({ spec }) => spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP')
  return new Set(
    ports.flatMap(({ port, targetPort = port }) => (typeof targetPort === 'number' ? [port, targetPort] : [port])),
  )
}

const reach = (facts: Facts, object: KubeObject): Message[] => {
  const labels = selectorOf(object)
  const pods = selected(facts.ofKind('Pod'), labels)
  if (pods.length === 0) return [missing(object, 'selector', shownLabels(labels))]
  const ports = servedPorts(facts, pods)
  const home = pods[0]?.metadata.namespace
  const secrets = facts.ofKind('Secret').filter(({ metadata }) => metadata.namespace === home)
  return serversOf(object).flatMap((server) => {
    const port = portOf(server)
    const credential = text(fields(server.tls).credentialName)
    const says = `The gateway is listening on a target port (port ${port}) that is not defined in the Service associated with its workload instances (Pod selector ${shownLabels(labels)}). If you need to access the gateway port through the gateway Service, it will not be available.`
    return [
      ...(ports.has(port) ? [] : [{ level: 'Warning' as const, code: 'IST0162', object, says }]),
      ...(credential && !secrets.some(({ metadata }) => metadata.name === credential)
        ? [missing(object, 'credentialName', credential)]
        : []),
    ]
  })
}

/** Those with the same selector, port and host. */
const conflicts = (object: KubeObject, gateways: readonly KubeObject[]): Message[] => {
  const selector = shownLabels(selectorOf(object))
  const same = gateways.filter((other) => other !== object && shownLabels(selectorOf(other)) === selector)
  return serversOf(object).flatMap((server) => {
    const [port, bind, hosts] = [portOf(server), textOf(server.bind), texts(server.hosts)]
    const clashing = same.filter((other) =>
      serversOf(other).some(
        (theirs) =>
          portOf(theirs) === port &&
          textOf(theirs.bind) === bind &&
          texts(theirs.hosts).some((host) => hosts.map(bareHost).includes(bareHost(host))),
      ),
    )
    const names = clashing.map(fullName).sort().join(',')
    const says = `Conflict with gateways ${names} (workload selector ${selector}, port ${port}, hosts ${hosts.join(',')}).`
    return clashing.length === 0 ? [] : [{ level: 'Error', code: 'IST0145', object, says }]
  })
}

export const gateways: Analyzer = (facts) => {
  const all = facts.ofKind('Gateway').filter(({ apiVersion }) => apiVersion.startsWith('networking.istio.io/'))
  return all.flatMap((object) => [...reach(facts, object), ...conflicts(object, all)])
}
