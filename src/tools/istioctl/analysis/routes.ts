/** VirtualServices: where they lead, by which gateways, and which say the same host (analyzers/virtualservice). */
import type { KubeObject } from '../../../kube/api.ts'
import { type Fields, fields, isFields, labelMap, list, texts } from '../../../meshes/istio/read.ts'
import { hasLabels } from '../../../meshes/match/labels.ts'
import {
  type Analyzer,
  type Facts,
  findHost,
  fullName,
  type Host,
  hostsOf,
  type Message,
  missing,
  qualified,
  selected,
  textOf,
} from './facts.ts'

const routesOf = (object: KubeObject, kind: string): Fields[] => list(fields(object.spec)[kind]).map(fields)

const destinationsOf = (object: KubeObject): Fields[] =>
  ['http', 'tcp', 'tls']
    .flatMap((kind) => routesOf(object, kind))
    .flatMap(({ route }) => list(route).map((each) => fields(fields(each).destination)))

const mirrorsOf = (object: KubeObject): Fields[] =>
  routesOf(object, 'http').flatMap(({ mirror, mirrors }) => [
    ...(isFields(mirror) ? [mirror] : []),
    ...list(mirrors).map((each) => fields(fields(each).destination)),
  ])

const portProblem = (object: KubeObject, { host, port }: Fields, { ports }: Host): Message[] => {
  const wanted = isFields(port) ? Number(port.number) : undefined
  if (wanted !== undefined)
    return ports.includes(wanted) ? [] : [missing(object, 'host:port', `${textOf(host)}:${wanted}`)]
  if (ports.length < 2) return []
  const says = `This VirtualService routes to a service "${textOf(host)}" that exposes multiple ports [${ports.join(' ')}]. Specifying a port in the destination is required to disambiguate.`
  return [{ level: 'Error', code: 'IST0112', object, says }]
}

const subsets = (facts: Facts, object: KubeObject): Message[] => {
  const home = object.metadata.namespace ?? ''
  const declared = new Set(
    facts.ofKind('DestinationRule').flatMap(({ metadata, spec }) => {
      const host = qualified(textOf(fields(spec).host), metadata.namespace ?? '')
      return list(fields(spec).subsets).map((subset) => `${host} ${textOf(fields(subset).name)}`)
    }),
  )
  return [...destinationsOf(object), ...mirrorsOf(object)].flatMap(({ host, subset }) => {
    const written = textOf(host)
    return typeof subset === 'string' && subset !== '' && !declared.has(`${qualified(written, home)} ${subset}`)
      ? [missing(object, 'host+subset in destinationrule', `${written}+${subset}`)]
      : []
  })
}

export const destinations: Analyzer = (facts) => {
  const hosts = hostsOf(facts)
  const led = (object: KubeObject, what: string, destination: Fields): Message[] => {
    const host = findHost(hosts, textOf(destination.host), object)
    if (host === undefined) return [missing(object, what, textOf(destination.host))]
    return portProblem(object, destination, host)
  }
  return facts
    .ofKind('VirtualService')
    .flatMap((object) => [
      ...destinationsOf(object).flatMap((each) => led(object, 'host', each)),
      ...mirrorsOf(object).flatMap((each) => led(object, 'mirror host', each)),
      ...subsets(facts, object),
    ])
}

const covers = (a: string, b: string): boolean => {
  const [left, right] = [a.replace(/^\*/, ''), b.replace(/^\*/, '')]
  if (a.startsWith('*') && b.startsWith('*')) return left.endsWith(right) || right.endsWith(left)
  if (a.startsWith('*')) return b.endsWith(left)
  return b.startsWith('*') ? a.endsWith(right) : a === b
}

/** What a gateway serves for a namespace: `shop/a.lab` is for shop alone, `./a.lab` for the gateway's own. */
const servedHosts = (gateway: KubeObject, namespace: string): string[] =>
  list(fields(gateway.spec).servers)
    .flatMap((server) => texts(fields(server).hosts))
    .flatMap((host) => {
      const slash = host.indexOf('/')
      if (slash < 0) return [host]
      const scope = host.slice(0, slash) === '.' ? gateway.metadata.namespace : host.slice(0, slash)
      return scope === '*' || scope === namespace ? [host.slice(slash + 1)] : []
    })

