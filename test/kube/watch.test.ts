import { describe, expect, test, vi } from 'vitest'
import type { KubeObject } from '../../src/kube/api.ts'
import { ClusterUnreachable } from '../../src/kube/errors.ts'
import { watchResource } from '../../src/kube/watch.ts'

const object = (name: string, version: number, uid = name): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n', resourceVersion: String(version), uid },
})
const line = (type: string, value: object) => `${JSON.stringify({ type, object: value })}\n`
const gone = line('ERROR', { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old' })

/** A server as a script: each listing and each stream in turn; the last stream stays open. */
const play = (script: { lists: KubeObject[][]; streams: (string[] | Error)[] }) => {
  const heard: string[] = []
  const opened: string[] = []
  const errors: unknown[] = []
  let lists = 0
  const watch = watchResource(
    {
      list: async () => {
        const items = script.lists[lists++] ?? []
        return { items, resourceVersion: String(lists * 100) }
      },
      open: async (version, signal) => {
        const stream = script.streams[opened.length]
        opened.push(version)
        if (stream instanceof Error) throw stream
        const last = opened.length === script.streams.length
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (const text of stream ?? []) controller.enqueue(new TextEncoder().encode(text))
            if (!last) controller.close()
            else signal.addEventListener('abort', () => controller.error(signal.reason))
          },
        })
        return new Response(body)
      },
    },
    {
      onEvent: ({ type, object: { metadata } }) => heard.push(`${type} ${metadata.name}@${metadata.resourceVersion}`),
      onSync: () => heard.push('SYNC'),
      onError: (error) => errors.push(error),
    },
  )
  return { heard, opened, errors, watch }
}

describe('a watch', () => {
  test('tells what is there, syncs once, then tells changes', async () => {
    const { heard, opened, watch } = play({
      lists: [[object('a', 1)]],
      streams: [
        [line('ADDED', object('b', 101)), line('MODIFIED', object('a', 102)), line('DELETED', object('b', 103))],
      ],
    })
    await vi.waitFor(() =>
      expect(heard).toEqual(['ADDED a@1', 'SYNC', 'ADDED b@101', 'MODIFIED a@102', 'DELETED b@103']),
    )
    watch.stop()
    expect(opened).toEqual(['100'])
  })

  test('goes on from the last version, bookmarks included, when a stream ends', async () => {
    const { heard, opened, watch } = play({
      lists: [[]],
      streams: [
        [line('ADDED', object('a', 101)), line('BOOKMARK', object('', 150))],
        [line('ADDED', object('b', 151))],
      ],
    })
    await vi.waitFor(() => expect(heard).toEqual(['SYNC', 'ADDED a@101', 'ADDED b@151']))
    watch.stop()
    expect(opened).toEqual(['100', '150'])
  })

  test('lists again after 410 and tells the difference as events', async () => {
    const { heard, opened, watch } = play({
      lists: [
        [object('same', 1), object('changed', 1), object('gone', 1), object('remade', 1, 'first')],
        [object('same', 1), object('changed', 9), object('new', 9), object('remade', 9, 'second')],
      ],
      streams: [[gone], []],
    })
    await vi.waitFor(() =>
      expect(heard.slice(5)).toEqual([
        'DELETED gone@1',
        'MODIFIED changed@9',
        'ADDED new@9',
        'DELETED remade@1',
        'ADDED remade@9',
      ]),
    )
    watch.stop()
    expect(opened).toEqual(['100', '200'])
  })

  test('tells of an unreachable cluster and tries again', async () => {
    const lost = new ClusterUnreachable('gone')
    const { heard, errors, watch } = play({ lists: [[]], streams: [lost, [line('ADDED', object('a', 101))]] })
    await vi.waitFor(() => expect(heard).toEqual(['SYNC', 'ADDED a@101']))
    watch.stop()
    expect(errors).toEqual([lost])
  })

  test('says nothing more once stopped', async () => {
    const { heard, watch } = play({ lists: [[]], streams: [[line('ADDED', object('a', 101))]] })
    watch.stop()
    await watch.synced
    expect(heard).toEqual([])
  })
})
