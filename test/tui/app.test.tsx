/** Keys in, screen and events out. */
import { afterEach, describe, expect, test } from 'vitest'
import type { UserEvent, View } from '../../src/session/types.ts'
import { type FakeSession, fakeSession } from './fake-session.ts'
import { type Mounted, type MountOptions, mountTui } from './screen.ts'
import { finishedView, labView, passedView, pickerView, scenario } from './views.ts'

const open: FakeSession[] = []
afterEach(async () => {
  for (const session of open.splice(0)) {
    session.send({ type: 'QUIT' })
    await session.closed
  }
})

const start = async (view: View, options: MountOptions = {}): Promise<{ screen: Mounted; session: FakeSession }> => {
  const session = fakeSession(view)
  open.push(session)
  const screen = mountTui(session, options)
  await screen.until('q ')
  return { screen, session }
}

/** Presses the keys of `'j enter'` one after another. */
const press = (screen: Mounted, keys: string) => keys.split(' ').forEach((key) => void screen.press(key))

describe('a key asks the session', () => {
  const failed: View = { screen: 'failed', scenario, says: 'no', next: 'again' }
  test.each<[string, View, string, UserEvent[]]>([
    ['starts the selected scenario', pickerView(), 'enter', [{ type: 'OPEN', scenario: 'istio-strict-mtls' }]],
    ['moves first', pickerView(), 'j enter', [{ type: 'OPEN', scenario: 'istio-deny-all' }]],
    ['moves with arrows', pickerView(), 'down down up enter', [{ type: 'OPEN', scenario: 'istio-deny-all' }]],
    ['to the end and back', pickerView(), 'G k enter', [{ type: 'OPEN', scenario: 'istio-allow-frontend' }]],
    ['filters', pickerView(), '/ p o r t enter enter', [{ type: 'OPEN', scenario: 'istio-port-exception' }]],
    ['checks', labView(), 'r', [{ type: 'CHECK' }]],
    ['asks for the first hint', labView(), 'h', [{ type: 'HINT' }]],
    ['and the second on the page', labView(), 'h h', [{ type: 'HINT' }, { type: 'HINT' }]],
    ['opens the hints again without another', labView(), 'h esc h', [{ type: 'HINT' }]],
    ['goes on after a pass', passedView(), 'n', [{ type: 'NEXT' }]],
    ['does not go on before', labView(), 'n', []],
    ['does not go on after the end', finishedView(), 'n', []],
    ['shows the solution after a yes', labView(), 's y', [{ type: 'SOLUTION' }]],
    ['not after a no', labView(), 's n', []],
    ['not after escape', labView(), 's esc y', []],
    ['resets after a yes', labView(), 'x y', [{ type: 'RESET_STEP' }]],
    ['not without an answer', labView(), 'x x r', []],
    ['starts the lab anew after a yes', labView(), 'X y', [{ type: 'RESET_LAB' }]],
    ['leaves after a yes', labView(), 'q y', [{ type: 'LEAVE' }]],
    ['leaves on a second q', labView(), 'q q', [{ type: 'LEAVE' }]],
    ['leaves a finished lab at once', finishedView(), 'q', [{ type: 'LEAVE' }]],
    ['stays on n', labView(), 'q n', []],
    ['closes a page with q first', labView(), '? q', []],
    ['runs a command by its name', labView(), ': c h e c k enter', [{ type: 'CHECK' }]],
    ['searches in the list of keys', labView(), '? / r e s e t enter y', [{ type: 'RESET_STEP' }]],
    ['never runs what is not possible', labView(), ': n e x t enter', []],
    ['retries', failed, 'r', [{ type: 'RETRY' }]],
    ['leaves what failed', failed, 'q', [{ type: 'LEAVE' }]],
    ['escape never leaves', labView(), 'esc esc esc', []],
    ['unknown keys do nothing', labView(), 'u E R D y n', []],
  ])('%s', async (_, view, keys, expected) => {
    const { screen, session } = await start(view)
    press(screen, keys)
    // The last thing on the screen is an answer to the last key, so that all keys have been seen.
    press(screen, 'esc esc ?')
    await screen.until('>Keys')
    expect(session.events).toEqual(expected)
  })
})

