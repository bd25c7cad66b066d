import { describe, expect, test } from 'vitest'
import { fieldTable } from '../../../src/embedded/kinds/fields.ts'
import { builtinKinds } from '../../../src/embedded/kinds/index.ts'

const kinds = builtinKinds()
const names = kinds.map((kind) => [kind.group ? `${kind.resource}.${kind.group}` : kind.resource, kind] as const)

/** Each resource once, in the form that it is stored in. */
const stored = kinds.filter((kind) => !kind.stored)

describe('builtinKinds', () => {
  test.each(names)('%s is a type that Kubernetes has, by its own name', (_name, { group, version, kind, goType }) => {
    expect(fieldTable().struct(goType ?? '')).toBeDefined()
    expect(fieldTable().kindStruct(group, version, kind)?.name).toBe(goType)
  })

  test('no two kinds answer to one name', () => {
    const said = stored.flatMap(({ resource, singular, shortNames = [] }) => [
      ...new Set([resource, singular, ...shortNames]),
    ])
    expect(said.filter((name, index) => said.indexOf(name) !== index)).toEqual([])
  })

  test('groups come in the order that decides ambiguous names', () => {
    expect([...new Set(kinds.map(({ group }) => group))]).toEqual([
      '',
      'apps',
      'events.k8s.io',
      'authentication.k8s.io',
      'authorization.k8s.io',
      'autoscaling',
      'batch',
      'certificates.k8s.io',
      'networking.k8s.io',
      'policy',
      'rbac.authorization.k8s.io',
      'storage.k8s.io',
      'admissionregistration.k8s.io',
      'scheduling.k8s.io',
      'coordination.k8s.io',
      'node.k8s.io',
      'discovery.k8s.io',
    ])
  })

  test('`kubectl get all` means these', () => {
    expect(
      stored
        .filter(({ categories }) => categories?.includes('all'))
        .map(({ resource }) => resource)
        .sort(),
    ).toEqual([
      'cronjobs',
      'daemonsets',
      'deployments',
      'horizontalpodautoscalers',
      'jobs',
      'pods',
      'replicasets',
      'replicationcontrollers',
      'services',
      'statefulsets',
    ])
  })
})
