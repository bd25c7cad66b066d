import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { UserEvent, View } from '../../src/session/types.ts'
import { news, runPlain } from '../../src/tui/plain/run.ts'
import { printable } from '../../src/tui/plain/sentences.ts'
import { examTaskView, examView, gradingView, resultsView } from './exam-views.ts'
import { fakeSession } from './fake-session.ts'
import { finishedView, labView, passedView, pickerView } from './views.ts'

const noTerminal = { edit: async () => ({}), shell: async () => ({}) }

/** Runs the plain mode on a whole input; resolves with everything it printed and asked for. */
const run = async (view: View, input: string[], terminal = noTerminal) => {
  const session = fakeSession(view)
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  stdin.end(input.map((line) => `${line}\n`).join(''))
  const end = await runPlain({ session, terminal, stdin, stdout })
  return { end, events: session.events, printed: String(stdout.read() ?? '') }
}

describe('the whole course', () => {
  test('is done with numbers and letters', async () => {
    const { printed, events, end } = await run(pickerView(), ['1', 'c', 'm', 'h', 'e', 'n', 'q', 'q'])
    const types = events.map((event) => event.type)
    expect(types).toEqual(['OPEN', 'HINT', 'EDITED', 'NEXT', 'LEAVE', 'QUIT'])
    expect(end).toBe('quit')
    const inOrder = [
      '1. Encrypt every hop: mTLS, istio, easy, 10 minutes, CKS, in progress, 1 of 2 steps, resumes here',
      'Step 1 of 2: Refuse plaintext in production',
      'For another terminal: export KUBECONFIG=/home/ana/',
      '[FAIL] a pod without a sidecar can no longer read orders',
      'legacy/client still reads orders: PeerAuthentication production/default is PERMISSIVE',
      'legacy/client to orders: allowed in plaintext, not what this step asks for',
      '1. Which object says how a workload expects to be called?',
      'Passed: Refuse plaintext in production',
      'Encrypt every hop: done, 13 min, 2 hints.',
      'Scenarios',
    ]
    let from = 0
    for (const text of inOrder) {
      expect(printed.slice(from)).toContain(text)
      from = printed.indexOf(text, from) + text.length
    }
  })

  test('never moves the cursor', async () => {
    const { printed } = await run(labView({ notice: 'a \u001b[2J notice' }), ['c', 'm', 'q', 'y', 'q'])
    expect(printed).toMatch(/^[ -~\n]*$/)
  })
})

describe('commands', () => {
  test.each<[string, View, string[], UserEvent['type'][]]>([
    ['the solution after a yes', labView(), ['s', 'y'], ['SOLUTION']],
    ['not after a no', labView(), ['s', 'n'], []],
    ['reset after a yes', labView(), ['x', 'yes'], ['RESET_STEP']],
    ['checks now', labView(), ['r'], ['CHECK']],
    ['no next step before the pass', labView(), ['n'], []],
    ['the next step after it', passedView(), ['n'], ['NEXT']],
    ['leaves a finished lab at once', finishedView(), ['q'], ['LEAVE']],
    ['stays without a yes', labView(), ['q', ''], []],
    ['unknown words do nothing', labView(), ['kubectl get pods', '7'], []],
    ['numbers that are not there do nothing', pickerView(), ['9', '0', 'x'], []],
  ])('%s', async (_, view, input, expected) => {
    const { events } = await run(view, input)
    expect(events.map((event) => event.type)).toEqual([...expected, 'QUIT'])
  })

  test('the end of the input quits', async () => {
    expect(await run(labView(), [])).toMatchObject({ end: 'quit', events: [{ type: 'QUIT' }] })
  })
})

