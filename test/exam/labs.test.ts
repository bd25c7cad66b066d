/** The clusters of an exam: how many there are, which goes away, and what is kept of it. */
import { expect, test } from 'vitest'
import { createTaskLabs, type LabEvent } from '../../src/exam/labs.ts'
import { taskItem } from '../../src/exam/task.ts'
import { emptyWork } from '../../src/session/work.ts'
import { playedLab } from '../session/fixture.ts'
import { items, plan, report, work } from './fixture.ts'

const tasks = plan.tasks.map((planned, index) => taskItem(items, planned, index + 1))

const begin = (most = 2) => {
  const opened: string[] = []
  const live = new Map<string, ReturnType<typeof playedLab>>()
  const events: LabEvent[] = []
  const labs = createTaskLabs({
    tasks,
    most,
    openLab: async ({ item }, had, say, signal) => {
      signal.throwIfAborted()
      const { name } = item.scenario.metadata
      opened.push([name, ...had.present.map(({ metadata }) => metadata.name)].join(' '))
      say('Starting')
      const played = playedLab()
      live.set(name, played)
      played.lab.grade = async () => ({ reports: [report(false, true)] })
      const close = played.lab.close
      played.lab.close = async () => {
        live.delete(name)
        await close()
      }
      return { lab: played.lab, notices: [] }
    },
  })
  labs.listen((event) => events.push(event))
  const open = (task: number, had = emptyWork(), isFirst = true) => labs.open(task, had, isFirst, () => {})
  return { labs, open, opened, live, events }
}

test('the first visit says what holds already; the next ones find the same cluster', async () => {
  const { open, opened } = begin()
  expect(await open(0)).toMatchObject({ heldBefore: ['c1'] })
  expect(await open(0, emptyWork(), false)).not.toHaveProperty('heldBefore')
  expect(opened).toEqual(['task-1'])
})

test('where there would be too many, the one visited longest ago goes, and its work is told', async () => {
  const { open, live, events, opened } = begin()
  await open(0)
  await open(1)
  await open(0, emptyWork(), false)
  live.get('task-2')!.state.work = work('mine')
  await open(2)
  expect([...live.keys()]).toEqual(['task-1', 'task-3'])
  expect(events).toContainEqual({ type: 'CHANGED', task: 1, says: [], work: work('mine') })
  await open(1, work('mine'), false)
  expect(opened.at(-1)).toBe('task-2 mine')
  expect(live.size).toBe(2)
})

test('what the candidate changes in a cluster that is not on the screen is told as well', async () => {
  const { open, live, events } = begin()
  await open(0)
  await open(1)
  const { listeners, state } = live.get('task-1')!
  state.work = work('late')
  listeners.change?.({ says: ['x'], byLearner: true })
  listeners.change?.({ says: [], byLearner: false })
  expect(events).toEqual([{ type: 'CHANGED', task: 0, says: ['x'], work: work('late') }])
})

test('a lost cluster is told, and started anew on the next visit', async () => {
  const { open, live, events, opened } = begin()
  await open(0)
  live.get('task-1')!.listeners.lost?.('gone')
  expect(events).toEqual([{ type: 'LOST', task: 0, says: 'gone' }])
  await open(0, emptyWork(), false)
  expect(opened).toEqual(['task-1', 'task-1'])
})

test('a cluster that does not start can be tried again', async () => {
  let tries = 0
  const labs = createTaskLabs({
    tasks,
    openLab: async () => {
      if (tries++ === 0) throw new Error('port taken')
      return { lab: playedLab().lab, notices: [] }
    },
  })
  await expect(labs.open(0, emptyWork(), false, () => {})).rejects.toThrow('port taken')
  await expect(labs.open(0, emptyWork(), false, () => {})).resolves.toMatchObject({ notices: [] })
})

test('closing closes all, those that are still starting too', async () => {
  const { labs, open, live } = begin(3)
  await open(0)
  const late = open(1)
  await labs.close()
  await late.catch(() => undefined)
  expect([...live.keys()]).toEqual([])
})

test('content that is gone is an error that says so', async () => {
  const labs = createTaskLabs({ tasks: [undefined], openLab: async () => ({ lab: playedLab().lab, notices: [] }) })
  await expect(labs.open(0, emptyWork(), true, () => {})).rejects.toThrow('not in the content any more')
})
