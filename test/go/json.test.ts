import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyOffsets, parseFirst, parseJson } from '../../src/go/json.ts'

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(text).value).toEqual(JSON.parse(text))
    }),
  )
})

test('refuses what JSON.parse refuses, and nothing else', () => {
  const accepts = (read: () => unknown): boolean => {
    try {
      read()
      return true
    } catch {
      return false
    }
  }
  const damaged = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', '"', '{', ']', ',', '\\', '0', '-', 'e', 'nul', '\n', '.'),
  )
  fc.assert(
    fc.property(damaged, ([text, position, insert]) => {
      const at = position % (text.length + 1)
      const changed = text.slice(0, at) + insert + text.slice(at + 1)
      expect(accepts(() => parseJson(changed))).toBe(accepts(() => JSON.parse(changed)))
    }),
    { numRuns: 500 },
  )
})

describe('duplicate keys', () => {
  test.each([
    ['{"a":1,"a":2}', ['a'], { a: 2 }],
    ['{"a":{"b":1,"b":2},"c":[{"d":1},{"d":1,"d":2}]}', ['a.b', 'c[1].d'], { a: { b: 2 }, c: [{ d: 1 }, { d: 2 }] }],
    ['{"a":1,"b":1,"a":2,"a":3}', ['a', 'a'], { a: 3, b: 1 }],
    ['{"a":1,"\\u0061":2}', ['a'], { a: 2 }],
  ])('%s', (text, duplicates, value) => {
    const parsed = parseJson(text)
    expect(parsed.duplicates.map(({ path }) => path)).toEqual(duplicates)
    expect(parsed.value).toEqual(value)
  })

  test('stand where they come last', () => {
    const text = '{"a":1,"b":{"c":1},"a":2}'
    expect(Object.fromEntries(keyOffsets(text))).toEqual({ a: text.lastIndexOf('"a"'), b: 7, 'b.c': 12 })
  })
})

test('a key named like the prototype is a key', () => {
  const { value } = parseJson('{"__proto__":{"x":1}}')
  expect(Object.keys(value as object)).toEqual(['__proto__'])
  expect((value as { x?: number }).x).toBeUndefined()
})

test.each([
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['[1 2]', "invalid character '2' after array element"],
  ['"\t"', "invalid character '\\t' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['1.', 'unexpected end of JSON input'],
  ['[1.]', "invalid character ']' after decimal point in numeric literal"],
  ['[1e]', "invalid character ']' in exponent of numeric literal"],
  ['[-]', "invalid character ']' in numeric literal"],
  ['01', "invalid character '1' after top-level value"],
  ["'a'", `invalid character '\\'' looking for beginning of value`],
])('%s: %s', (text, message) => {
  expect(() => parseJson(text)).toThrow(message)
})

/** encoding/json stream.go (Decoder.Decode: io.EOF, io.ErrUnexpectedEOF) and scanner.go. */
describe('the first value of a text', () => {
  test.each([
    ['{"a":1} and more', { value: { a: 1 } }],
    [' 1 2', { value: 1 }],
    ['', { problem: 'EOF' }],
    [' \n', { problem: 'EOF' }],
    ['{"a":', { problem: 'unexpected EOF' }],
    ['"open', { problem: 'unexpected EOF' }],
    ['-', { problem: 'unexpected EOF' }],
    ['{a:1}', { problem: "invalid character 'a' looking for beginning of object key string" }],
    ['nul!', { problem: "invalid character '!' in literal null (expecting 'l')" }],
  ])('%s', (text, expected) => {
    expect(parseFirst(text)).toEqual(expected)
  })
})
