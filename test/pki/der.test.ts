import { expect, test } from 'vitest'
import { bits, boolean, implicit, integer, octets, oid, sequence, tagged, time, utf8 } from '../../src/pki/der.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

test.each([
  ['a small integer', integer(hex('05')), '02 01 05'],
  ['an integer with its top bit set', integer(hex('80')), '02 02 00 80'],
  ['an integer with leading zeros', integer(hex('00 00 7f 01')), '02 02 7f 01'],
  ['a leading zero that the sign needs', integer(hex('00 80')), '02 02 00 80'],
  ['zero', integer(hex('00 00')), '02 01 00'],
  ['true', boolean(true), '01 01 ff'],
  ['a bit string', bits(hex('86'), 1), '03 02 01 86'],
  ['an octet string', octets(hex('aa bb')), '04 02 aa bb'],
  ['text', utf8('hi'), '0c 02 68 69'],
  ['an object identifier', oid('1.2.840.10045.4.3.2'), '06 08 2a 86 48 ce 3d 04 03 02'],
  ['a sequence', sequence(integer(hex('01')), boolean(false)), '30 06 02 01 01 01 01 00'],
  ['an explicit tag', tagged(3, integer(hex('02'))), 'a3 03 02 01 02'],
  ['an implicit tag', implicit(2, Buffer.from('x')), '82 01 78'],
])('%s', (_name, encoded, expected) => {
  expect(encoded).toEqual(hex(expected))
})

test('a long value says how long its length is', () => {
  expect(octets(new Uint8Array(200)).subarray(0, 3)).toEqual(hex('04 81 c8'))
  expect(octets(new Uint8Array(300)).subarray(0, 4)).toEqual(hex('04 82 01 2c'))
})

test('a time in seconds and UTC', () => {
  expect(time(new Date('2026-11-24T10:00:05.123Z')).subarray(2).toString()).toBe('261124100005Z')
})
