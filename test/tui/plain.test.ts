import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { UserEvent, View } from '../../src/session/types.ts'
import { news, runPlain } from '../../src/tui/plain/run.ts'
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
