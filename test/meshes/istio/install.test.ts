import { expect, test } from 'vitest'
import { istio } from '../../../src/meshes/istio/index.ts'

test('an installation compiles to the defaults', () => {
  const { model, problems } = istio.compile(istio.install())
  expect(problems).toEqual([])
  expect(model.config).toEqual({
    trustDomain: 'cluster.local',
    rootNamespace: 'istio-system',
    enableAutoMtls: true,
    outboundPolicy: 'ALLOW_ANY',
    normalization: 'BASE',
    trustDomainAliases: [],
    trustedProxies: 0,
    providers: new Map(),
  })
})

test('the namespace comes first, istiod is there, no name twice', () => {
  const names = istio.install().map((object) => `${object.kind} ${object.metadata.name}`)
  expect(names[0]).toBe('Namespace istio-system')
  expect(names).toEqual(expect.arrayContaining(['Deployment istiod', 'Service istiod', 'ConfigMap istio']))
  expect(new Set(names).size).toBe(names.length)
})

type Node = {
  type?: string
  properties?: Record<string, Node>
  items?: Node
  additionalProperties?: Node
  [key: string]: unknown
}
const problemsOf = (node: Node, path: string): string[] => {
  const below = [
    ...Object.entries(node.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const),
    ...(node.items ? [[`${path}[]`, node.items] as const] : []),
    ...(node.additionalProperties ? [[`${path}{}`, node.additionalProperties] as const] : []),
  ]
  const untyped = node.type === undefined && node['x-kubernetes-int-or-string'] !== true
  return [...(untyped ? [path] : []), ...below.flatMap(([at, child]) => problemsOf(child, at))]
}

test('every CRD is structural and has one storage version', async () => {
  const all = await istio.crds()
  expect(all.map((crd) => crd.metadata.name)).toEqual(
    expect.arrayContaining([
      'peerauthentications.security.istio.io',
      'virtualservices.networking.istio.io',
      'telemetries.telemetry.istio.io',
    ]),
  )
  expect(all).toHaveLength(15)
  for (const crd of all) {
    const spec = crd.spec as { versions: { name: string; storage: boolean; schema: { openAPIV3Schema: Node } }[] }
    expect(spec.versions.filter((version) => version.storage)).toHaveLength(1)
    for (const version of spec.versions)
      expect(problemsOf(version.schema.openAPIV3Schema, crd.metadata.name)).toEqual([])
  }
})

test('every field of the security kinds is described', async () => {
  const undescribed = (node: Node, path: string): string[] =>
    Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
      const own = child.description === undefined && !path.includes('targetRef') ? [`${path}.${name}`] : []
      const inner = child.items ?? child.additionalProperties ?? child
      return [...own, ...undescribed(inner, `${path}.${name}`)]
    })
  for (const crd of await istio.crds()) {
    if ((crd.spec as { group: string }).group !== 'security.istio.io') continue
    const { versions } = crd.spec as { versions: { schema: { openAPIV3Schema: Node } }[] }
    const spec = versions[0]?.schema.openAPIV3Schema.properties?.spec
    expect(spec && undescribed(spec, 'spec').filter((path) => !/targetRefs?\./.test(path)), crd.metadata.name).toEqual(
      [],
    )
  }
})