describe('quitting', () => {
  test.each([
    ['q y', 'quit'],
    ['q q', 'quit'],
    ['ctrl-c ctrl-c', 'interrupted'],
  ])('%s ends it: %s', async (keys, how) => {
    const { screen, session } = await start(pickerView())
    press(screen, keys)
    expect(await screen.ended).toBe(how)
    expect(session.events).toEqual([{ type: 'QUIT' }])
    expect(screen.written()).toContain('\u001b[?1049l')
  })

  test('one ctrl-c only warns, and another key takes it back', async () => {
    const { screen, session } = await start(labView())
    press(screen, 'ctrl-c')
    await screen.until('press ctrl-c again to quit')
    press(screen, 'j ctrl-c ?')
    await screen.until('>Keys')
    expect(session.events).toEqual([])
  })

  test('the warning does not hide a file that was refused', async () => {
    const lastApply = { at: 0, ok: false, says: 'peer.yaml:8 refused' }
    const { screen } = await start(labView({ file: { ...labView().file!, lastApply } }))
    press(screen, 'ctrl-c')
    await screen.until('press ctrl-c again to quit')
    expect(screen.text()).toContain('not applied: peer.yaml:8 refused')
  })

  test('a session that closes by itself ends the program', async () => {
    const { screen, session } = await start(labView())
    session.send({ type: 'QUIT' })
    expect(await screen.ended).toBe('quit')
  })
})

describe('panes', () => {
  const focused = (screen: Mounted) => /[╔=]═ >(\d) /.exec(screen.text())?.[1]
  test.each([
    ['tab', '3'],
    ['tab tab tab', '1'],
    ['shift-tab', '1'],
    ['4', '4'],
    ['1', '1'],
  ])('%s leads to pane %s', async (keys, pane) => {
    const { screen } = await start(labView())
    press(screen, keys)
    await screen.until(() => focused(screen) === pane)
  })

  test('z shows one pane over the whole window, z again all', async () => {
    const { screen } = await start(labView())
    press(screen, '3 z')
    expect(await screen.until('unzoom')).not.toContain('2 Checks')
    press(screen, 'z')
    await screen.until('2 Checks')
  })

  test('a held-down key arrives as one event and counts as many', async () => {
    const { screen } = await start(pickerView())
    screen.press('jjj')
    await screen.until(/> \[ {2}\] One port stays open/)
  })

  test('the map is walked in both directions', async () => {
    const { screen } = await start(labView())
    press(screen, '3 up left')
    await screen.until('production')
    press(screen, 'enter')
    await screen.until('staging/client -> api-server')
  })

  test('an earlier step that broke shows among the checks', async () => {
    const { screen } = await start(passedView({ stepIndex: 1, reports: labView().reports }), { columns: 120, rows: 40 })
    await screen.until('no longer holds, from an earlier step')
  })
})

describe('pasting', () => {
  test.each(['paste', 'press'] as const)('a manifest is never taken for commands (%s)', async (how) => {
    const { screen, session } = await start(labView())
    screen[how]('kind: PeerAuthentication\nspec: {}\nqy')
    await screen.until('paste ignored')
    expect(session.events).toEqual([])
  })

  test('into a text field it is text', async () => {
    const { screen } = await start(pickerView())
    press(screen, '/')
    await screen.until('filter: _')
    screen.paste('deny\n')
    await screen.until('filter: deny_')
  })
})

describe('keys typed ahead of the screen', () => {
  test('each one counts, whatever the one before has opened', async () => {
    const { screen, session } = await start(pickerView())
    screen.press('/jw')
    await screen.until('filter: jw_')
    screen.press('esc')
    await screen.until((text) => !text.includes('filter:'))
    screen.press('j\r')
    await screen.until('[FAIL]')
    expect(session.events).toEqual([{ type: 'OPEN', scenario: 'istio-deny-all' }])
    screen.press('qy')
    await screen.until('enter again')
  })
})

describe('documents over the picker', () => {
  test('R and D open what the caller made, esc closes it', async () => {
    const documents = { report: async () => '# Course report', doctor: () => Promise.reject(new Error('no kubectl')) }
    const { screen } = await start(pickerView(), { documents })
    press(screen, 'R')
    await screen.until('Course report')
    press(screen, 'esc D')
    await screen.until('no kubectl')
  })

  test('without them, there are no such keys', async () => {
    const { screen } = await start(pickerView())
    press(screen, 'R ?')
    const help = await screen.until('>Keys')
    expect(help).not.toContain('what you have done')
  })
})

