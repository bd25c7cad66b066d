import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partsOf } from '../../src/content/change.ts'
import { mutantsOf } from '../../src/content/mutants/index.ts'
import { edits } from '../../src/content/mutants/tree.ts'
import { neighboursOf } from '../../src/content/mutants/values.ts'
import type { Change } from '../../src/content/schema.ts'
import { parseManifests } from '../../src/kube/manifests.ts'

const workload = (namespace: string, app: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: app, namespace },
  spec: { template: { metadata: { labels: { app } } } },
})
const account = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace },
})
const neighbours = neighboursOf([
  ...['shop', 'test'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  workload('shop', 'web'),
  workload('shop', 'api'),
  account('shop', 'web'),
  account('shop', 'api'),
  account('test', 'client'),
])

const policy = (spec: string) =>
  `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: shop}\nspec: ${spec}\n`
const namesOf = (solution: Change) =>
  mutantsOf(solution, neighbours).map(({ name }) => name.replace('AuthorizationPolicy shop/p: ', ''))

describe('a manifest', () => {
  test('goes to other namespaces, the lab’s and the mesh’s root', () => {
    expect(namesOf(policy('{}'))).toEqual([
      'metadata.namespace: shop -> default',
      'metadata.namespace: shop -> istio-system',
      'metadata.namespace: shop -> test',
      'drop spec',
    ])
  })

  test.each<[what: string, spec: string, mutants: string[]]>([
    ['an action', '{action: ALLOW}', ['drop spec.action', 'spec.action: ALLOW -> DENY']],
    [
      'a selector',
      '{selector: {matchLabels: {app: api}}}',
      [
        'drop spec.selector',
        'spec.selector.matchLabels.app: api -> web',
        'spec.selector.matchLabels.app: api -> api-wrong',
      ],
    ],
    [
      'a principal',
      '{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}',
      [
        'drop spec.rules[0].from',
        'spec.rules[0].from[0].source.principals becomes notPrincipals',
        'spec.rules[0].from[0].source.principals[0]: cluster.local/ns/shop/sa/web -> cluster.local/ns/shop/sa/api',
        'spec.rules[0].from[0].source.principals[0]: cluster.local/ns/shop/sa/web -> cluster.local/ns/test/sa/client',
        'spec.rules[0].from[0].source.principals[0]: cluster.local/ns/shop/sa/web -> cluster.local/ns/shop/*',
        'spec.rules[0].from[0].source.principals[0]: cluster.local/ns/shop/sa/web -> *',
      ],
    ],
    [
      'a path',
      '{rules: [{to: [{operation: {paths: ["/api/*"]}}]}]}',
      ['/api/* -> /api*', '/api/* -> /api', '/api/* -> /wrong', '/api/* -> *'].map(
        (change) => `spec.rules[0].to[0].operation.paths[0]: ${change}`,
      ),
    ],
    [
      'methods',
      '{rules: [{to: [{operation: {methods: [GET, POST]}}]}]}',
      [
        'drop spec.rules[0].to[0].operation.methods[1]',
        'spec.rules[0].to[0].operation.methods[0]: GET -> DELETE',
        'spec.rules[0].to[0].operation.methods[0]: GET -> *',
      ],
    ],
    [
      'and, which one dash makes or',
      '{rules: [{from: [{source: {namespaces: [test]}}], to: [{operation: {methods: [GET], paths: [/a]}}]}]}',
      ['split spec.rules[0] into 2', 'split spec.rules[0].to[0] into 2'],
    ],
    [
      'a port',
      '{mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}',
      ['spec.portLevelMtls.8080 becomes 8081', 'spec.mtls.mode: STRICT -> PERMISSIVE'],
    ],
    ['a text of lines', '{a: "b: 1\\nc: 2\\n"}', ['spec.a: drop line "b: 1"', 'spec.a: drop line "c: 2"']],
    ['a number and a truth', '{a: 3, b: true}', ['spec.a: 3 -> 4', 'spec.a: 3 -> 30', 'spec.b: true -> false']],
  ])('%s', (_, spec, mutants) => {
    expect(namesOf(policy(spec))).toEqual(expect.arrayContaining(mutants))
  })

  test('of several is left out', () => {
    expect(namesOf(`${policy('{}')}---\n${policy('{}').replace('name: p', 'name: q')}`)).toEqual(
      expect.arrayContaining(['not applied', 'AuthorizationPolicy shop/q: not applied']),
    )
  })
})

describe('commands', () => {
  const restart = 'kubectl rollout restart deployment web -n shop'
  const patch = `kubectl patch deployment web -n shop -p '{"spec":{"replicas":2}}'`

  test('are left out, and go elsewhere', () => {
    expect(namesOf({ run: ['kubectl label namespace shop a=b', restart] })).toEqual([
      'kubectl label namespace shop a=b: not run',
      'kubectl label namespace shop a=b: a=b -> a=b-wrong',
      `${restart}: not run`,
      `${restart}: -n shop -> test`,
    ])
  })

  test('a patch has its own mutants', () => {
    const mutants = mutantsOf({ run: [patch] }, neighbours)
    expect(mutants.map(({ name }) => name)).toContain(
      'kubectl patch deployment web -n shop: patch: spec.replicas: 2 -> 3',
    )
    expect(mutants.map(({ change }) => partsOf(change).run?.[0])).toContain(
      `kubectl patch deployment web -n shop -p '{"spec":{"replicas":3}}'`,
    )
  })
})

test('every mutant differs from the solution, from every other, and parses', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value, { minKeys: 1 }), (spec) => {
      const solution = policy(JSON.stringify(spec))
      const original = JSON.stringify(parseManifests(solution).objects.map(({ object }) => object))
      const texts = mutantsOf(solution, neighbours).map(({ change }) => {
        const { objects, problems } = parseManifests(partsOf(change).apply ?? '')
        expect(problems).toEqual([])
        return JSON.stringify(objects.map(({ object }) => object))
      })
      expect(texts).not.toContain(original)
      expect(new Set(texts).size).toBe(texts.length)
    }),
    {
      numRuns: 15,
      // Names that every object inherits, and a text that YAML 1.1 reads as a truth value: they were mistaken once.
      examples: [[{ a: [[{ toString: {} }, '']] }], [{ a: ['y', true] }], [{ a: ['.'] }]],
    },
  )
})

test('edits leave the value itself alone', () => {
  const value = Object.freeze({ a: Object.freeze([1, 2]), b: Object.freeze({ c: 'x' }) })
  expect(edits(value, neighbours).map(({ value: edited }) => JSON.stringify(edited))).toEqual([
    '{"b":{"c":"x"}}',
    '{"a":[2],"b":{"c":"x"}}',
    '{"a":[2,2],"b":{"c":"x"}}',
    '{"a":[10,2],"b":{"c":"x"}}',
    '{"a":[1],"b":{"c":"x"}}',
    '{"a":[1,3],"b":{"c":"x"}}',
    '{"a":[1,20],"b":{"c":"x"}}',
    '{"a":[1,2]}',
    '{"a":[1,2],"b":{}}',
    '{"a":[1,2],"b":{"c":"x-wrong"}}',
  ])
})
