import { describe, expect, test } from 'vitest'
import { fieldTable, structOfKind } from '../../../src/embedded/kinds/fields.ts'

describe('the field table', () => {
  test.each([
    ['', 'v1', 'Pod', 'core/v1.Pod'],
    ['apps', 'v1', 'Deployment', 'apps/v1.Deployment'],
    ['rbac.authorization.k8s.io', 'v1', 'Role', 'rbac/v1.Role'],
    ['apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'apiextensions/v1.CustomResourceDefinition'],
    ['authentication.k8s.io', 'v1', 'TokenRequest', 'authentication/v1.TokenRequest'],
  ])('finds the struct of %s/%s %s', (group, version, kind, name) => {
    expect(fieldTable().kindStruct(group, version, kind)?.name).toBe(name)
  })

  test.each([
    [
      'core/v1.PodSpec',
      'containers',
      { patchStrategy: ['merge'], patchMergeKey: 'name', listType: 'map', listMapKeys: ['name'] },
    ],
    ['core/v1.PodSpec', 'volumes', { patchStrategy: ['merge', 'retainKeys'], patchMergeKey: 'name' }],
    ['core/v1.ServiceSpec', 'ports', { patchMergeKey: 'port', listType: 'map', listMapKeys: ['port', 'protocol'] }],
    ['core/v1.PodSpec', 'nodeSelector', { map: true, mapType: 'atomic' }],
    ['meta/v1.ObjectMeta', 'finalizers', { patchStrategy: ['merge'], listType: 'set', goType: '[]string' }],
    ['core/v1.ContainerPort', 'protocol', { default: 'TCP' }],
  ])('%s.%s', (struct, field, facts) => {
    expect(fieldTable().struct(struct)?.byName.get(field)).toMatchObject(facts)
  })

  test('inline structs are flattened for JSON and kept for protobuf', () => {
    const probe = fieldTable().struct('core/v1.Probe')
    expect(probe?.byName.get('httpGet')?.struct).toBe('core/v1.HTTPGetAction')
    expect(probe?.byNumber.get(1)?.name).toBe('ProbeHandler')
    expect(
      fieldTable()
        .struct('core/v1.Pod')
        ?.fields.map((field) => field.name),
    ).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status'])
  })

  test('a kind record without goType is found by its names; a custom one has no struct', () => {
    const names = { group: 'apps', version: 'v1', kind: 'Deployment' }
    expect(structOfKind(names)?.name).toBe('apps/v1.Deployment')
    expect(structOfKind({ ...names, prune: () => [] })).toBeUndefined()
  })
})
