/** Every screen at every size that is promised, drawn by ink on an emulator, with the invariants that hold for all. */
import { afterEach, describe, expect, test } from 'vitest'
import type { View } from '../../src/session/types.ts'
import { examTaskView, examView, gradingView, resultsView } from './exam-views.ts'
import { type FakeSession, fakeSession } from './fake-session.ts'
import { type Mounted, type MountOptions, mountTui } from './screen.ts'
import { finishedView, lab, labView, openMatrix, passedView, pickerView, scenario, tapped } from './views.ts'

const open: FakeSession[] = []
afterEach(async () => {
  for (const session of open.splice(0)) {
    session.send({ type: 'QUIT' })
    await session.closed
  }
})

const show = (view: View, options: MountOptions = {}): { screen: Mounted; session: FakeSession } => {
  const session = fakeSession(view)
  open.push(session)
  return { screen: mountTui(session, options), session }
}

const opening: View = { screen: 'opening', stepIndex: 0, scenario, says: 'Starting the lab: 4 of 7 pods are ready' }
const failed: View = {
  screen: 'failed',
  scenario,
  says: 'The lab did not start: port 0 is taken',
  next: 'Press r to try again.',
}

interface Case {
  name: string
  view: View
  /** Keys that lead to the screen, and what it shows then. */
  keys: string[]
  shows: string
}

