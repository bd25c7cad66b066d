/**
 * `linkerd diagnostics policy`: the inbound policy of one port of a pod, as the policy controller tells the pod's proxy.
 * Layout: Go's JSON of the proxy API's messages, so oneofs are spelled as Go does (linkerd2 cli/cmd/policy.go,
 * policy-controller/grpc/src/inbound.rs, inbound/http.rs). Asked of objects, not of a policy controller.
 * Not modelled: outbound policy (`svc/…`), route filters, hostnames, GRPCRoutes.
 */
import { stringify } from 'yaml'
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { Authorization, NetworkRange } from '../../meshes/linkerd/authorization.ts'
import { compile, type Found, reads, routeAuthorizations } from '../../meshes/linkerd/compile.ts'
import { identityFor } from '../../meshes/linkerd/pods.ts'
import { type PortPolicy, policyOf, probeAuthorization } from '../../meshes/linkerd/receive.ts'
import { groupOf, type Route } from '../../meshes/linkerd/routes.ts'
import { type Fields, fields, list, text } from '../../meshes/read.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'

const ip = (address: string) => {
  if (address.includes(':')) {
    const [head = '', tail = ''] = address.split('::')
    const [left, right] = [head, tail].map((part) => part.split(':').filter(Boolean))
    const groups = [...left!, ...Array(Math.max(0, 8 - left!.length - right!.length)).fill('0'), ...right!]
    const half = (from: number): number | undefined =>
      groups.slice(from, from + 4).reduce((sum, each) => sum * 65536 + Number.parseInt(each, 16), 0) || undefined
    const [first, last] = [half(0), half(4)]
    return { Ip: { Ipv6: { ...(first ? { first } : {}), ...(last ? { last } : {}) } } }
  }
  return { Ip: { Ipv4: address.split('.').reduce((sum, each) => sum * 256 + Number(each), 0) } }
}

const net = (cidr: string) => {
  const [address = '', bits = address.includes(':') ? '128' : '32'] = cidr.split('/')
  return { ip: ip(address), ...(bits === '0' ? {} : { prefix_len: Number(bits) }) }
}

const network = ({ cidr, except }: NetworkRange) => ({
  net: net(cidr),
  ...(except.length > 0 ? { except: except.map(net) } : {}),
})

const permit = (identities: Authorization['identities']) => {
  if (identities === 'none') return { Unauthenticated: {} }
  const isSuffix = (each: string): boolean => each === '*' || each.startsWith('*.')
  const suffixes = identities.filter(isSuffix).map((each) => (each === '*' ? {} : { parts: each.slice(2).split('.') }))
  const exact = identities.filter((each) => !isSuffix(each)).map((name) => ({ name }))
  const clients = {
    ...(exact.length > 0 ? { identities: exact } : {}),
    ...(suffixes.length > 0 ? { suffixes } : {}),
  }
  return { MeshTLS: { Clients: { Identities: clients } } }
}

const authz = ({ name: full, networks, identities }: Authorization) => {
  const at = full.indexOf('/')
  const [kind, name] = [full.slice(0, at), full.slice(at + 1)]
  const group = kind === 'default' ? '' : 'policy.linkerd.io'
  return {
    authentication: { Permit: permit(identities) },
    labels: { group, kind, name },
    metadata: { Kind: kind === 'default' ? { Default: name } : { Resource: { group, kind, name } } },
    networks: networks.map(network),
  }
}

const authzs = (found: readonly Found[]) =>
  found.flatMap((each) => ('authorization' in each ? [authz(each.authorization)] : []))

/** In the order of the API's enum (linkerd/linkerd2-proxy-api proto/http_types.proto). */
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'CONNECT', 'HEAD', 'TRACE']

const valued = (each: Fields) => {
  const value = text(each.value) ?? ''
  const isPattern = each.type === 'RegularExpression'
  return { name: text(each.name) ?? '', Value: isPattern ? { Regex: value } : { Exact: value } }
}

const match = (said: Fields) => {
  const path = fields(said.path)
  const value = text(path.value) ?? '/'
  const kind = path.type === 'Exact' ? 'Exact' : path.type === 'RegularExpression' ? 'Regex' : 'Prefix'
  const headers = list(said.headers).map((each) => {
    const { name, Value } = valued(fields(each))
    // Bytes, which Go's JSON spells in base64.
    return { name, Value: 'Exact' in Value ? { Exact: Buffer.from(Value.Exact ?? '').toString('base64') } : Value }
  })
  const query = list(said.queryParams).map((each) => valued(fields(each)))
  const method = text(said.method)
  return {
    path: { Kind: { [kind]: value } },
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query_params: query } : {}),
    ...(method === undefined ? {} : { method: { Type: { Registered: methods.indexOf(method) } } }),
  }
}

