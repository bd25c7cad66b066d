/** An exam as stories: the real machine, its files on disk, a clock and clusters that the test moves by hand. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { createActor, fromCallback } from 'xstate'
import { makeReal } from '../../src/exam/actors.ts'
import { createExamStore, type KeptExam, unfinishedExam } from '../../src/exam/kept.ts'
import { examMachine } from '../../src/exam/machine.ts'
import { taskItem } from '../../src/exam/task.ts'
import type { ExamView } from '../../src/exam/types.ts'
import { viewOf } from '../../src/exam/view.ts'
import { drawMachine } from '../../src/session/picture.ts'
import { createStepFiles } from '../../src/session/step-files.ts'
import { items, kept as newExam, plan, playedLabs, report, work } from './fixture.ts'

const minute = 60_000

test('docs/exam.mmd is the picture of the machine (node scripts/picture.ts draws it)', () => {
  expect(readFileSync(new URL('../../docs/exam.mmd', import.meta.url), 'utf8')).toBe(drawMachine(examMachine))
})

const begin = (kept: KeptExam = newExam(), at = 0) => {
  const store = createExamStore(mkdtempSync(join(tmpdir(), 'exam-')))
  const folder = store.folderFor(kept)
  folder.save(kept)
  const tasks = plan.tasks.map((planned, index) => taskItem(items, planned, index + 1))
  const files = createStepFiles(folder.path)
  const { labs, play } = playedLabs()
  let now = at
  const machine = makeReal({ items, tasks, labs, folder, files, reportsOf: () => [{ name: 'report.md', text: 'x' }] })
  const actor = createActor(machine.provide({ actors: { clock: fromCallback(() => {}) } }), {
    input: {
      kept,
      sheets: tasks.map((task) => ({ title: task!.step.title, task: task!.step.task, lab: 'Demo lab' })),
      notes: { path: folder.notesPath, text: folder.notes() },
      now: () => now,
    },
  }).start()
  const view = () =>
    viewOf(actor.getSnapshot(), ({ kept: { current } }) => {
      const task = tasks[current]!
      return files.locate(task.item.scenario, task.step)[0]
    }) as ExamView
  const until = async <Name extends ExamView['screen']>(screen: Name) => {
    await vi.waitFor(() => expect(view().screen).toBe(screen))
    return view() as Extract<ExamView, { screen: Name }>
  }
  return {
    actor,
    view,
    until,
    play,
    store,
    saved: () => store.all().exams[0]!.kept,
    /** Opens a task and waits for its cluster. */
    open: async (task: number) => {
      actor.send({ type: 'OPEN_TASK', task })
      await vi.waitFor(() => expect(view()).toMatchObject({ current: task, lab: { state: 'open' } }))
    },
    wait: (milliseconds: number) => {
      now += milliseconds
      actor.send({ type: 'TICK' })
    },
  }
}

describe('while the clock runs', () => {
  test('a task opens with its cluster and file, under a name that tells nothing of its scenario', async () => {
    const { open, view, play } = begin()
    await open(0)
    expect(view()).toMatchObject({
      screen: 'exam-task',
      lab: { state: 'open', kubeconfig: '/clusters/0', file: { name: 'first.yaml' } },
    })
    expect(JSON.stringify(view())).toContain('/task-1/')
    expect(JSON.stringify(view())).not.toContain('/one/')
    expect(play.asked).toEqual(['open 0'])
  })

  test('the text is there while the cluster starts, and another task can be taken up meanwhile', async () => {
    const { actor, view, play, open } = begin()
    play.opening = (task) => (task === 0 ? new Promise(() => {}) : Promise.resolve())
    actor.send({ type: 'OPEN_TASK', task: 0 })
    expect(view()).toMatchObject({ screen: 'exam-task', current: 0, lab: { state: 'opening' } })
    await open(1)
  })

  test('there is nothing before the first task, and nothing after the last', async () => {
    const { actor, view } = begin()
    for (const task of [-1, 3]) actor.send({ type: 'OPEN_TASK', task })
    expect(view().screen).toBe('exam')
  })

  test('flags, marks and work are on disk at once, of the task on the screen and of others', async () => {
    const { actor, open, saved, play } = begin()
    await open(0)
    actor.send({ type: 'FLAG', task: 2 })
    actor.send({ type: 'DONE', task: 0 })
    await open(1)
    play.tell({ type: 'CHANGED', task: 0, says: [], work: work('mine') })
    expect(saved().tasks).toMatchObject([
      { opened: true, done: true, heldBefore: ['c1'], work: work('mine') },
      { opened: true, flagged: false },
      { opened: false, flagged: true },
    ])
    actor.send({ type: 'FLAG', task: 2 })
    expect(saved().tasks[2]!.flagged).toBe(false)
  })

  test('a lost cluster says so, and can be had again', async () => {
    const { open, view, actor, play } = begin()
    await open(0)
    play.tell({ type: 'LOST', task: 0, says: 'the cluster went away' })
    expect(view()).toMatchObject({ lab: { state: 'failed', says: 'the cluster went away' } })
    actor.send({ type: 'RETRY' })
    await vi.waitFor(() => expect(view()).toMatchObject({ lab: { state: 'open' } }))
    expect(play.asked).toEqual(['open 0', 'open 0 again'])
  })

  test('time is counted for the task that is on the screen', async () => {
    const { open, wait, actor, saved } = begin()
    wait(minute)
    await open(0)
    for (let second = 0; second < 90; second++) wait(1000)
    actor.send({ type: 'LEAVE' })
    wait(minute)
    expect(saved().tasks.map(({ spent }) => spent)).toEqual([90_000, 0, 0])
  })

  test('warnings come at 30, 15, 5 and 1 minutes, each until the next key', async () => {
    const { wait, view, actor } = begin()
    const said: string[] = []
    for (let passed = 0; passed < 39.5; passed += 0.5) {
      wait(minute / 2)
      const { notice } = view() as { notice?: string }
      if (notice) said.push(notice)
      actor.send({ type: 'NOTED' })
    }
    expect(said).toEqual([
      '30 minutes left',
      '15 minutes left',
      '5 minutes left',
      '1 minute left: then everything is graded as it is',
    ])
  })
})