const solved = labView({ solution: 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n' })
const refused = labView({
  file: {
    ...labView().file!,
    lastApply: { at: 0, ok: false, says: `peer.yaml:8 ${'PeerAuthentication refused '.repeat(20)}` },
  },
})
const cases: Case[] = [
  { name: 'picker', view: pickerView(), keys: [], shows: 'Encrypt every hop' },
  { name: 'about', view: pickerView(), keys: ['tab'], shows: 'in progress' },
  { name: 'an empty catalogue', view: pickerView({ catalogue: [] }), keys: [], shows: 'Scenarios' },
  { name: 'a notice', view: pickerView({ notice: 'progress could not be written' }), keys: [], shows: 'could not be' },
  { name: 'opening', view: opening, keys: [], shows: '4 of 7 pods' },
  { name: 'failed', view: failed, keys: [], shows: 'Press r to try' },
  { name: 'lab', view: labView(), keys: [], shows: 'Refuse plaintext in production' },
  { name: 'checks', view: labView(), keys: ['2'], shows: '[FAIL]' },
  {
    name: 'lab, not graded yet',
    view: labView({ reports: [], gradedAt: undefined, matrix: undefined }),
    keys: ['2'],
    shows: '[ .. ]',
  },
  { name: 'a refused file', view: refused, keys: [], shows: 'not applied: peer.yaml:8' },
  {
    name: 'a refused file, and what was said just now',
    view: refused,
    keys: ['ctrl-c'],
    shows: 'not applied: peer.yaml:8',
  },
  { name: 'task', view: labView(), keys: ['1'], shows: 'Refuse plaintext' },
  { name: 'traffic', view: labView(), keys: ['3'], shows: '>P!<' },
  { name: 'traffic as sentences', view: labView(), keys: ['3', 'v', 'v', 'v'], shows: 'legacy/client to orders' },
  { name: 'traffic beside the goal', view: labView(), keys: ['3', 'v'], shows: '>P/r!<' },
  { name: 'the goal', view: labView(), keys: ['3', 'v', 'v'], shows: '>r<' },
  { name: 'events', view: labView(), keys: ['4'], shows: '12:01:08 grade' },
  { name: 'zoom', view: labView(), keys: ['1', 'z', 'G'], shows: 'export KUBECONFIG=' },
  { name: 'passed', view: passedView(), keys: ['1'], shows: 'With STRICT' },
  { name: 'done', view: finishedView(), keys: ['1'], shows: 'Encrypt every hop: done' },
  { name: 'keys', view: labView(), keys: ['?'], shows: '>Keys' },
  { name: 'hints', view: labView(), keys: ['h'], shows: 'Which object says' },
  { name: 'solution', view: solved, keys: ['s'], shows: 'kind: PeerAuthentication' },
  { name: 'a check explained', view: labView(), keys: ['2', 'enter'], shows: 'asked  legacy/client' },
  { name: 'the wire', view: labView({ tap: tapped }), keys: ['3', 'w'], shows: 'On the wire now' },
  { name: 'the wire under TLS', view: labView({ tap: tapped }), keys: ['3', 'w', 'tab'], shows: '>2 The same' },
  { name: 'the wire, zoomed', view: labView({ tap: tapped }), keys: ['3', 'w', 'tab', 'z'], shows: '>2 The same' },
  { name: 'the wire, waiting', view: labView(), keys: ['3', 'w'], shows: 'on its way' },
  {
    name: 'the wire, failed',
    view: labView({ tap: { from: 'legacy/client', to: 'orders', state: 'failed', says: 'the cluster is gone' } }),
    keys: ['3', 'w'],
    shows: 'cluster is gone',
  },
  { name: 'exam', view: examView(), keys: [], shows: 'Refuse pl' },
  { name: 'exam task', view: examTaskView(), keys: [], shows: 'security team' },
  { name: 'exam notes', view: examView(), keys: ['3'], shows: 'root namespace' },
  { name: 'exam events', view: examTaskView(), keys: ['2'], shows: 'by kubectl' },
  {
    name: 'exam task, its cluster starting',
    view: examTaskView({ lab: { state: 'opening', says: 'Starting the cluster' } }),
    keys: ['G'],
    shows: 'Starting the cluster',
  },
  {
    name: 'exam task without a cluster',
    view: examTaskView({ lab: { state: 'failed', says: 'port taken', next: 'press r' } }),
    keys: ['G'],
    shows: 'port taken',
  },
  { name: 'a warning', view: examView({ notice: '5 minutes left' }), keys: [], shows: '5 minutes left' },
  { name: 'exam grading', view: gradingView, keys: [], shows: 'task 2 of 3' },
  { name: 'exam results', view: resultsView, keys: [], shows: 'NOT PASSED' },
  { name: 'exam results, one task', view: resultsView, keys: ['2'], shows: 'so does testing' },
  { name: 'a pair explained', view: labView(), keys: ['3', 'enter'], shows: 'legacy/client -> orders' },
]

const sizes = [
  { columns: 40, rows: 12 },
  { columns: 60, rows: 20 },
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
]

const settled = async (screen: Mounted, { keys, shows }: Case) => {
  await screen.until('q ')
  for (const key of keys) screen.press(key)
  return screen.until(shows)
}

const GLYPHS = /^[ -~┌┐└┘─│╔╗╚╝═║…\n]*$/

describe.each(sizes)('at $columns x $rows', ({ columns, rows }) => {
  test.each(cases)('$name fits, and says how to get help and out', async (one) => {
    const { screen } = show(one.view, { columns, rows })
    const text = await settled(screen, one)
    const lines = screen.lines()
    expect(text).toMatch(GLYPHS)
    expect(lines[0]).toContain('meshdojo')
    // A pane's last border is directly above the footer or a message: the frame fills the window.
    expect(lines.filter((line) => line.trim() === '')).toEqual([])
    expect(lines.at(-1)).toMatch(/\? (help|close) {2}q (back|quit)$/)
    // Borders stand at the edges of the window, so no row was drawn too short or too long.
    const body = lines.slice(1, -1).filter((line) => /^[│║]/.test(line))
    expect(new Set(body.map((line) => line.length))).toEqual(new Set([columns]))
  })
})

describe('without colour', () => {
  const colours = (screen: Mounted) => {
    let count = 0
    for (let row = 0; row < screen.rows; row++)
      for (let column = 0; column < screen.columns; column++) {
        const cell = screen.cell(column, row)
        if (!cell.isFgDefault() || !cell.isBgDefault()) count++
      }
    return count
  }

  test.each([[{ NO_COLOR: '1' }], [{ TERM: 'vt100' }]])('%j draws none', async (env) => {
    const { screen } = show(labView(), { env })
    await screen.until('[FAIL]')
    expect(colours(screen)).toBe(0)
  })

  test('there is colour otherwise', async () => {
    const { screen } = show(labView())
    await screen.until('[FAIL]')
    expect(colours(screen)).toBeGreaterThan(100)
  })

  test('focus and mismatch are told by characters, bold and inverse', async () => {
    const { screen } = show(labView(), { env: { NO_COLOR: '1' } })
    await screen.until('[FAIL]')
    const lines = screen.lines()
    expect(lines[1]).toContain('>2 Checks')
    expect(lines[1]).toContain('╔')
    const row = lines.findIndex((line) => line.includes('>P!<'))
    const column = lines[row]!.indexOf('P!')
    expect([column, column + 1].map((at) => screen.cell(at, row).isInverse() !== 0)).toEqual([true, true])
    expect(screen.cell(column - 1, row).isInverse()).toBe(0)
  })
})

describe('the wire tap', () => {
  test('asks for the selected pair once for each w, and esc goes back to the map', async () => {
    const { screen, session } = show(labView({ tap: tapped }))
    await screen.until('q ')
    for (const key of ['3', 'w']) screen.press(key)
    await screen.until('On the wire now')
    screen.press('w')
    await screen.until('w again')
    screen.press('esc')
    await screen.until('>3 Traffic')
    const asked = { type: 'TAP', from: 'legacy/client', to: 'orders' }
    expect(session.events).toEqual([asked, asked])
  })

  test('a secret is told by a mark and by inverse, without colour', async () => {
    const { screen } = show(labView({ tap: tapped }), { columns: 120, rows: 40, env: { NO_COLOR: '1' } })
    await screen.until('q ')
    for (const key of ['3', 'w']) screen.press(key)
    await screen.until('On the wire now')
    const lines = screen.lines()
    const row = lines.findIndex((text) => text.includes('! 0038') || text.includes('! 0040'))
    const column = lines[row]!.indexOf('!')
    expect(screen.cell(column, row).isInverse()).not.toBe(0)
    expect(lines.filter((text) => /[│║] ! 00/.test(text)).length).toBeGreaterThan(1)
  })

  test('a pair that is the workload itself cannot be tapped', async () => {
    const { screen, session } = show(
      labView({
        matrix: {
          ...openMatrix,
          cells: [[openMatrix.cells[0]![0]!]],
          sources: ['production/frontend'],
          targets: ['frontend'],
        },
      }),
    )
    await screen.until('q ')
    for (const key of ['3', 'w']) screen.press(key)
    screen.press('?')
    await screen.until('>Keys')
    expect(session.events).toEqual([])
  })
})

describe('a locale that is not UTF-8', () => {
  test.each([[{ LANG: 'C' }], [{ LANG: undefined }], [{ LC_ALL: 'POSIX' }], [{ MESHDOJO_CHARSET: 'ascii' }]])(
    '%j draws ASCII only',
    async (env) => {
      const { screen } = show(labView(), { env })
      await screen.until('[FAIL]')
      expect(screen.text()).toMatch(/^[ -~\n]*$/)
      expect(screen.text()).toContain('+= >2 Checks')
    },
  )
})

describe('what the screen says unasked', () => {
  test('why the selected check fails, with expected and seen, at 80x24', async () => {
    const { screen } = show(labView())
    const text = (await screen.until('[FAIL]')).replace(/[│║]/g, ' ').replace(/\s+/g, ' ')
    expect(text).toContain('want refused got 200 in plaintext')
    expect(screen.text()).toContain('PERMISSIVE')
  })

  test.each(sizes.slice(2))('file and KUBECONFIG beside the task at $columns x $rows', async (size) => {
    const { screen } = show(labView(), size)
    const text = await screen.until('[FAIL]')
    expect(text).toContain('peer-authentication.yaml')
    expect(text).toContain('export KUBECONFIG=')
  })

  test.each(sizes.slice(1, 3))('at least half of the task pane is task at $columns x $rows', async (size) => {
    const { screen } = show(labView(), size)
    await screen.until('? help')
    if (size.columns === 60) screen.press('1')
    await screen.until('1 Task')
    const lines = screen.lines()
    const foot = lines.findIndex((line) => /^[│║] e .*peer-authentication\.yaml/.test(line))
    const bottom = lines.findIndex((line) => /^[└╚]/.test(line))
    expect(foot).toBeGreaterThan(1)
    expect(bottom - foot).toBeLessThanOrEqual((bottom - 1) / 2)
    expect(lines.slice(foot, bottom).join(' ')).toMatch(/! shell/)
  })

  test.each(sizes.slice(1))('all of a question, and its answers, at $columns x $rows', async (size) => {
    const { screen } = show(labView(), size)
    await screen.until('? help')
    screen.press('x')
    await screen.until('y yes  n no')
    expect(screen.text().replace(/\s+/g, ' ')).toContain(
      'Put the lab back to how this step began? Your changes to the cluster are lost.',
    )
    expect(screen.lines().at(-1)).toMatch(/^ y yes {2}n no/)
  })

  test('how to see all scenarios again, where a filter hides some', async () => {
    const { screen } = show(pickerView(), { columns: 60, rows: 20 })
    await screen.until('? help')
    for (const key of ['/', 'p', 'o', 'r', 't', 'enter']) screen.press(key)
    await screen.until('esc all scenarios')
    screen.press('esc')
    await screen.until((text) => !text.includes('filter:') && !text.includes('esc all scenarios'))
  })

  test('the next step, first of all keys, after a pass', async () => {
    const { screen } = show(passedView())
    await screen.until('With STRICT')
    expect(screen.lines().at(-1)).toMatch(/^n next step/)
  })

  test('CKS, level, minutes and progress in a wide picker', async () => {
    const { screen } = show(pickerView(), { columns: 120, rows: 40 })
    const text = await screen.until('Encrypt every hop')
    expect(text).toMatch(/> \[\.\.\] Encrypt every hop +CKS {2}easy +10 min +1\/2/)
    expect(text).toMatch(/\[ {2}\] One port stays open +hard +20 min/)
  })

  test('nothing is cut without a sign', async () => {
    const long = { ...lab, spec: { ...lab.spec, says: 'word '.repeat(400) } }
    const { screen } = show(pickerView({ catalogue: [{ scenario, lab: long, progress: pickerProgress }] }))
    await screen.until(/2 About ─+ \d+ below/)
  })
})

const pickerProgress = { state: 'new' as const, passed: [], step: 0, hintsUsed: 0, solutionsSeen: [], spent: 0 }

describe('over time', () => {
  test('an idle screen writes nothing', async () => {
    const { screen } = show(labView())
    await screen.until('[FAIL]')
    const quiet = () => new Promise((resolve) => setTimeout(resolve, 300))
    await quiet()
    const before = screen.written().length
    await quiet()
    expect(screen.written().length).toBe(before)
  })

  test('the last result stays while it is graded again', async () => {
    const { screen, session } = show(labView())
    await screen.until('at 12:01:08')
    session.show(labView({ grading: true }))
    const text = await screen.until('checking')
    expect(text).toContain('[FAIL]')
    expect(text).toContain('PERMISSIVE')
  })

  test('a new size is drawn whole, each time', async () => {
    const { screen } = show(labView())
    const first = await screen.until('? help')
    for (const [columns, rows] of [
      [120, 40],
      [60, 20],
      [39, 9],
      [100, 30],
      [80, 24],
    ] as const) {
      // What the same view looks like in a window that never had another size.
      const born = show(labView(), { columns, rows }).screen
      const expected = await born.until(columns < 40 ? 'enlarge the window' : '? help')
      screen.resize(columns, rows)
      await screen.until((text) => text === expected)
    }
    expect(screen.text()).toBe(first)
  })

  test('texts from outside cannot take over the terminal', async () => {
    const evil = labView({ matrix: openMatrix, notice: '\u001b[2J\u001b]0;title\u0007 ✅ done \r\n twice' })
    const { screen } = show(evil)
    const text = await screen.until('done')
    expect(text).toMatch(GLYPHS)
    expect(text).toContain('[FAIL]')
    expect(screen.written()).not.toContain('\u001b]0;')
  })
})