describe('an exam', () => {
  test.each<[string, View, string[], UserEvent[]]>([
    ['a number opens a task', examView(), ['2'], [{ type: 'OPEN_TASK', task: 1 }]],
    ['a number that is none opens none', examView(), ['9', '0', 'o 7'], []],
    [
      'flags and marks, here and by number',
      examView(),
      ['f', 'd 3'],
      [
        { type: 'FLAG', task: 0 },
        { type: 'DONE', task: 2 },
      ],
    ],
    [
      'goes on and back',
      examTaskView({ current: 1 }),
      ['n', 'p'],
      [
        { type: 'OPEN_TASK', task: 2 },
        { type: 'OPEN_TASK', task: 0 },
      ],
    ],
    ['but not past the ends', examTaskView({ current: 2 }), ['n'], []],
    ['edits the file and the notes', examTaskView(), ['e', 'N'], [{ type: 'EDITED' }, { type: 'NOTED' }]],
    [
      'no file before the cluster is there',
      examTaskView({ lab: { state: 'failed', says: 'port taken', next: 'press r' } }),
      ['e', 'r'],
      [{ type: 'RETRY' }],
    ],
    ['nor any in the list', examView(), ['e', '!', 'k', 'l', 'n'], []],
    ['finishes after a yes', examView(), ['F', 'y'], [{ type: 'FINISH' }]],
    ['not after a no', examView(), ['F', 'n'], []],
    ['no help of a lesson', examTaskView(), ['h', 's', 'x', 'X', 'm', 'w 1'], []],
    ['the list from a task', examTaskView(), ['q'], [{ type: 'LEAVE' }]],
  ])('%s', async (_, view, input, expected) => {
    const { events, printed } = await run(view, input)
    expect(events).toEqual([...expected, { type: 'QUIT' }])
    expect(printed).toMatch(/^[ -~\n]*$/)
  })

  test.each<[string, View, string[]]>([
    [
      'the list',
      examView(),
      [
        '1. Refuse plaintext in production: 40 of 100 points, done',
        '2. Make it the rule of the mesh: 35 of 100 points, opened, flagged',
        'Exam: 1:12:09 left of 2:00:00',
      ],
    ],
    [
      'a task',
      examTaskView(),
      ['Task 1 of 3: Refuse plaintext in production, 40 of 100 points', 'File: /home/ana/', 'export KUBECONFIG='],
    ],
    ['grading', gradingView, ['Grading task 2 of 3']],
    [
      'results',
      resultsView,
      ['40 of 100, not passed; the pass mark is 67', 'Taught by Encrypt every hop: meshdojo start', 'q: end'],
    ],
  ])('says %s', (_, view, says) => {
    const printed = news(undefined, view, 80).join('\n')
    for (const text of says) expect(printed).toContain(text)
  })

  test('what happens in the cluster is said once, and the clock is silent', () => {
    const lab = { ...examTaskView() } as Extract<View, { screen: 'exam-task' }>
    expect(news(lab, examTaskView({ left: 1 }), 80)).toEqual([])
    const opened = lab.lab as Extract<typeof lab.lab, { state: 'open' }>
    const line = { at: 1, kind: 'apply' as const, says: 'PeerAuthentication production/default created' }
    const after = examTaskView({ lab: { ...opened, feed: [...opened.feed, line] } })
    expect(news(lab, after, 80)).toEqual([line.says])
    expect(news(after, examTaskView({ ...lab, notice: '5 minutes left', lab: opened }), 80)).toEqual(['5 minutes left'])
  })

  test('is asked for in the list of scenarios', async () => {
    expect((await run(pickerView(), ['E', 'n', 'q'])).end).toBe('quit')
    expect((await run(pickerView(), ['E', 'y'])).end).toBe('exam')
  })

  test('that is left ends, and stays where it is after a no', async () => {
    const { end, printed } = await run(examView(), ['q', 'n', 'c', 'q', 'y', 'c'])
    expect(end).toBe('quit')
    expect(printed.split('1:12:09 left\n')).toHaveLength(2)
  })
})

test.each([
  ['at blanks, further in', '1. a check of some length', ['1. a check of', '  some length']],
  ['further in than it began', '  want this, got that', ['  want this,', '    got that']],
  ['never inside a word', 'File: /home/ana/very/long/path', ['File:', '  /home/ana/very/long/path']],
  ['not where it is to be copied', 'export KUBECONFIG=/home/ana/lab', ['export KUBECONFIG=/home/ana/lab']],
])('a long line is folded %s', (_, row, rows) => {
  expect(printable([row], 14)).toBe(rows.map((one) => `${one}\n`).join(''))
  expect(printable([row])).toBe(`${row}\n`)
})

describe('news', () => {
  test('nothing new is no line', () => {
    expect(news(labView(), labView({ grading: true, gradedAt: 1 }), 80)).toEqual([])
  })

  test('a check that turned is a line', () => {
    expect(news(labView(), passedView({ stepPassed: false }), 80)).toEqual([
      '[ok] a pod without a sidecar can no longer read orders',
      '[ok] the policy is in production',
    ])
  })
})
