import { describe, expect, test } from 'vitest'
import { byVersionPriority, createDiscovery } from '../../../src/embedded/apiserver/discovery.ts'
import { createKindTable } from '../../../src/embedded/apiserver/kind-table.ts'
import type { Kind } from '../../../src/embedded/kinds/kind.ts'

const kind = (group: string, version: string, name: string, more: Partial<Kind> = {}): Kind => ({
  group,
  version,
  kind: name,
  resource: `${name.toLowerCase()}s`,
  singular: name.toLowerCase(),
  namespaced: true,
  columns: [],
  ...more,
})
const kinds = () => [
  kind('', 'v1', 'Pod', {
    shortNames: ['po'],
    categories: ['all'],
    status: true,
    subresources: [{ name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] }],
  }),
  kind('', 'v1', 'Node', { namespaced: false }),
  kind('apps', 'v1', 'Deployment', {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas' },
  }),
  kind('autoscaling', 'v1', 'Scaler'),
  kind('autoscaling', 'v2', 'Scaler'),
  kind('authorization.k8s.io', 'v1', 'SelfReview', { namespaced: false, verbs: ['create'] }),
]
const aggregated = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
const served = (list = kinds()) => {
  const table = createKindTable(list)
  return { table, discovery: createDiscovery(() => table.all()) }
}
const parse = (document: { body: string | Uint8Array } | undefined) => JSON.parse(String(document?.body))
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

describe('aggregated discovery', () => {
  test.each([
    [`${aggregated('v2')},${aggregated('v2beta1')},application/json`, aggregated('v2'), 'apidiscovery.k8s.io/v2'],
    [`${aggregated('v2beta1')},application/json`, aggregated('v2beta1'), 'apidiscovery.k8s.io/v2beta1'],
    [`${aggregated('v3')},application/json`, 'application/json', undefined],
    ['application/json', 'application/json', undefined],
    [null, 'application/json', undefined],
  ])('%s', (accept, contentType, apiVersion) => {
    const { discovery } = served()
    const document = discovery.api(accept, 'host:1')
    expect(document.contentType).toBe(contentType)
    expect(parse(document).apiVersion).toBe(apiVersion)
  })

  test('the core group has no name; resources come by name, with their subresources', () => {
    expect(parse(served().discovery.api(aggregated('v2'), 'host:1')).items).toEqual([
      {
        metadata: {},
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              {
                resource: 'nodes',
                responseKind: { group: '', version: '', kind: 'Node' },
                scope: 'Cluster',
                singularResource: 'node',
                verbs,
              },
              {
                resource: 'pods',
                responseKind: { group: '', version: '', kind: 'Pod' },
                scope: 'Namespaced',
                singularResource: 'pod',
                verbs,
                shortNames: ['po'],
                categories: ['all'],
                subresources: [
                  {
                    subresource: 'eviction',
                    responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
                    verbs: ['create'],
                  },
                  {
                    subresource: 'status',
                    responseKind: { group: '', version: '', kind: 'Pod' },
                    verbs: ['get', 'patch', 'update'],
                  },
                ],
              },
            ],
          },
        ],
      },
    ])
  })

  test('groups keep the order of their first kind, versions come by priority', () => {
    const { items } = parse(served().discovery.apis(aggregated('v2')))
    expect(items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'apps',
      'autoscaling',
      'authorization.k8s.io',
    ])
    expect(items[1].versions.map(({ version }: { version: string }) => version)).toEqual(['v2', 'v1'])
  })
})

describe('classic discovery', () => {
  const { discovery } = served()

  test('/api and /apis', () => {
    expect(parse(discovery.api(null, 'host:1'))).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'host:1' }],
    })
    expect(parse(discovery.apis(null)).groups[1]).toEqual({
      name: 'autoscaling',
      versions: [
        { groupVersion: 'autoscaling/v2', version: 'v2' },
        { groupVersion: 'autoscaling/v1', version: 'v1' },
      ],
      preferredVersion: { groupVersion: 'autoscaling/v2', version: 'v2' },
    })
  })

  test('a group-version lists resources and subresources', () => {
    const { resources, ...head } = parse(discovery.groupVersion('apps', 'v1'))
    expect(head).toEqual({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'apps/v1' })
    expect(resources).toEqual([
      {
        name: 'deployments',
        singularName: 'deployment',
        namespaced: true,
        kind: 'Deployment',
        verbs,
        storageVersionHash: '8aSe+NMegvE=',
      },
      {
        name: 'deployments/scale',
        singularName: '',
        namespaced: true,
        group: 'autoscaling',
        version: 'v1',
        kind: 'Scale',
        verbs: ['get', 'patch', 'update'],
      },
      {
        name: 'deployments/status',
        singularName: '',
        namespaced: true,
        kind: 'Deployment',
        verbs: ['get', 'patch', 'update'],
      },
    ])
  })

  test('every group that /apis names has its documents', () => {
    for (const { name, versions } of parse(discovery.apis(null)).groups) {
      expect(parse(discovery.group(name)).name).toBe(name)
      for (const { version } of versions)
        expect(parse(discovery.groupVersion(name, version)).resources.length).toBeGreaterThan(0)
    }
  })

  test('what is not served has none', () => {
    expect(discovery.group('nope')).toBeUndefined()
    expect(discovery.groupVersion('apps', 'v2')).toBeUndefined()
  })
})

describe('tags', () => {
  test('equal content has equal tags, on any server', () => {
    expect(served().discovery.apis(null).etag).toBe(served().discovery.apis(null).etag)
  })

  test('a new kind shows at once and changes the tag; its removal brings the old one back', () => {
    const { table, discovery } = served()
    const before = discovery.apis(null)
    table.add([kind('ex.io', 'v1', 'Widget')])
    expect(discovery.apis(null).etag).not.toBe(before.etag)
    expect(parse(discovery.groupVersion('ex.io', 'v1')).resources[0].name).toBe('widgets')
    table.remove('ex.io', 'widgets')
    expect(discovery.apis(null).etag).toBe(before.etag)
    expect(discovery.groupVersion('ex.io', 'v1')).toBeUndefined()
  })
})

test('version priority', () => {
  expect(
    ['foo10', 'v1alpha1', 'v2', 'v11beta2', 'v10', 'foo1', 'v3beta1', 'v10beta3', 'v1', 'v12alpha1'].sort(
      byVersionPriority,
    ),
  ).toEqual(['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v1alpha1', 'foo1', 'foo10'])
})