const named = (name: string, matches: unknown[], authorizations: unknown[]) => ({
  authorizations,
  metadata: { Kind: { Default: name } },
  rules: [{ matches }],
})

const attached = ({ object }: Route, authorizations: unknown[]) => ({
  authorizations,
  metadata: { Kind: { Resource: { group: groupOf(object), kind: object.kind, name: object.metadata.name } } },
  rules: list(fields(object.spec).rules).map((rule) => {
    const matches = list(fields(rule).matches).map((each) => match(fields(each)))
    return matches.length > 0 ? { matches } : {}
  }),
})

const rateLimit = (object: KubeObject) => {
  const spec = fields(object.spec)
  const limit = (value: unknown) => ({ requests_per_second: fields(value).requestsPerSecond })
  const overrides = list(spec.overrides).map((each) => {
    const identities = list(fields(each).clientRefs).map((ref) => {
      const { namespace, name } = fields(ref)
      return { name: identityFor(text(namespace) ?? object.metadata.namespace ?? '', text(name) ?? '') }
    })
    return { clients: { identities }, limit: limit(each) }
  })
  const reference = { group: 'policy.linkerd.io', kind: object.kind, name: object.metadata.name }
  return {
    metadata: { Kind: { Resource: reference } },
    ...(spec.total ? { total: limit(spec.total) } : {}),
    ...(spec.identity ? { identity: limit(spec.identity) } : {}),
    ...(overrides.length > 0 ? { overrides } : {}),
  }
}

const protocolOf = (policy: PortPolicy, routes: unknown[]) => {
  const limited = policy.rateLimit ? rateLimit(policy.rateLimit) : undefined
  const http = { routes, ...(limited ? { local_rate_limit: limited } : {}) }
  switch (policy.protocol) {
    case 'HTTP/1':
      return { Http1: http }
    case 'HTTP/2':
      return { Http2: http }
    case 'gRPC':
      throw new ToolError('policies of gRPC ports are not modelled')
    case 'opaque':
      return { Opaque: {} }
    case 'TLS':
      return { Tls: {} }
    default: {
      const limit = limited ? { http_local_rate_limit: limited } : {}
      return { Detect: { http_routes: routes, ...limit, timeout: { seconds: 10 } } }
    }
  }
}

export const policy = async (context: ToolContext, [wanted = '', said = '']: readonly string[]): Promise<number> => {
  const { client, output = 'yaml', namespace = 'default' } = context
  const [type, name, more] = wanted.split('/')
  if (name === undefined) throw new ToolError('resource type and name are required')
  if (more !== undefined) throw new ToolError(`invalid resource string: ${wanted}`)
  if (/^(svc|services?)$/.test(type ?? '')) throw new ToolError('outbound policy (svc/…) is not modelled: name a pod')
  if (!/^(po|pods?)$/.test(type ?? ''))
    throw new ToolError(`invalid resource type ${wanted}; must be one of Pod or Service`)
  if (!/^\d+$/.test(said)) throw new ToolError(`strconv.ParseUint: parsing "${said}": invalid syntax`)
  if (!['yaml', 'json'].includes(output)) throw new ToolError('output must be one of: yaml, json')
  const pod = await client.find<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name })
  if (!pod) throw new ToolError('rpc error: code = NotFound desc = unknown server')
  const { model } = compile(await client.listAll([...reads], {}))
  const found = policyOf(model, pod, Number(said))
  const own = authzs(found.authorizations)
  const probe = { authorization: probeAuthorization }
  const routes =
    found.routes.length > 0
      ? found.routes.map((route) => attached(route, [...authzs(routeAuthorizations(model, route)), ...own]))
      : [
          named('default', [match({})], own),
          ...(found.probes.length > 0
            ? [
                named(
                  'probe',
                  found.probes.map((value) => match({ path: { type: 'Exact', value }, method: 'GET' })),
                  authzs([probe]),
                ),
              ]
            : []),
        ]
  const labels = found.server
    ? { group: 'policy.linkerd.io', kind: 'server', name: found.name }
    : { group: '', kind: 'default', name: found.name.replace('default:', '') }
  const result = { authorizations: own, labels, protocol: { Kind: protocolOf(found, routes) } }
  if (output === 'json') context.out(`${JSON.stringify(result, null, 2)}\n`)
  else {
    context.out(
      stringify(result, { sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0, indentSeq: false }),
    )
  }
  return 0
}
