import { expect, test } from 'vitest'
import { canonicalQuantity } from '../../../../src/embedded/apiserver/decode/quantity.ts'

test.each([
  ['1000m', '1'],
  ['0.5', '500m'],
  ['1.5', '1500m'],
  ['1500m', '1500m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['512Ki', '512Ki'],
  ['1Ki', '1Ki'],
  ['0.5Ki', '512'],
  ['0', '0'],
  ['0Mi', '0'],
  ['1000k', '1M'],
  ['123456', '123456'],
  ['100000', '100k'],
  ['1e3', '1e3'],
  ['12E6', '12e6'],
  ['-1000m', '-1'],
  ['+2', '2'],
  ['.5', '500m'],
  ['1n', '1n'],
  ['0.1n', '1n'],
])('%s is %s', (given, canonical) => {
  expect(canonicalQuantity(given)).toBe(canonical)
  expect(canonicalQuantity(canonical)).toBe(canonical)
})

test.each([
  ['lots', /quantities must match/],
  ['', /quantities must match/],
  ['1 Gi', /quantities must match/],
  ['.', /unable to parse numeric part/],
  ['1mm', /unable to parse quantity's suffix/],
  ['1K', /unable to parse quantity's suffix/],
])('%j is refused', (given, message) => {
  expect(() => canonicalQuantity(given)).toThrow(message)
})
