/** The content that ships with the program, proven on the embedded cluster; and that other right answers pass as well. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applyChange } from '../../src/content/change.ts'
import { type CatalogueItem, labObjects, loadCatalogue, loadScenario } from '../../src/content/load.ts'
import type { Change } from '../../src/content/schema.ts'
import { settle } from '../../src/content/settle.ts'
import { type OpenedLab, verifyScenario } from '../../src/content/verify.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import { grade } from '../../src/grading/grade.ts'
import { createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'

const namespaces = ['production', 'staging', 'legacy']

const openLab = async (item: CatalogueItem): Promise<OpenedLab> => {
  const { cluster, stop } = await createEmbeddedCluster({ mesh: istio })
  const client = createClient(cluster)
  await client.apply(await labObjects(item))
  await settle(client, namespaces)
  return { cluster, mesh: istio, close: async () => stop() }
}

test('every claim about every scenario holds, and mistakes are recognised', async () => {
  const { items } = await loadCatalogue()
  const proofs = await Promise.all(items.map((item) => verifyScenario(item, { openLab })))
  const flat = proofs.flat()
  expect(flat.filter(({ passed }) => !passed)).toEqual([])
  expect(flat.filter(({ claim, recognised }) => claim === 'mistake is caught' && !recognised)).toEqual([])
  expect(flat.length).toBeGreaterThan(50)
})

const policy = (kind: string, name: string, namespace: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'security.istio.io/v1', kind, metadata: { name, namespace }, spec })
const authn = (name: string, namespace: string, spec: object) => policy('PeerAuthentication', name, namespace, spec)
const authz = (name: string, namespace: string, spec: object) => policy('AuthorizationPolicy', name, namespace, spec)
const all = (...manifests: string[]): Change => manifests.join('\n---\n')
const app = (name: string) => ({ matchLabels: { app: name } })
const from = (source: object) => [{ source }]
const to = (operation: object) => [{ operation }]
const frontend = { principals: ['cluster.local/ns/production/sa/frontend'] }
const client = { principals: ['cluster.local/ns/staging/sa/client'] }
const strict = { mtls: { mode: 'STRICT' } }

describe('other right answers pass', () => {
  let item: CatalogueItem
  let lab: OpenedLab
  afterEach(() => lab.close())

  test.each<[scenario: string, step: string, what: string, answer: Change]>([
    ['istio-strict-mtls', 'strict-production', 'another name', authn('whatever', 'production', strict)],
    [
      'istio-strict-mtls',
      'strict-production',
      'one for all and one for orders',
      all(authn('a', 'production', strict), authn('b', 'production', { selector: app('orders'), ...strict })),
    ],
    [
      'istio-strict-mtls',
      'strict-production',
      'an old API version',
      authn('a', 'production', strict).replace('/v1', '/v1beta1'),
    ],
    [
      'istio-strict-mtls',
      'legacy-server-joins',
      'a label on the pod template only',
      {
        run: [
          `kubectl patch deployment server -n legacy -p '{"spec":{"template":{"metadata":{"labels":{"sidecar.istio.io/inject":"true"}}}}}'`,
        ],
      },
    ],
    [
      'istio-strict-mtls',
      'legacy-server-joins',
      'any change of the pod template after the label',
      {
        run: [
          'kubectl label namespace legacy istio-injection=enabled',
          `kubectl patch deployment server -n legacy -p '{"spec":{"template":{"metadata":{"labels":{"a":"b"}}}}}'`,
        ],
      },
    ],
    [
      'istio-strict-mtls',
      'strict-everywhere',
      'an exception for the namespace',
      all(authn('x', 'legacy', { mtls: { mode: 'PERMISSIVE' } }), authn('y', 'istio-system', strict)),
    ],
    [
      'istio-strict-mtls',
      'strict-everywhere',
      'an exception for the port',
      all(
        authn('x', 'legacy', { selector: app('server'), ...strict, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        authn('y', 'istio-system', strict),
      ),
    ],
    [
      'istio-deny-by-default',
      'deny-production',
      'the action written out',
      authz('nothing', 'production', { action: 'ALLOW' }),
    ],
    ['istio-deny-by-default', 'deny-production', 'for the whole mesh at once', authz('nothing', 'istio-system', {})],
    [
      'istio-deny-by-default',
      'deny-production',
      'with STRICT on top',
      all(authz('nothing', 'production', {}), authn('s', 'production', strict)),
    ],
    [
      'istio-deny-by-default',
      'orders-for-production',
      'principals one by one',
      authz('o', 'production', {
        selector: app('orders'),
        rules: [
          {
            from: from({
              principals: ['cluster.local/ns/production/sa/frontend', 'cluster.local/ns/production/sa/api-server'],
            }),
          },
        ],
      }),
    ],
    [
      'istio-deny-by-default',
      'orders-for-production',
      'a prefix of principals',
      authz('o', 'production', {
        selector: app('orders'),
        rules: [{ from: from({ principals: ['cluster.local/ns/production/*'] }) }],
      }),
    ],
    ['istio-deny-by-default', 'deny-mesh-wide', 'another name', authz('closed', 'istio-system', {})],
    [
      'istio-frontend-may-call-the-api',
      'only-the-frontend',
      'by ServiceAccount',
      authz('a', 'production', {
        selector: app('api-server'),
        rules: [{ from: from({ serviceAccounts: ['production/frontend'] }) }],
      }),
    ],
    [
      'istio-frontend-may-call-the-api',
      'only-the-frontend',
      'an ALLOW for all and a DENY for the rest',
      all(
        authz('a', 'production', {
          selector: app('api-server'),
          action: 'DENY',
          rules: [{ from: from({ notPrincipals: frontend.principals }) }],
        }),
      ),
    ],
    [
      'istio-frontend-may-call-the-api',
      'get-and-post-only',
      'a rule for each method, in two policies',
      all(
        authz('api-server', 'production', {
          selector: app('api-server'),
          rules: [{ from: from(frontend), to: to({ methods: ['GET'], paths: ['/api/*'] }) }],
        }),
        authz('api-server-post', 'production', {
          selector: app('api-server'),
          rules: [{ from: from(frontend), to: to({ paths: ['/api/*'], methods: ['POST'] }) }],
        }),
      ),
    ],
    [
      'istio-frontend-may-call-the-api',
      'get-and-post-only',
      'a DENY for everything else',
      authz('rest', 'production', {
        selector: app('api-server'),
        action: 'DENY',
        rules: [{ to: to({ notMethods: ['GET', 'POST'] }) }, { to: to({ notPaths: ['/api/*'] }) }],
      }),
    ],
    [
      'istio-frontend-may-call-the-api',
      'staging-health',
      'a policy of its own',
      authz('smoke', 'production', {
        selector: app('api-server'),
        rules: [{ from: from(client), to: to({ methods: ['GET'], paths: ['/api/health'] }) }],
      }),
    ],
    [
      'istio-frontend-may-call-the-api',
      'staging-health',
      'rules in the other order',
      authz('api-server', 'production', {
        selector: app('api-server'),
        rules: [
          { from: from(client), to: to({ methods: ['GET'], paths: ['/api/health'] }) },
          { from: from(frontend), to: to({ methods: ['GET', 'POST'], paths: ['/api/*'] }) },
        ],
      }),
    ],
  ])('%s / %s: %s', async (scenario, step, _, answer) => {
    item = await loadScenario(scenario)
    lab = await openLab(item)
    const kube = createClient(lab.cluster)
    for (const each of item.scenario.spec.steps) {
      await applyChange(lab.cluster, each.id === step ? answer : each.solution, kube)
      await settle(kube, namespaces)
      if (each.id === step) break
    }
    const { steps } = await grade(
      { cluster: lab.cluster, mesh: istio, scenario: item.scenario, lab: item.lab },
      { upTo: step },
    )
    expect(steps.flatMap(({ checks }) => checks.filter(({ passed }) => !passed))).toEqual([])
  })
})

describe('answers that only look right do not pass', () => {
  let lab: OpenedLab
  let item: CatalogueItem
  beforeEach(async () => {
    item = await loadScenario('istio-strict-mtls')
    lab = await openLab(item)
  })
  afterEach(() => lab.close())
  const failing = async (change: Change): Promise<string[]> => {
    await applyChange(lab.cluster, change)
    await settle(createClient(lab.cluster), namespaces)
    const { steps } = await grade(
      { cluster: lab.cluster, mesh: istio, scenario: item.scenario },
      { steps: ['strict-production'] },
    )
    return steps[0]!.checks.filter(({ passed }) => !passed).map(({ id }) => id)
  }

  test('STRICT for each workload by selector is not STRICT for the namespace', async () => {
    const each = ['orders', 'api-server', 'frontend'].map((name) =>
      authn(name, 'production', { selector: app(name), ...strict }),
    )
    expect(await failing(all(...each))).toEqual(['policy-there'])
  })

  test('a workload that was scaled away is not a workload that refuses', async () => {
    await applyChange(lab.cluster, authn('default', 'production', strict))
    expect(await failing({ run: ['kubectl scale deployment orders -n production --replicas=0'] })).toEqual([
      'plaintext-refused',
      'meshed-still-works',
    ])
  })

  test('a probe whose workload is gone decides nothing', async () => {
    await applyChange(lab.cluster, authn('default', 'production', strict))
    expect(await failing({ run: ['kubectl scale deployment client -n legacy --replicas=0'] })).toEqual([
      'plaintext-refused',
      'api-refuses-plaintext',
      'frontend-refuses-plaintext',
    ])
  })

  test('a pass does not stick', async () => {
    expect(await failing(authn('default', 'production', strict))).toEqual([])
    expect(await failing({ delete: authn('default', 'production', strict) })).toContain('plaintext-refused')
  })
})
