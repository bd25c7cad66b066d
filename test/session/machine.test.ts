/** The lesson as stories: real actors, effects played by hand. */
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { assign, createActor, fromCallback, fromPromise } from 'xstate'
import { chosen, type LabHandle, type Opened } from '../../src/session/context.ts'
import { type OpenInput, sessionMachine, type WatchInput, type WorldEvent } from '../../src/session/machine.ts'
import { drawMachine } from '../../src/session/picture.ts'
import { type Kept, newKept } from '../../src/session/progress.ts'
import type { LabView } from '../../src/session/types.ts'
import { viewOf } from '../../src/session/view.ts'
import { emptyWork } from '../../src/session/work.ts'
import { item, playedLab, reports } from './fixture.ts'

test('docs/session.mmd is the picture of the machine (node scripts/picture.ts draws it)', () => {
  expect(readFileSync(new URL('../../docs/session.mmd', import.meta.url), 'utf8')).toBe(drawMachine(sessionMachine))
})

test('the machine has fewer than ten states', () => {
  const count = (states: Record<string, { states: Record<string, never> }>): number =>
    Object.values(states).reduce((sum, state) => sum + 1 + count(state.states), 0)
  expect(count(sessionMachine.root.states as never)).toBeLessThan(10)
})

/** A session whose lab opens at once, unless `open` says otherwise. */
const begin = (options: { kept?: Kept; open?: () => Promise<LabHandle> } = {}) => {
  const played = playedLab()
  const saved: Kept[] = []
  let now = 1_000
  const machine = sessionMachine.provide({
    actors: {
      open: fromPromise<Opened, OpenInput>(async () => ({
        lab: await (options.open ?? (async () => played.lab))(),
        notices: [],
      })),
      watch: fromCallback<WorldEvent, WatchInput>(({ input, sendBack }) => {
        input.lab?.onChange((change) => sendBack({ type: 'CHANGED', ...change }))
        input.lab?.onLost((says) => sendBack({ type: 'LOST', says }))
      }),
      watchFiles: fromCallback(() => {}),
      tap: fromCallback(() => {}),
      grade: fromPromise(({ input, signal }) => input.lab!.grade(input.step!, signal)),
      observe: fromPromise(async ({ input, signal }) => input.lab?.observe(signal, input.seen)),
      apply: fromPromise(({ input }) => input.lab!.apply(input.path)),
      close: fromPromise(async ({ input }) => input.lab?.close()),
    },
    actions: {
      takeUp: assign(({ context }, { name }: { name: string }) => chosen(context, name, options.kept ?? newKept())),
      forgetSeen: ({ context }) => context.lab?.forgetSeen(),
      save: ({ context }) => {
        saved.push(structuredClone(context.kept))
      },
    },
  })
  const actor = createActor(machine, { input: { items: [item], now: () => now, notices: [] } }).start()
  const view = () => viewOf(actor.getSnapshot(), () => undefined)
  const lab = (): LabView => {
    const current = view()
    if (current.screen !== 'lab') throw new Error(`on the ${current.screen} screen`)
    return current
  }
  /** Ends the grading that is running. */
  const graded = async (...passes: boolean[]) => {
    await vi.waitFor(() => expect(played.gradings).not.toHaveLength(0))
    played.gradings.shift()!.done({ reports: reports(...passes) })
    await vi.waitFor(() => expect(actor.getSnapshot().context.reports.map(({ passed }) => passed)).toEqual(passes))
  }
  const open = async () => {
    actor.send({ type: 'OPEN', scenario: 'demo' })
    await vi.waitFor(() => expect(view().screen).toBe('lab'))
  }
  return { ...played, actor, view, lab, graded, open, saved, wait: (milliseconds: number) => (now += milliseconds) }
}

describe('opening', () => {
  test('an unknown scenario stays on the picker', () => {
    const { actor, view } = begin()
    actor.send({ type: 'OPEN', scenario: 'nope' })
    expect(view().screen).toBe('picker')
  })

  test('what failed is said with what to do, and can be tried again', async () => {
    let tries = 0
    const story = begin({
      open: async () => {
        if (tries++ === 0) throw new Error('no memory left\nclose something, then press r')
        return playedLab().lab
      },
    })
    story.actor.send({ type: 'OPEN', scenario: 'demo' })
    await vi.waitFor(() =>
      expect(story.view()).toMatchObject({
        screen: 'failed',
        says: 'no memory left',
        next: 'close something, then press r',
      }),
    )
    story.actor.send({ type: 'RETRY' })
    await vi.waitFor(() => expect(story.view().screen).toBe('lab'))
  })

  test('a resumed scenario goes on at its step, graded up to there', async () => {
    const kept = newKept()
    const story = begin({
      kept: { ...kept, progress: { ...kept.progress, state: 'started', step: 1, passed: ['first'] } },
    })
    await story.open()
    expect(story.lab()).toMatchObject({ stepIndex: 1, passed: ['first'] })
    expect(story.gradings[0]?.upTo).toBe('second')
  })

  test('a step that the content no longer has is the last one it has', async () => {
    const kept = newKept()
    const story = begin({ kept: { ...kept, progress: { ...kept.progress, state: 'started', step: 7 } } })
    await story.open()
    expect(story.lab().stepIndex).toBe(1)
  })
})

