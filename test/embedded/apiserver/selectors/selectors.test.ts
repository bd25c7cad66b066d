import { describe, expect, test } from 'vitest'
import { parseFieldSelector } from '../../../../src/embedded/apiserver/selectors/field.ts'
import { parseLabelSelector } from '../../../../src/embedded/apiserver/selectors/label.ts'
import type { Kind } from '../../../../src/embedded/kinds/kind.ts'

const labels = { app: 'web', tier: 'front', n: '5', 'example.com/x': '' }

test.each([
  ['app=web', true],
  ['app==web', true],
  ['app=db', false],
  ['app!=db', true],
  ['missing!=x', true],
  ['app', true],
  ['missing', false],
  ['!missing', true],
  ['!app', false],
  ['app in (db, web)', true],
  ['app in (db)', false],
  ['app notin (db)', true],
  ['missing notin (db)', true],
  ['missing in (db)', false],
  ['n>4', true],
  ['n<4', false],
  ['app>4', false],
  ['example.com/x=', true],
  ['app=web,tier=back', false],
  ['app = web , tier = front', true],
  ['app in (web),!missing,n', true],
])('label selector %s: %s', (selector, expected) => {
  expect(parseLabelSelector(selector)!(labels)).toBe(expected)
})

test.each([
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a===b', "unable to parse requirement: found '=', expected: identifier"],
  ['a=b=c', "unable to parse requirement: found '=', expected: ',' or 'end of string'"],
  ['a=b,', "unable to parse requirement: found '', expected: identifier after ','"],
])('label selector %s is refused', (selector, message) => {
  expect(() => parseLabelSelector(selector)).toThrow(message)
})

describe('field selectors', () => {
  const pods: Kind = {
    group: '',
    version: 'v1',
    kind: 'Pod',
    resource: 'pods',
    singular: 'pod',
    namespaced: true,
    columns: [],
    selectableFields: { 'status.phase': (object) => (object.status as { phase: string }).phase },
  }
  const configMaps: Kind = { ...pods, kind: 'ConfigMap', resource: 'configmaps', selectableFields: undefined }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' }, status: { phase: 'Running' } }

  test.each([
    ['metadata.name=a', true],
    ['metadata.name!=a', false],
    ['metadata.namespace=n,status.phase=Running', true],
    ['status.phase!=Running', false],
    ['metadata.name==a', true],
    ['metadata.name=', false],
    ['metadata.name=a\\,b', false],
  ])('%s: %s', (selector, expected) => {
    expect(parseFieldSelector(pods, selector)!.matches(pod)).toBe(expected)
  })

  test('a pinned name is known', () => {
    expect(parseFieldSelector(pods, 'metadata.name=a')?.name).toBe('a')
    expect(parseFieldSelector(pods, 'metadata.name!=a')?.name).toBeUndefined()
  })

  test.each([
    [pods, 'spec.foo=a', 'field label not supported: spec.foo'],
    [configMaps, 'data.a=b', '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    [pods, 'spec.foo', "invalid selector: 'spec.foo'; can't understand 'spec.foo'"],
  ])('%o refuses %s', (kind, selector, message) => {
    expect(() => parseFieldSelector(kind, selector)).toThrow(message)
  })
})
