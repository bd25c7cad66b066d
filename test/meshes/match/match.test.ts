import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressRange } from '../../../src/meshes/match/cidr.ts'
import { fullName, hostCovers, withoutPort } from '../../../src/meshes/match/hosts.ts'
import { selects } from '../../../src/meshes/match/labels.ts'
import { normalizePath, pathPattern } from '../../../src/meshes/match/paths.ts'
import {
  namespacePattern,
  principalPattern,
  serviceAccountPattern,
  trustDomainPattern,
} from '../../../src/meshes/match/spiffe.ts'
import { stringPattern } from '../../../src/meshes/match/strings.ts'

test.each([
  ['*', 'a', true],
  ['*', '', false],
  ['a*', 'a', true],
  ['*a', 'ba', true],
  ['a*b', 'axb', false],
  ['a*b', 'a*b', true],
  ['*a*', 'xa*', true],
  ['*a*', 'xay', false],
  ['A', 'a', false],
])('stringPattern %s on %s: %s', (pattern, value, expected) => {
  expect(stringPattern(pattern)(value)).toBe(expected)
})

test.each([
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/../a', '/a'],
  ['/a/b/..', '/a/'],
  ['/a/.', '/a/'],
  ['/a//b', '/a//b'],
  ['/a%2Fb', '/a%2Fb'],
  ['/%41%7e%2e', '/A~.'],
  ['/a\\b?c\\d', '/a/b?c\\d'],
  ['/a?x=/../y', '/a?x=/../y'],
  ['*', '*'],
  ['/', '/'],
])('normalizePath %s is %s', (path, expected) => {
  expect(normalizePath(path)).toBe(expected)
})

test('normalizing twice is normalizing once', () => {
  const piece = fc.constantFrom('a', '.', '..', '', '%2e', '%2f', 'b c', '\\')
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.constantFrom('BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'),
      (pieces, how) => {
        const once = normalizePath(`/${pieces.join('/')}`, how)
        expect(normalizePath(once, how)).toBe(once)
      },
    ),
  )
})

test.each([
  ['/a/{*}', '/a/b', true],
  ['/a/{*}', '/a/', false],
  ['/a/{*}', '/a/b/c', false],
  ['/{**}', '/', true],
  ['/a.b/{*}', '/axb/c', false],
])('template %s on %s: %s', (template, path, expected) => {
  expect(pathPattern(template)(path)).toBe(expected)
})

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['0.0.0.0/0', '1.2.3.4', true],
  ['::/0', '1.2.3.4', false],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['10.0.0.0/8', 'nonsense', false],
])('addressRange %s has %s: %s', (range, address, expected) => {
  expect(addressRange(range)?.(address)).toBe(expected)
})
test.each(['', 'x', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10'])('addressRange %j is none', (range) => {
  expect(addressRange(range)).toBeUndefined()
})

describe('identities', () => {
  const id = 'spiffe://cluster.local/ns/production/sa/frontend'
  test.each([
    [principalPattern('cluster.local/ns/production/sa/frontend'), true],
    [principalPattern('cluster.local/ns/prod'), false],
    [principalPattern('cluster.local/ns/prod*'), true],
    [principalPattern('*frontend'), true],
    [principalPattern('*'), true],
    [namespacePattern('production'), true],
    [namespacePattern('prod'), false],
    [namespacePattern('*duct*'), true],
    [serviceAccountPattern('frontend', 'production'), true],
    [serviceAccountPattern('frontend', 'staging'), false],
    [serviceAccountPattern('production/front', 'x'), false],
    [trustDomainPattern('cluster.local'), true],
    [trustDomainPattern('cluster'), false],
    [trustDomainPattern('*.local'), true],
  ])('%#: %s', (pattern, expected) => {
    expect(pattern(id)).toBe(expected)
  })
})

test('hosts', () => {
  expect(fullName('orders', 'shop')).toBe('orders.shop.svc.cluster.local')
  expect(fullName('a.example.com', 'shop')).toBe('a.example.com')
  expect(hostCovers('*.example.com', 'a.example.com')).toBe(true)
  expect(hostCovers('*.example.com', 'example.com')).toBe(false)
  expect(withoutPort('[::1]:80')).toBe('[::1]')
})

test.each([
  [{ matchLabels: { a: '1' } }, true],
  [{ matchLabels: { a: '2' } }, false],
  [{ matchExpressions: [{ key: 'a', operator: 'In' as const, values: ['1'] }] }, true],
  [{ matchExpressions: [{ key: 'b', operator: 'NotIn' as const, values: ['1'] }] }, true],
  [{ matchExpressions: [{ key: 'b', operator: 'Exists' as const }] }, false],
  [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' as const }] }, false],
  [{}, true],
])('selects %j: %s', (selector, expected) => {
  expect(selects(selector, { a: '1' })).toBe(expected)
})
