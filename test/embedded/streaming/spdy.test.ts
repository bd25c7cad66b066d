import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spdyDictionary } from '../../../src/embedded/streaming/spdy/dictionary.ts'
import { createFrameReader, encodeFrame, type Frame, synStream } from '../../../src/embedded/streaming/spdy/frames.ts'
import { createHeaderCodec } from '../../../src/embedded/streaming/spdy/headers.ts'
import { createSpdySession, type SpdyStream } from '../../../src/embedded/streaming/spdy/session.ts'

const bytes = fc.uint8Array({ maxLength: 300 })
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('data' as const),
    stream: fc.integer({ min: 1, max: 0x7fffffff }),
    fin: fc.boolean(),
    data: bytes,
  }),
  fc.record({
    kind: fc.constant('control' as const),
    type: fc.integer({ min: 1, max: 9 }),
    flags: fc.integer({ min: 0, max: 255 }),
    payload: bytes,
  }),
)

test('frames survive being cut at any byte', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1 }),
      (frames, cuts) => {
        const whole = Buffer.concat(frames.map((each) => encodeFrame(each)))
        const read = createFrameReader()
        const seen: Frame[] = []
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          // Empty pieces are part of the game: kubectl's tunnel sends them.
          const size = cuts[turn % cuts.length] || (turn % 2 === 0 ? 0 : 1)
          seen.push(...read(new Uint8Array(whole.subarray(at, at + size))))
          at += size
        }
        expect(seen).toEqual(frames)
      },
    ),
  )
})

test('the dictionary is the one of SPDY/3', () => {
  // A zlib stream with a preset dictionary names it by its Adler-32, after two bytes of header.
  expect(deflateSync('', { dictionary: spdyDictionary() }).subarray(2, 6).toString('hex')).toBe('e3c6a7c2')
})

test('header blocks of one connection share a compression stream, in both directions', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ unit: 'grapheme' })), { maxLength: 6 }),
      async (blocks) => {
        const sender = createHeaderCodec()
        const receiver = createHeaderCodec()
        for (const headers of blocks)
          expect({ ...(await receiver.decode(await sender.encode(headers))) }).toEqual({ ...headers })
        sender.close()
        receiver.close()
      },
    ),
    { numRuns: 30 },
  )
})

test('a session answers each stream, keeps its bytes apart, and echoes pings', async () => {
  const sent: Frame[] = []
  const read = createFrameReader()
  const streams: SpdyStream[] = []
  const session = createSpdySession({
    send: (chunk) => void sent.push(...read(chunk)),
    onStream: (stream) => void streams.push(stream),
    onEnd: () => {},
  })
  const codec = createHeaderCodec()
  session.receive(encodeFrame(synStream(1, await codec.encode({ streamtype: 'error' }))))
  session.receive(encodeFrame(synStream(3, await codec.encode({ streamtype: 'stdin' }))))
  session.receive(encodeFrame({ kind: 'data', stream: 3, fin: false, data: new Uint8Array([1, 2]) }))
  session.receive(encodeFrame({ kind: 'data', stream: 3, fin: true, data: new Uint8Array([3]) }))
  session.receive(encodeFrame({ kind: 'control', type: 6, flags: 0, payload: new Uint8Array([0, 0, 0, 7]) }))
  await session.settled()
  expect(streams.map(({ id, headers }) => [id, headers.streamtype])).toEqual([
    [1, 'error'],
    [3, 'stdin'],
  ])
  const received: number[] = []
  for await (const chunk of streams[1]!.input) received.push(...chunk)
  expect(received).toEqual([1, 2, 3])
  expect(sent.map((each) => (each.kind === 'control' ? each.type : 'data'))).toEqual([2, 2, 6])
  streams[0]!.end(new Uint8Array([9]))
  streams[0]!.end(new Uint8Array([9]))
  expect(sent.at(-1)).toEqual({ kind: 'data', stream: 1, fin: true, data: new Uint8Array([9]) })
  expect(sent).toHaveLength(4)
  session.close()
})