describe('the end', () => {
  test('finishing grades what was opened, closes each cluster, and writes it all down', async () => {
    const { open, actor, until, play, saved, store } = begin()
    await open(0)
    await open(2)
    play.finds.set(0, report(true, true))
    play.finds.set(2, new Error('no cluster'))
    actor.send({ type: 'FINISH' })
    const { results, reports } = await until('exam-results')
    expect(results).toMatchObject({ score: 50, passed: false })
    expect(results.tasks).toMatchObject([
      { points: 50, opened: true },
      { points: 0, opened: false, checks: [] },
      { points: 0, opened: true, problem: 'no cluster' },
    ])
    expect(play.asked.slice(2)).toEqual(['grade 0', 'close 0', 'close 1', 'grade 2', 'close 2'])
    expect(saved().results).toEqual(results)
    expect(readFileSync(reports[0]!, 'utf8')).toBe('x')
    expect(unfinishedExam(store)).toBeUndefined()
  })

  test('time that is up ends it, whatever the candidate does', async () => {
    const { open, wait, until, saved } = begin()
    await open(0)
    wait(41 * minute)
    await until('exam-results')
    expect(saved().endedAt).toBe(40 * minute)
  })

  test('an exam whose time ran out while nobody was there is graded at once', async () => {
    const { until, play } = begin(
      newExam({ tasks: newExam().tasks.map((task, index) => (index === 0 ? { ...task, heldBefore: ['c1'] } : task)) }),
      100 * minute,
    )
    await until('exam-results')
    expect(play.asked[0]).toBe('grade 0')
  })

  test('leaving closes the clusters and keeps the exam; its clock has gone on when it comes back', async () => {
    const first = begin()
    await first.open(0)
    first.play.tell({ type: 'CHANGED', task: 0, says: [], work: work('mine') })
    first.actor.send({ type: 'QUIT' })
    await vi.waitFor(() => expect(first.actor.getSnapshot().status).toBe('done'))
    expect(first.play.asked.at(-1)).toBe('close all')

    const second = begin(unfinishedExam(first.store)!.kept, 10 * minute)
    expect(second.view()).toMatchObject({ screen: 'exam', left: 30 * minute, current: 0 })
    await second.open(0)
    expect(second.play.asked).toEqual(['open 0 again mine'])
  })

  test('a kill while grading grades anew, and no time is won by it', async () => {
    const { until, play } = begin(newExam({ endedAt: 5 * minute }), 6 * minute)
    const { results } = await until('exam-results')
    expect(results.endedAt).toBe(5 * minute)
    expect(play.asked).toEqual(['close 0', 'close 1', 'close 2'])
  })
})

describe('a file that was saved', () => {
  test('is applied to the cluster of its task, and the screen says what came of it', async () => {
    const { open, view, actor, play } = begin()
    await open(1)
    actor.send({ type: 'SAVED', path: '/x.yaml' })
    await vi.waitFor(() =>
      expect(view()).toMatchObject({ lab: { file: { lastApply: { ok: true, says: 'applied' } } } }),
    )
    expect(play.asked.at(-1)).toBe('apply 1 /x.yaml')
  })
})
