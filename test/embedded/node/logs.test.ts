import { expect, test } from 'vitest'
import type { LogOptions } from '../../../src/embedded/kubelet.ts'
import { createLog } from '../../../src/embedded/node/logs.ts'
import { manualClock } from '../manual-clock.ts'

const written = () => {
  const clock = manualClock()
  const log = createLog(clock)
  for (const line of ['one', 'two', 'three']) {
    log.write(line)
    clock.advance(10_000)
  }
  return { clock, log }
}

const all = async (chunks: AsyncIterable<string>): Promise<string> => {
  let text = ''
  for await (const chunk of chunks) text += chunk
  return text
}

test.each<[LogOptions, string]>([
  [{}, 'one\ntwo\nthree\n'],
  [{ tailLines: 2 }, 'two\nthree\n'],
  [{ tailLines: 0 }, ''],
  [{ sinceSeconds: 15 }, 'three\n'],
  [{ sinceTime: '2026-11-24T00:00:10Z' }, 'two\nthree\n'],
  [{ limitBytes: 5 }, 'one\nt'],
  [{ timestamps: true, tailLines: 1 }, '2026-11-24T00:00:20.000000000Z three\n'],
])('%j', async (options, text) => {
  expect(await all(written().log.read(options))).toBe(text)
})

test('follow goes on with new lines until the log closes', async () => {
  const { log } = written()
  const reading = all(log.read({ follow: true, tailLines: 1 }))
  log.write('four')
  await Promise.resolve()
  log.write('five')
  log.close()
  log.write('too late')
  expect(await reading).toBe('three\nfour\nfive\n')
})

test('follow ends with its signal', async () => {
  const { log } = written()
  const controller = new AbortController()
  const reading = all(log.read({ follow: true, tailLines: 0 }, controller.signal))
  controller.abort()
  expect(await reading).toBe('')
})