const claimOf = (object: KubeObject): string | undefined =>
  routesOf(object, 'http')
    .flatMap(({ match }) => list(match).map(fields))
    .flatMap(({ headers, withoutHeaders }) => [...Object.keys(fields(headers)), ...Object.keys(fields(withoutHeaders))])
    .find((name) => /^@request\.auth\.claims(\..|\[.+\]$)/i.test(name))

/** Claims are known where a RequestAuthentication has looked at the token. */
const claims = ({ ofKind }: Facts, object: KubeObject, gateway: KubeObject): Message[] => {
  const key = claimOf(object)
  if (key === undefined) return []
  const pods = selected(ofKind('Pod'), fields(gateway.spec).selector)
  const isAuthenticated = (pod: KubeObject): boolean =>
    ofKind('RequestAuthentication').some(
      ({ metadata, spec }) =>
        ['istio-system', pod.metadata.namespace].includes(metadata.namespace) &&
        hasLabels(labelMap(fields(fields(spec).selector).matchLabels), pod.metadata.labels),
    )
  return pods
    .filter((pod) => !isAuthenticated(pod))
    .map((pod) => ({
      level: 'Error',
      code: 'IST0149',
      object,
      says: `The virtual service uses the JWT claim based routing (key: ${key}) but found no request authentication for the gateway (${fullName(gateway)}) pod (${pod.metadata.name}). The request authentication must first be applied for the gateway pods to validate the JWT token and make the claims available for routing.`,
    }))
}

export const gatewayReferences: Analyzer = (facts) => {
  const gateways = facts.ofKind('Gateway').filter(({ apiVersion }) => apiVersion.startsWith('networking.istio.io/'))
  return facts.ofKind('VirtualService').flatMap((object) => {
    const home = object.metadata.namespace ?? ''
    const hosts = texts(fields(object.spec).hosts)
    return texts(fields(object.spec).gateways)
      .filter((name) => name !== 'mesh')
      .flatMap((name): Message[] => {
        const full = name.includes('/') ? name : `${home}/${name}`
        const gateway = gateways.find((each) => fullName(each) === full)
        const served = gateway === undefined ? [] : servedHosts(gateway, home)
        const isServed = hosts.some((host) => served.some((each) => covers(each, host)))
        const says = `one or more host [${hosts.join(' ')}] defined in VirtualService ${fullName(object)} not found in Gateway ${full}.`
        return [
          ...(gateway === undefined ? [missing(object, 'gateway', name)] : claims(facts, object, gateway)),
          ...(isServed ? [] : [{ level: 'Warning' as const, code: 'IST0132', object, says }]),
        ]
      })
  })
}

/** Several that say the same host for the mesh: sidecars merge nothing. */
export const meshHosts: Analyzer = ({ ofKind }) => {
  const said = new Map<string, KubeObject[]>()
  for (const object of ofKind('VirtualService')) {
    const { gateways, exportTo, hosts } = fields(object.spec)
    if (texts(gateways).length > 0 && !texts(gateways).includes('mesh')) continue
    const home = object.metadata.namespace ?? ''
    const scopes = texts(exportTo).map((scope) => (scope === '.' ? home : scope))
    for (const scope of scopes.length === 0 || scopes.includes('*') ? ['*'] : new Set(scopes))
      for (const host of texts(hosts)) {
        const key = `${scope}/${qualified(host, home)}`
        said.set(key, [...(said.get(key) ?? []), object])
      }
  }
  const reported = new Set<KubeObject>()
  return [...said].flatMap(([key, own]) => {
    const host = key.slice(key.indexOf('/') + 1)
    const everywhere = key.startsWith('*/')
      ? []
      : [...said].flatMap(([other, objects]) => (other.startsWith('*/') && covers(host, other.slice(2)) ? objects : []))
    const all = [...own, ...everywhere]
    if (all.length < 2) return []
    const names = all.map(fullName).sort().join(',')
    return all.flatMap((object): Message[] => {
      if (reported.has(object)) return []
      reported.add(object)
      const says = `The VirtualServices ${names} associated with mesh gateway define the same host ${key} which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.`
      return [{ level: 'Error', code: 'IST0109', object, says }]
    })
  })
}
