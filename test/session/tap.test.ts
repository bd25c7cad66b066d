/** The wire tap in a lesson: which request is sent, and what the view says meanwhile. */
import { describe, expect, test, vi } from 'vitest'
import { createActor, fromCallback, fromPromise } from 'xstate'
import { type Lab, labSchema, scenarioSchema } from '../../src/content/schema.ts'
import { makeReal } from '../../src/session/actors.ts'
import type { Opened } from '../../src/session/context.ts'
import type { OpenInput } from '../../src/session/machine.ts'
import { newKept, type ProgressStore } from '../../src/session/progress.ts'
import type { StepFiles } from '../../src/session/step-files.ts'
import { tapRequestOf } from '../../src/session/tap-request.ts'
import type { TapView } from '../../src/session/types.ts'
import { viewOf } from '../../src/session/view.ts'
import type { Tap } from '../../src/tap/wire.ts'
import { item, playedLab } from './fixture.ts'

const lab: Lab = labSchema.parse({
  ...item.lab,
  spec: {
    ...item.lab.spec,
    matrix: { sources: ['a/web', 'b/old'], targets: [{ name: 'api', url: 'http://api.a/things' }] },
  },
})
const request = (over: object) => ({ from: 'a/web', to: 'http://api.a/x', expect: 'ok', ...over })
const stepWith = (...requests: object[]) =>
  scenarioSchema.parse({
    ...item.scenario,
    spec: {
      ...item.scenario.spec,
      steps: [
        {
          ...item.scenario.spec.steps[0],
          checks: requests.map((each, index) => ({ id: `check-${index}`, says: 'it works', request: each })),
        },
      ],
    },
  }).spec.steps[0]!

const sample = { from: 'a/web', url: 'http://api.a/things', method: 'GET', headers: [['Cookie', expect.any(String)]] }

describe('which request is tapped', () => {
  test.each([
    [
      'a check with headers for that pair',
      [request({ headers: { authorization: 'Bearer x' }, method: 'POST' })],
      {
        from: 'a/web',
        url: 'http://api.a/x',
        method: 'POST',
        headers: [['authorization', 'Bearer x']],
      },
    ],
    ['no headers: a made-up cookie', [request({})], sample],
    ['another caller', [request({ from: 'b/old', headers: { a: 'b' } })], sample],
    ['another host', [request({ to: 'http://other.a/x', headers: { a: 'b' } })], sample],
  ])('%s', (_, requests, expected) => {
    expect(tapRequestOf(lab, stepWith(...requests), 'a/web', 'api')).toEqual(expected)
  })

  test('no such target', () => {
    expect(tapRequestOf(lab, stepWith(request({})), 'a/web', 'nobody')).toBeUndefined()
  })
})

const captured = (from: string): Tap => ({
  from,
  url: 'http://api.a/things',
  method: 'GET',
  now: 'plaintext',
  because: 'because',
  met: '200',
  notes: [],
})

/** A session with its own actors, but for the cluster. */
const begin = async () => {
  const played = playedLab()
  const store = {
    all: () => ({ progress: new Map(), notices: [] }),
    retry: () => undefined,
    load: () => ({ kept: newKept() }),
    save: () => {},
  }
  const files = { prepare: () => [], locate: () => [], reset: () => {} }
  const machine = makeReal({
    items: [item],
    store: store as unknown as ProgressStore,
    files: files as unknown as StepFiles,
    provider: { name: 'embedded', open: () => Promise.reject(new Error('not asked')) } as never,
    loadMesh: async () => undefined,
  }).provide({
    actors: {
      open: fromPromise<Opened, OpenInput>(async () => ({ lab: played.lab, notices: [] })),
      watchFiles: fromCallback(() => {}),
    },
  })
  const actor = createActor(machine, { input: { items: [item], now: () => 0, notices: [] } }).start()
  actor.send({ type: 'OPEN', scenario: 'demo' })
  await vi.waitFor(() => expect(played.gradings).toHaveLength(1))
  const seen = (): TapView | undefined => {
    const view = viewOf(actor.getSnapshot(), () => undefined)
    return view.screen === 'lab' ? view.tap : undefined
  }
  return { ...played, actor, seen }
}

describe('what the view says', () => {
  test('sending, then captured; grading goes on meanwhile', async () => {
    const { actor, seen, taps } = await begin()
    expect(seen()).toBeUndefined()
    actor.send({ type: 'TAP', from: 'a/web', to: 'api' })
    expect(seen()).toEqual({ from: 'a/web', to: 'api', state: 'sending' })
    expect(taps[0]!.asked).toBe('first a/web api')
    expect(actor.getSnapshot().matches({ lab: 'grading' })).toBe(true)
    taps[0]!.done(captured('a/web'))
    await vi.waitFor(() => expect(seen()).toMatchObject({ state: 'captured', tap: { met: '200' } }))
    actor.stop()
  })

  test('an answer that comes after the next question is not shown', async () => {
    const { actor, seen, taps } = await begin()
    actor.send({ type: 'TAP', from: 'a/web', to: 'api' })
    actor.send({ type: 'TAP', from: 'b/old', to: 'api' })
    taps[0]!.done(captured('a/web'))
    taps[1]!.done(captured('b/old'))
    await vi.waitFor(() => expect(seen()).toMatchObject({ state: 'captured', tap: { from: 'b/old' } }))
    actor.stop()
  })

  test('what went wrong, in its own words', async () => {
    const { actor, seen, taps } = await begin()
    actor.send({ type: 'TAP', from: 'a/web', to: 'api' })
    taps[0]!.fail(new Error('the cluster is gone'))
    await vi.waitFor(() => expect(seen()).toMatchObject({ state: 'failed', says: 'the cluster is gone' }))
    actor.stop()
  })
})
