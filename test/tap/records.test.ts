import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecordReader } from '../../src/tap/tls/records.ts'

const record = fc
  .record({ type: fc.integer({ min: 20, max: 23 }), body: fc.uint8Array({ maxLength: 40 }) })
  .map(({ type, body }) => Buffer.concat([Buffer.from([type, 3, 3, 0, body.length]), body]))

test('records come out whole, however the bytes arrive', () => {
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
      (sent, sizes) => {
        const stream = Buffer.concat(sent)
        const read = createRecordReader()
        const got: Uint8Array[] = []
        for (let at = 0; at < stream.length; ) {
          const { value: size } = sizes.next()
          got.push(...read(stream.subarray(at, at + size)).map(({ whole }) => whole))
          at += size
        }
        expect(got.map((each) => Buffer.from(each).toString('hex'))).toEqual(sent.map((each) => each.toString('hex')))
      },
    ),
  )
})

test('what is not complete waits', () => {
  const read = createRecordReader()
  expect(read(Uint8Array.of(23, 3, 3, 0, 2, 7))).toEqual([])
  expect(read(Uint8Array.of(8))).toMatchObject([{ type: 23, version: 0x0303, body: Buffer.from([7, 8]) }])
})
