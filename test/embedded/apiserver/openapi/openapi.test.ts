import { describe, expect, test } from 'vitest'
import { createKindTable } from '../../../../src/embedded/apiserver/kind-table.ts'
import { createOpenApi } from '../../../../src/embedded/apiserver/openapi/openapi.ts'
import { crdKind } from '../../../../src/embedded/crds/crd-kind.ts'
import { kindsFromCrd } from '../../../../src/embedded/crds/kinds.ts'
import { builtinKinds } from '../../../../src/embedded/kinds/index.ts'
import { widgetCrd } from '../../crds/widget.ts'

const served = () => {
  const table = createKindTable([...builtinKinds(), crdKind])
  return { table, openApi: createOpenApi(() => table.all()) }
}
type Any = Record<string, never>
const parse = (document: { body: string | Uint8Array } | undefined) => JSON.parse(String(document?.body))
const component = (name: string) => `#/components/schemas/${name}`

/** Every `$ref` in a document. */
const references = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(references)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    key === '$ref' && typeof item === 'string' ? [item] : references(item),
  )
}

describe('v3', () => {
  const { openApi } = served()
  const paths = Object.entries(parse(openApi.index()).paths as Record<string, { serverRelativeURL: string }>)

  test.each(paths.map(([path]) => path))(
    '%s has a schema for every reference and a PATCH that validates fields',
    (path) => {
      const document = parse(openApi.groupVersion(path))
      const schemas = new Set(Object.keys(document.components.schemas).map(component))
      expect(references(document).filter((reference) => !schemas.has(reference))).toEqual([])
      const patches = Object.values(
        document.paths as Record<string, { patch?: { parameters: { name: string }[] } }>,
      ).flatMap(({ patch }) => patch ?? [])
      for (const { parameters } of patches) {
        expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['fieldValidation', 'dryRun']))
      }
    },
  )

  test('the index names the hash that its document has', () => {
    for (const [path, { serverRelativeURL }] of paths) {
      expect(serverRelativeURL).toBe(`/openapi/v3/${path}?hash=${openApi.groupVersion(path)?.hash}`)
    }
    expect(openApi.groupVersion('apis/nope/v1')).toBeUndefined()
  })

  const podSpec = 'io.k8s.api.core.v1.PodSpec'
  test.each<[string, string, string, Any | object]>([
    [
      'api/v1',
      podSpec,
      'containers',
      {
        type: 'array',
        items: { allOf: [{ $ref: component('io.k8s.api.core.v1.Container') }] },
        'x-kubernetes-patch-merge-key': 'name',
        'x-kubernetes-list-type': 'map',
      },
    ],
    ['api/v1', podSpec, 'nodeSelector', { type: 'object', additionalProperties: { type: 'string' } }],
    [
      'api/v1',
      'io.k8s.api.core.v1.Container',
      'resources',
      { allOf: [{ $ref: component('io.k8s.api.core.v1.ResourceRequirements') }] },
    ],
    ['apis/apps/v1', 'io.k8s.api.apps.v1.DeploymentSpec', 'replicas', { type: 'integer', format: 'int32' }],
    [
      'apis/apps/v1',
      'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
      'creationTimestamp',
      { allOf: [{ $ref: component('io.k8s.apimachinery.pkg.apis.meta.v1.Time') }] },
    ],
  ])('%s %s.%s', (path, name, field, schema) => {
    expect(parse(openApi.groupVersion(path)).components.schemas[name].properties[field]).toMatchObject(schema)
  })

  test.each([
    ['api/v1', podSpec, ['containers']],
    ['apis/apps/v1', 'io.k8s.api.apps.v1.DeploymentSpec', ['selector', 'template']],
    ['apis/rbac.authorization.k8s.io/v1', 'io.k8s.api.rbac.v1.Role', undefined],
  ])('%s %s requires %j', (path, name, required) => {
    expect(parse(openApi.groupVersion(path)).components.schemas[name].required).toEqual(required)
  })

  test('fields that learners ask about are described', () => {
    const { schemas } = parse(openApi.groupVersion('apis/apps/v1')).components
    expect(schemas['io.k8s.api.apps.v1.Deployment'].description).toMatch(/pods/)
    expect(schemas['io.k8s.api.apps.v1.DeploymentSpec'].properties.replicas.description).toMatch(/Default: 1/)
    expect(schemas['io.k8s.api.apps.v1.Deployment'].properties.apiVersion.description).toMatch(/group and version/)
  })

  test('the resource leads to its kind and schema, as explain goes', () => {
    const { paths: items } = parse(openApi.groupVersion('apis/apps/v1'))
    const { get } = items['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']
    expect(get['x-kubernetes-group-version-kind']).toEqual({ group: 'apps', version: 'v1', kind: 'Deployment' })
    expect(references(get.responses)).toEqual([component('io.k8s.api.apps.v1.Deployment')])
  })
})

describe("CRDs' kinds", () => {
  test('appear with their schema and only change their own document', () => {
    const { table, openApi } = served()
    const apps = openApi.groupVersion('apis/apps/v1')
    table.add(kindsFromCrd(widgetCrd()))
    const { components } = parse(openApi.groupVersion('apis/ex.io/v1'))
    expect(components.schemas['io.ex.v1.Widget'].properties).toMatchObject({
      metadata: { allOf: [{ $ref: component('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') }] },
      spec: { properties: { size: { type: 'integer' } } },
    })
    expect(components.schemas['io.ex.v1.WidgetList'].required).toEqual(['items'])
    expect(openApi.groupVersion('apis/apps/v1')).toBe(apps)
    table.remove('ex.io', 'widgets')
    expect(openApi.groupVersion('apis/ex.io/v1')).toBeUndefined()
  })
})

describe('v2', () => {
  const { openApi } = served()
  const protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

  test('is an empty protobuf document for old kubectl, with a content type that Go can parse', () => {
    const { body, contentType } = openApi.v2(protobuf)
    expect(Buffer.from(body as Uint8Array).toString('hex')).toBe(
      '0a03322e3012100a0a4b756265726e6574657312027631' + '4200',
    )
    expect(contentType).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
  })

  test.each([[null], ['application/json'], [`${protobuf},application/json`]])('is JSON for %s', (accept) => {
    expect(parse(openApi.v2(accept))).toMatchObject({ swagger: '2.0' })
  })
})
