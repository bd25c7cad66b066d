/** The keys of an exam: what each sends, and that nothing of a lesson's help is there. */
import { afterEach, describe, expect, test } from 'vitest'
import type { UserEvent, View } from '../../src/session/types.ts'
import { examTaskView, examView, resultsView } from './exam-views.ts'
import { type FakeSession, fakeSession } from './fake-session.ts'
import { mountTui } from './screen.ts'

const open: FakeSession[] = []
afterEach(async () => {
  for (const session of open.splice(0)) {
    session.send({ type: 'QUIT' })
    await session.closed
  }
})

const show = (view: View, size = { columns: 80, rows: 24 }) => {
  const session = fakeSession(view)
  open.push(session)
  const edited: string[] = []
  const shells: string[] = []
  const terminal = {
    edit: async (path: string) => {
      edited.push(path)
      return { says: 'back from the editor' }
    },
    shell: async (kubeconfig: string, where: string) => {
      shells.push(`${kubeconfig} ${where}`)
      return { says: 'back from the shell' }
    },
  }
  return { session, edited, shells, screen: mountTui(session, { ...size, terminal }) }
}

/** Presses keys and gives the events that came of them. */
const pressed = async (view: View, keys: string[]): Promise<UserEvent[]> => {
  const { session, screen } = show(view)
  await screen.until('? help')
  for (const key of keys) screen.press(key)
  screen.press('?')
  await screen.until('>Keys')
  return session.events
}

describe('what keys send', () => {
  test.each<[string, View, string[], UserEvent[]]>([
    ['enter opens the selected task', examView(), ['j', 'enter'], [{ type: 'OPEN_TASK', task: 1 }]],
    ['f flags it', examView(), ['G', 'f'], [{ type: 'FLAG', task: 2 }]],
    ['d marks it', examView(), ['d'], [{ type: 'DONE', task: 0 }]],
    ['F asks first', examView(), ['F', 'n'], []],
    ['and finishes', examView(), ['F', 'y'], [{ type: 'FINISH' }]],
    ['n goes on', examTaskView(), ['n'], [{ type: 'OPEN_TASK', task: 1 }]],
    ['p goes back', examTaskView({ current: 2 }), ['p'], [{ type: 'OPEN_TASK', task: 1 }]],
    ['there is nothing before the first', examTaskView(), ['p'], []],
    ['nor after the last', examTaskView({ current: 2 }), ['n'], []],
    ['q goes to the list', examTaskView(), ['q'], [{ type: 'LEAVE' }]],
    [
      'r tries again where the cluster failed',
      examTaskView({ lab: { state: 'failed', says: 'port taken', next: 'press r' } }),
      ['r'],
      [{ type: 'RETRY' }],
    ],
    ['no hint, no solution, no check, no reset', examTaskView(), ['h', 's', 'r', 'x', 'X', 'v', 'enter'], []],
    ['results: q ends', resultsView, ['q'], [{ type: 'LEAVE' }]],
  ])('%s', async (_, view, keys, events) => expect(await pressed(view, keys)).toEqual(events))
})

test('e edits the file, ! opens the shell of the task, N the notes', async () => {
  const { session, screen, edited, shells } = show(examTaskView())
  await screen.until('? help')
  screen.press('e')
  await expect.poll(() => session.events).toEqual([{ type: 'EDITED' }])
  // Until the screen says so, keys are the editor's.
  await screen.until('back from the editor')
  screen.press('!')
  await expect.poll(() => shells).toEqual([expect.stringMatching(/shop-istio\.kubeconfig exam task 1$/)])
  // Keys are ours again once the screen says what came back.
  await screen.until('back from the shell')
  screen.press('N')
  await expect.poll(() => session.events).toEqual([{ type: 'EDITED' }, { type: 'NOTED' }])
  expect(edited).toEqual([expect.stringMatching(/peer\.yaml$/), '/state/exams/x/notes.md'])
})

test('leaving asks, and says that the clock goes on', async () => {
  const { screen, session } = show(examView())
  await screen.until('? help')
  screen.press('q')
  await screen.until('The clock goes on')
  screen.press('y')
  expect(await screen.ended).toBe('quit')
  expect(session.events).toEqual([{ type: 'QUIT' }])
})

describe('what the screens say', () => {
  test('tasks with weight, state and flag, and the time that is left', async () => {
    const { screen } = show(examView())
    const text = await screen.until('? help')
    expect(text).toMatch(/> {2}1 {2}Refuse plaintext in production +40% {2}\[ok\] done/)
    expect(text).toMatch(/2 {2}Make it the rule of the mesh +35% {2}\[\.\.\] opened flag/)
    expect(text).toContain('left 1:12:09 of 2:00:00')
    expect(text).toContain('40% of the marks by your own count')
  })

  test('the notes beside the task in a wide window', async () => {
    const { screen } = show(examView(), { columns: 120, rows: 40 })
    expect(await screen.until('? help')).toContain('look at the root namespace')
  })

  test('the line for other terminals in a task', async () => {
    const { screen } = show(examTaskView())
    expect(await screen.until('? help')).toContain(
      'export KUBECONFIG=~/.local/share/meshdojo/clusters/shop-istio.kubeconfig',
    )
  })

  test('score, points, what was missed and what teaches it', async () => {
    const { screen } = show(resultsView, { columns: 120, rows: 40 })
    const text = await screen.until('NOT PASSED')
    expect(text).toContain('40 of 100')
    expect(text).toMatch(/\[FAIL\] Make it the rule of the mesh +0\/35/)
    expect(text.replace(/[║│]/g, ' ').replace(/\s+/g, ' ')).toContain('want refused got 200')
    expect(text).toMatch(/Taught by Encrypt every hop: meshdojo start/)
  })

  test('the clock goes down without a key', async () => {
    const { screen, session } = show(examView())
    await screen.until('1:12:09')
    session.show(examView({ left: 4_328_000 }))
    await screen.until('1:12:08')
  })
})
