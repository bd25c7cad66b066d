/** Whose keys are whose, around a program that has the terminal. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Terminal } from '../../src/session/types.ts'
import { makeAct } from '../../src/tui/act.ts'
import { fakeSession } from './fake-session.ts'
import { labView } from './views.ts'

const around = async (edit: Terminal['edit']) => {
  const busy = { current: false }
  const seen: [when: string, busy: boolean][] = []
  const back = Promise.withResolvers<void>()
  const act = makeAct({
    session: fakeSession(labView()),
    terminal: {
      edit: (path) => {
        seen.push(['the editor runs', busy.current])
        return edit(path)
      },
      shell: async () => ({}),
    },
    dispatch: () => {},
    exit: () => {},
    look: () => {},
    busy,
    lent: {
      // As ink does: what it draws when the program has ended is on its way while it still waits for that.
      suspendTerminal: (async (run: () => Promise<void>) => {
        try {
          await run()
        } finally {
          seen.push(['the screen is back', busy.current])
          back.resolve()
        }
      }) as never,
      stdin: new PassThrough(),
      stdout: new PassThrough(),
    },
  })
  act.edit()
  await back.promise
  return seen
}

const wanted = [
  ['the editor runs', true],
  ['the screen is back', false],
]

test('keys are the screen’s as soon as it is back', async () => {
  expect(await around(async () => ({}))).toEqual(wanted)
})

test('also when the program could not be started', async () => {
  expect(await around(() => Promise.reject(new Error('no such editor')))).toEqual(wanted)
})