describe('grading', () => {
  test('a change starts one at once, and changes meanwhile start exactly one more', async () => {
    const { listeners, gradings, graded, open, lab } = begin()
    await open()
    await graded(false)
    expect(lab().grading).toBe(false)
    const change = { says: ['PeerAuthentication a/b created by kubectl'], byLearner: true }
    listeners.change!(change)
    expect(lab().grading).toBe(true)
    expect(gradings).toHaveLength(1)
    listeners.change!(change)
    listeners.change!(change)
    expect(gradings).toHaveLength(1)
    gradings.shift()!.done({ reports: reports(false) })
    await vi.waitFor(() => expect(gradings).toHaveLength(1))
    await graded(true)
    expect(gradings).toHaveLength(0)
    expect(lab()).toMatchObject({ stepPassed: true, passed: ['first'], grading: false })
    expect(lab().feed.map(({ says }) => says)).toContain('PeerAuthentication a/b created by kubectl')
    expect(lab().feed.at(-1)?.says).toBe('passed: first works')
  })

  test('one that fails keeps the last report and says why', async () => {
    const { listeners, gradings, graded, open, lab } = begin()
    await open()
    await graded(true)
    listeners.change!({ says: [], byLearner: false })
    gradings.shift()!.fail(new Error('the cluster hiccupped'))
    await vi.waitFor(() => expect(lab().grading).toBe(false))
    expect(lab()).toMatchObject({ stepPassed: true, notice: 'the cluster hiccupped' })
  })

  test('the map is probed after it, and a change ends the probing at once', async () => {
    const { actor, listeners, observings, gradings, state, graded, open, lab } = begin()
    await open()
    expect(observings).toHaveLength(0)
    await graded(false)
    const map = { sources: [], targets: [], cells: [], pending: 1 }
    observings[0]!.seen(map)
    expect(lab()).toMatchObject({ matrix: map, grading: false })
    listeners.change!({ says: [], byLearner: true })
    expect(observings[0]!.signal.aborted).toBe(true)
    expect(gradings).toHaveLength(1)
    // What an ended probing still tells is not taken.
    observings[0]!.seen({ ...map, pending: 0 })
    expect(lab().matrix).toEqual(map)
    await graded(false)
    expect(observings).toHaveLength(2)
    actor.send({ type: 'CHECK' })
    expect(state.forgotten).toBe(1)
  })

  test('undoing an earlier step shows, and the next step waits for it', async () => {
    const { actor, graded, open, lab, listeners } = begin()
    await open()
    await graded(true)
    actor.send({ type: 'NEXT' })
    await graded(true, false)
    listeners.change!({ says: [], byLearner: true })
    await graded(false, true)
    expect(lab()).toMatchObject({ stepIndex: 1, stepPassed: false, passed: ['first', 'second'] })
    actor.send({ type: 'NEXT' })
    expect(lab().finished).toBe(false)
  })
})

describe('steps', () => {
  test('NEXT before the step has passed does nothing', async () => {
    const { actor, graded, open, lab } = begin()
    await open()
    actor.send({ type: 'NEXT' })
    await graded(false)
    actor.send({ type: 'NEXT' })
    expect(lab().stepIndex).toBe(0)
  })

  test('to the end: the scenario is done once its last step passes, and finished with NEXT', async () => {
    const { actor, graded, open, lab, saved } = begin()
    await open()
    await graded(true)
    actor.send({ type: 'NEXT' })
    await graded(true, true)
    expect(saved.at(-1)?.progress).toMatchObject({ state: 'done', passed: ['first', 'second'] })
    expect(lab().finished).toBe(false)
    actor.send({ type: 'NEXT' })
    expect(lab().finished).toBe(true)
  })

  test('hints come one at a time, are counted, and begin anew with the next step', async () => {
    const { actor, graded, open, lab } = begin()
    await open()
    for (let count = 0; count < 5; count++) actor.send({ type: 'HINT' })
    expect(lab()).toMatchObject({ hints: ['one', 'two', 'three'], hintsLeft: 0 })
    expect(lab().progress.hintsUsed).toBe(3)
    await graded(true)
    actor.send({ type: 'NEXT' })
    expect(lab()).toMatchObject({ hints: [], hintsLeft: 3 })
  })

  test('a solution is shown when asked for, and remembered', async () => {
    const { actor, open, lab } = begin()
    await open()
    expect(lab().solution).toBeUndefined()
    actor.send({ type: 'SOLUTION' })
    expect(lab().solution).toBe('solution of first')
    expect(lab().progress.solutionsSeen).toEqual(['first'])
  })
})

