/** `linkerd diagnostics policy` against the embedded cluster: linkerd2 policy-controller/grpc/src/inbound.rs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { settle } from '../../src/content/settle.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { createClient } from '../../src/kube/client.ts'
import { linkerd } from '../../src/meshes/linkerd/index.ts'
import { parseArguments } from '../../src/tools/istioctl/index.ts'
import { linkerdTool } from '../../src/tools/linkerd/index.ts'

const group = 'policy.linkerd.io'
const object = (apiVersion: string, kind: string, name: string, spec: object): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec,
})
const server = { group, kind: 'Server', name: 'web' }
const objects: KubeObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', annotations: { 'linkerd.io/inject': 'enabled' } },
  },
  object('v1', 'Pod', 'web', {
    containers: [
      {
        name: 'app',
        image: 'mendhak/http-https-echo:37',
        ports: [{ containerPort: 8080 }, { containerPort: 8443 }],
        readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
      },
    ],
  }),
  object(`${group}/v1beta3`, 'Server', 'web', { podSelector: {}, port: 8443, proxyProtocol: 'HTTP/1' }),
  object(`${group}/v1beta3`, 'HTTPRoute', 'orders', {
    parentRefs: [server],
    rules: [{ matches: [{ path: { type: 'Exact', value: '/orders' }, method: 'POST' }] }],
  }),
  object(`${group}/v1alpha1`, 'MeshTLSAuthentication', 'who', {
    identities: ['a.shop.serviceaccount.identity.linkerd.cluster.local', '*.b.c', '*'],
  }),
  object(`${group}/v1alpha1`, 'AuthorizationPolicy', 'orders', {
    targetRef: { group, kind: 'HTTPRoute', name: 'orders' },
    requiredAuthenticationRefs: [{ group, kind: 'MeshTLSAuthentication', name: 'who' }],
  }),
  object(`${group}/v1alpha1`, 'HTTPLocalRateLimitPolicy', 'web', {
    targetRef: server,
    identity: { requestsPerSecond: 5 },
    overrides: [{ requestsPerSecond: 9, clientRefs: [{ kind: 'ServiceAccount', name: 'a' }] }],
  }),
]

let embedded: EmbeddedCluster
beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: linkerd })
  const client = createClient(embedded.cluster)
  await client.apply(objects.slice(0, 1))
  await settle(client, ['shop'])
  await new Promise((resolve) => setImmediate(resolve))
  await client.apply(objects.slice(1))
  await settle(client, ['shop'])
})
afterAll(() => embedded.stop())

const run = async (line: string) => {
  let [stdout, stderr] = ['', '']
  const code = await linkerdTool(parseArguments(line.split(' ')), {
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    client: async () => createClient(embedded.cluster),
  })
  return { code, stdout, stderr }
}

const anywhere = [{ net: { ip: { Ip: { Ipv4: 0 } } } }, { net: { ip: { Ip: { Ipv6: {} } } } }]
const openTo = (name: string) => ({
  authentication: { Permit: { Unauthenticated: {} } },
  labels: { group: '', kind: 'default', name },
  metadata: { Kind: { Default: name } },
  networks: anywhere,
})

describe('linkerd diagnostics policy', () => {
  test('a port without a Server: the default policy, and the probe’s route', async () => {
    const { code, stdout } = await run('diagnostics policy -n shop po/web 8080')
    expect(code).toBe(0)
    expect(parse(stdout)).toEqual({
      authorizations: [openTo('all-unauthenticated')],
      labels: { group: '', kind: 'default', name: 'all-unauthenticated' },
      protocol: {
        Kind: {
          Detect: {
            http_routes: [
              {
                authorizations: [openTo('all-unauthenticated')],
                metadata: { Kind: { Default: 'default' } },
                rules: [{ matches: [{ path: { Kind: { Prefix: '/' } } }] }],
              },
              {
                authorizations: [openTo('probe')],
                metadata: { Kind: { Default: 'probe' } },
                rules: [{ matches: [{ path: { Kind: { Exact: '/ready' } }, method: { Type: { Registered: 0 } } }] }],
              },
            ],
            timeout: { seconds: 10 },
          },
        },
      },
    })
  })

  test('a Server with a route, an authorization for it, and a rate limit', async () => {
    const { stdout } = await run('diagnostics policy -n shop pod/web 8443 -o json')
    const { authorizations, labels, protocol } = JSON.parse(stdout)
    expect(authorizations).toEqual([])
    expect(labels).toEqual({ group, kind: 'server', name: 'web' })
    const { routes, local_rate_limit: limit } = protocol.Kind.Http1
    expect(routes).toMatchObject([
      {
        authorizations: [
          {
            authentication: {
              Permit: {
                MeshTLS: {
                  Clients: {
                    Identities: {
                      identities: [{ name: 'a.shop.serviceaccount.identity.linkerd.cluster.local' }],
                      suffixes: [{ parts: ['b', 'c'] }, {}],
                    },
                  },
                },
              },
            },
            metadata: { Kind: { Resource: { group, kind: 'authorizationpolicy', name: 'orders' } } },
          },
        ],
        metadata: { Kind: { Resource: { group, kind: 'HTTPRoute', name: 'orders' } } },
        rules: [{ matches: [{ path: { Kind: { Exact: '/orders' } }, method: { Type: { Registered: 1 } } }] }],
      },
    ])
    expect(limit).toMatchObject({
      identity: { requests_per_second: 5 },
      overrides: [
        {
          clients: { identities: [{ name: 'a.shop.serviceaccount.identity.linkerd.cluster.local' }] },
          limit: { requests_per_second: 9 },
        },
      ],
    })
  })

  test.each([
    ['web 8080', 'Error: resource type and name are required\n'],
    ['po/web http', 'Error: strconv.ParseUint: parsing "http": invalid syntax\n'],
    ['po/none 8080', 'Error: rpc error: code = NotFound desc = unknown server\n'],
    ['svc/web 80', 'Error: outbound policy (svc/…) is not modelled: name a pod\n'],
    ['deploy/web 80', 'Error: invalid resource type deploy/web; must be one of Pod or Service\n'],
    ['po/web 8080 -o wide', 'Error: output must be one of: yaml, json\n'],
  ])('%s', async (line, stderr) => {
    expect(await run(`diagnostics policy -n shop ${line}`)).toEqual({ code: 1, stdout: '', stderr })
  })
})

test('linkerd authz lists by policy, and every column is as wide as upstream has it', async () => {
  expect(await run('authz -n shop po/web')).toEqual({
    code: 0,
    stdout: [
      'ROUTE   SERVER  AUTHORIZATION_POLICY   SERVER_AUTHORIZATION   ',
      'orders  web     orders                                        ',
      '',
    ].join('\n'),
    stderr: '',
  })
  expect(await run('authz -n shop deploy/web')).toMatchObject({
    code: 1,
    stderr: 'Error: failed to get pods: deployments.apps "web" not found\n',
  })
})