describe('the look is changed by name', () => {
  const choose = (screen: Mounted, words: string) => press(screen, `: ${[...words].join(' ')} enter`)

  test(':charset draws ASCII only, and lines again', async () => {
    const { screen } = await start(labView())
    choose(screen, 'charset')
    await screen.until('+= >2 Checks')
    expect(screen.text()).toMatch(/^[ -~\n]*$/)
    choose(screen, 'charset')
    await screen.until('╔═ >2 Checks')
  })

  test(':colour takes all colour away, :light what a light background swallows', async () => {
    const { screen } = await start(labView())
    const colours = () =>
      new Set(
        screen
          .lines()
          .flatMap((row, y) =>
            [...row].map((_, x) => (screen.cell(x, y).isFgDefault() ? -1 : screen.cell(x, y).getFgColor())),
          ),
      )
    const [cyan, yellow] = [6, 3]
    expect(colours()).toContain(cyan)
    choose(screen, 'light')
    await screen.until(() => !colours().has(cyan) && !colours().has(yellow))
    expect(colours().size).toBeGreaterThan(1)
    choose(screen, 'colour')
    await screen.until(() => colours().size === 1)
  })
})

test('going to a narrow task gives it the whole width; the checks stay in sight', async () => {
  const { screen } = await start(labView())
  expect(screen.text()).toContain('3 Traffic')
  press(screen, '1')
  const text = await screen.until(/^╔═ >1 Task ═+ step 1\/2[^║]* ═╗$/m)
  expect(text).toContain('2 Checks')
  expect(text).not.toContain('3 Traffic')
  press(screen, '3')
  await screen.until('>3 Traffic')
})

describe('the terminal is lent', () => {
  test('e opens the file as the session names it, then reports', async () => {
    const opened: string[] = []
    const terminal = {
      edit: async (path: string) => {
        opened.push(path)
        return { says: 'saved' }
      },
      shell: async () => ({}),
    }
    const { screen, session } = await start(labView(), { terminal })
    press(screen, 'e')
    await screen.until('saved')
    expect(opened).toEqual([labView().file!.path])
    expect(session.events).toEqual([{ type: 'EDITED' }])
  })

  test('! says what turned meanwhile', async () => {
    const session = fakeSession(labView())
    open.push(session)
    const terminal = {
      edit: async () => ({}),
      shell: async (kubeconfig: string, where: string) => {
        expect([kubeconfig, where]).toEqual([labView().kubeconfig, 'istio-strict-mtls'])
        session.show(passedView())
        return {}
      },
    }
    const screen = mountTui(session, { terminal })
    await screen.until('q back')
    press(screen, '!')
    await screen.until('2 checks changed: [ok] a pod without a sidecar')
  })

  test.each([
    ['T opens a pane where there is a multiplexer', true, 'opened beside'],
    ['T is no key elsewhere', false, undefined],
  ])('%s', async (_, there, says) => {
    const split = async () => ({ says: 'opened beside' })
    const terminal = { edit: async () => ({}), shell: async () => ({}), ...(there ? { split } : {}) }
    const { screen } = await start(labView(), { terminal })
    press(screen, 'T')
    if (says) await screen.until(says)
    press(screen, '?')
    const help = await screen.until('>Keys')
    expect(help.includes('tmux or Zellij pane')).toBe(there)
  })

  test('an editor that is not there is a message, not an end', async () => {
    const terminal = { edit: () => Promise.reject(new Error('nano is not there: set EDITOR')), shell: async () => ({}) }
    const { screen } = await start(labView(), { terminal })
    press(screen, 'e')
    await screen.until('nano is not there: set EDITOR')
  })

  test('c copies the line for other terminals and shows it whole', async () => {
    const { screen } = await start(labView(), { columns: 120, rows: 40 })
    press(screen, 'c')
    const line = `export KUBECONFIG=${labView().kubeconfig}`
    await screen.until(line)
    expect(screen.written()).toContain(`\u001b]52;c;${Buffer.from(line).toString('base64')}`)
  })
})