describe('work', () => {
  const made = {
    present: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } }],
    absent: [],
    meshed: [],
  }

  test('is saved when it changes, and put back to where the step began by a reset', async () => {
    const story = begin()
    await story.open()
    await story.graded(false)
    story.state.work = made
    story.listeners.change!({ says: [], byLearner: true })
    expect(story.saved.at(-1)?.work).toEqual(made)
    story.actor.send({ type: 'RESET_STEP' })
    expect(story.saved.at(-1)?.work).toEqual({ present: [], absent: [], meshed: [] })
    await vi.waitFor(() => expect(story.view().screen).toBe('lab'))
    expect(story.state.closed).toBe(1)
  })

  test('a reset of a later step keeps what earlier steps made', async () => {
    const story = begin()
    await story.open()
    story.state.work = made
    await story.graded(true)
    story.actor.send({ type: 'NEXT' })
    story.state.work = { ...made, present: [] }
    story.listeners.change!({ says: [], byLearner: true })
    story.actor.send({ type: 'RESET_STEP' })
    expect(story.saved.at(-1)).toMatchObject({ work: made, progress: { step: 1 } })
  })

  test('a reset of the lab starts from nothing', async () => {
    const story = begin()
    await story.open()
    story.state.work = made
    await story.graded(true)
    story.actor.send({ type: 'NEXT' })
    story.actor.send({ type: 'RESET_LAB' })
    expect(story.saved.at(-1)).toMatchObject({ work: { present: [] }, progress: { step: 0, passed: [] } })
  })

  test('a file saved while another save is applied is applied after it', async () => {
    const story = begin()
    await story.open()
    story.actor.send({ type: 'SAVED', path: '/w/a.yaml' })
    story.actor.send({ type: 'SAVED', path: '/w/a.yaml' })
    await vi.waitFor(() => expect(story.applied).toEqual(['/w/a.yaml', '/w/a.yaml']))
  })

  test('a refused file stays in sight until the step is passed without it', async () => {
    const story = begin()
    await story.open()
    await story.graded(false)
    story.state.refuses = 'a.yaml:3 unknown field'
    story.actor.send({ type: 'SAVED', path: '/w/a.yaml' })
    const lastApply = () => story.actor.getSnapshot().context.lastApply
    await vi.waitFor(() => expect(lastApply()).toMatchObject({ ok: false, says: 'a.yaml:3 unknown field' }))
    await story.graded(false)
    expect(lastApply()).toMatchObject({ ok: false })
    story.listeners.change!({ says: ['made by kubectl'], byLearner: true })
    await story.graded(true)
    expect(lastApply()).toBeUndefined()
  })

  test('time spent counts, pauses do not', async () => {
    const story = begin()
    await story.open()
    story.wait(60_000)
    story.actor.send({ type: 'HINT' })
    story.wait(10 * 3_600_000)
    story.actor.send({ type: 'HINT' })
    expect(story.lab().progress.spent).toBe(60_000 + 5 * 60_000)
  })

  test('each step is remembered with its time, tries, hints, and what proved it', async () => {
    const story = begin()
    await story.open()
    await story.graded(false)
    story.actor.send({ type: 'HINT' })
    story.wait(60_000)
    story.state.work = {
      ...emptyWork(),
      present: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } }],
    }
    story.listeners.change?.({ says: ['x'], byLearner: true })
    await story.graded(true)
    story.wait(30_000)
    story.actor.send({ type: 'NEXT' })
    await vi.waitFor(() => expect(story.lab().stepIndex).toBe(1))
    story.wait(5_000)
    story.actor.send({ type: 'SOLUTION' })
    const { at: _, ...evidence } = story.saved.at(-1)!.steps!.first!.evidence!
    expect(story.saved.at(-1)?.steps).toMatchObject({
      first: { spent: 90_000, tries: 1, hints: 1, solutionSeen: false },
      second: { spent: 5_000, tries: 0, hints: 0, solutionSeen: true },
    })
    expect(evidence).toEqual({
      objects: [{ change: 'made', name: 'ConfigMap mine' }],
      checks: [{ id: 'first-check', says: 'first works', expected: 'there', seen: 'x' }],
    })
  })
})

describe('leaving', () => {
  test('puts the cluster away and shows the picker', async () => {
    const story = begin()
    await story.open()
    story.actor.send({ type: 'LEAVE' })
    // At once, with what was just done, although the cluster is still on its way out.
    expect(story.view()).toMatchObject({
      screen: 'picker',
      resume: 'demo',
      catalogue: [{ progress: { state: 'started' } }],
    })
    await vi.waitFor(() => expect(story.state.closed).toBe(1))
    expect(story.saved.at(-1)?.open).toBe(false)
  })

  test('quitting ends the session once the cluster is gone, and remembers that the scenario was open', async () => {
    const story = begin()
    await story.open()
    story.actor.send({ type: 'QUIT' })
    await vi.waitFor(() => expect(story.actor.getSnapshot().status).toBe('done'))
    expect(story.state.closed).toBe(1)
    expect(story.saved.at(-1)?.open).toBe(true)
  })

  test('a cluster that is lost is put away, said, and can be had again', async () => {
    const story = begin()
    await story.open()
    story.listeners.lost!('cannot reach it\nstart it again')
    await vi.waitFor(() => expect(story.view()).toMatchObject({ screen: 'failed', says: 'cannot reach it' }))
    story.actor.send({ type: 'RETRY' })
    await vi.waitFor(() => expect(story.view().screen).toBe('lab'))
  })
})
