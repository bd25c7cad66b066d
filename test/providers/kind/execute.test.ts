/** Plans against a world that remembers how far each step got: what is run, what is skipped, what a kill costs. */
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { execute, StepFailed } from '../../../src/providers/kind/execute.ts'
import { type MeshName, meshVersions } from '../../../src/providers/kind/install/tools.ts'
import { planCluster } from '../../../src/providers/kind/plan.ts'
import { command, type Plan, runs, type Step } from '../../../src/providers/steps.ts'
import { CommandFailed, formatCommand, type Runner } from '../../../src/shell/run.ts'
import { recorder } from './recorder.ts'

const folder = mkdtempSync(join(tmpdir(), 'execute-'))
const base = { env: { PATH: '/nowhere' }, log: join(folder, 'log.txt'), finished: new Set<string>() }

class Killed extends Error {}

/** Each step is there, half there, or not; the plan itself says which command does, asks or cleans what. */
const worldOf = (plan: Plan) => {
  const is = new Map<string, 'half' | 'done'>()
  const done: string[] = []
  let fuse = Number.POSITIVE_INFINITY
  const steps = new Map<string, { step: Step; role: 'act' | 'last' | 'ask' | 'ask half' | 'clean'; first?: boolean }>()
  for (const step of plan.steps) {
    for (const test of step.done) if ('command' in test) steps.set(formatCommand(test.command), { step, role: 'ask' })
    if (step.half) {
      steps.set(formatCommand(step.half.test.command), { step, role: 'ask half' })
      steps.set(formatCommand(step.half.clean), { step, role: 'clean' })
    }
    const acting = step.actions.flatMap((each) => (each.do === 'run' ? [each.into ?? each.command] : []))
    for (const [index, each] of acting.entries()) {
      // Several steps pipe into the same "kubectl apply": what is applied tells them apart.
      const first = step.actions[index]
      const key = first?.do === 'run' && first.into ? formatCommand(first.command) : formatCommand(each)
      steps.set(key, { step, role: index === acting.length - 1 ? 'last' : 'act', first: index === 0 })
    }
  }
  const run: Runner = async (asked) => {
    const line = formatCommand(asked)
    const fail = (): never => {
      throw new CommandFailed(asked, { exitCode: 1, lastLines: [] })
    }
    const printed = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })
    if (line === 'kubectl apply --filename -') return printed('')
    const known = steps.get(line)
    if (!known) throw new Error(`not expected: ${line}`)
    const { step, role, first } = known
    if (role === 'ask' || role === 'ask half') {
      const state = is.get(step.id)
      if (role === 'ask' ? state !== 'done' : state === undefined) return fail()
      const asked = [...step.done, ...(step.half ? [step.half.test] : [])].flatMap((each) =>
        'command' in each && formatCommand(each.command) === line ? [each] : [],
      )
      const prints = asked[0]?.prints
      if (typeof prints !== 'object') return printed('something')
      return printed('line' in prints ? prints.line : prints.lines.join('\n'))
    }
    // As kind, Helm and linkerd do: what is half-made is in the way.
    if (first && step.half && is.get(step.id) === 'half') return fail()
    if (fuse-- === 0) throw new Killed()
    done.push(`${role === 'clean' ? 'clean' : 'do'} ${step.id}`)
    if (role === 'clean') is.delete(step.id)
    else is.set(step.id, role === 'last' ? 'done' : 'half')
    // Killed after it had begun: half of it is there.
    if (fuse-- === 0) {
      if (role !== 'clean') is.set(step.id, step.half ? 'half' : is.get(step.id)!)
      throw new Killed()
    }
    return printed('')
  }
  return {
    is,
    done,
    run,
    killAfter: (moments: number) => {
      fuse = moments
    },
  }
}

const plans = (Object.keys(meshVersions) as MeshName[]).flatMap((mesh) =>
  (['tool', 'helm'] as const).map((by) => {
    const spec = { name: `meshdojo-${mesh}`, mesh, by, version: meshVersions[mesh], runtime: 'docker' as const }
    const plan = planCluster({ ...spec, settings: {}, folder: '/state', kubeconfig: '/state/kubeconfig' })
    return [`${mesh} by ${by}`, plan] as const
  }),
)

describe('whatever a plan is', () => {
  test.each(plans)('%s: run whole, then again: nothing is done twice', async (_, plan) => {
    const world = worldOf(plan)
    await execute(plan, { ...base, run: world.run })
    const once = [...world.done]
    expect([...world.is.values()].every((state) => state === 'done')).toBe(true)
    expect([...world.is.keys()]).toEqual(plan.steps.map(({ id }) => id))
    await execute(plan, { ...base, run: world.run })
    expect(world.done).toEqual(once)
  })

  test.each(plans)('%s: killed at any moment, the next run ends with all of it', async (_, plan) => {
    const whole = worldOf(plan)
    await execute(plan, { ...base, run: whole.run })
    for (let moment = 0; moment < whole.done.length * 2; moment++) {
      const world = worldOf(plan)
      const finished = new Set<string>()
      const onFinished = ({ id }: Step): void => void finished.add(id)
      world.killAfter(moment)
      await expect(execute(plan, { ...base, run: world.run, finished, onFinished })).rejects.toThrow()
      world.killAfter(Number.POSITIVE_INFINITY)
      await execute(plan, { ...base, run: world.run, finished, onFinished })
      expect([...world.is].filter(([, state]) => state !== 'done')).toEqual([])
      expect(finished).toEqual(new Set(plan.steps.map(({ id }) => id)))
      // A cluster that was finished once is never taken away.
      if (moment > 1) expect(world.done.filter((each) => each === 'clean create')).toEqual([])
    }
  })
})

describe('one step', () => {
  const look = { command: command('Look', 'look') }
  const step = (more: Partial<Step> = {}): Step => ({
    id: 'one',
    says: 'Do one thing',
    actions: [runs('Do', 'do', 'it')],
    done: [look],
    typically: 1,
    ...more,
  })
  const plan = (...steps: Step[]): Plan => ({ says: 'a plan', env: {}, steps })
  const missing = { fails: ['it is not there'] }

  test('a finished cluster that does not answer is not made anew: it is said what to do', async () => {
    const half = {
      test: { command: command('Look', 'half') },
      clean: command('Clean', 'clean'),
      lost: 'start its nodes',
    }
    const { run, ran } = recorder({ look: missing, half: '' })
    const failing = execute(plan(step({ half })), { ...base, run, finished: new Set(['one']) })
    await expect(failing).rejects.toThrow(new StepFailed('start its nodes'))
    expect(ran).toEqual(['look', 'half', 'look'])
  })

  test('who does not listen to steps hears nothing of one that is over', async () => {
    vi.useFakeTimers()
    try {
      const { run } = recorder({ look: 'it is there' })
      const said: string[] = []
      await execute(plan(step(), step({ id: 'two' })), { ...base, run, onProgress: (says) => void said.push(says) })
      expect([vi.getTimerCount(), said]).toEqual([0, ['Do one thing (1/2)', 'Do one thing (2/2)']])
    } finally {
      vi.useRealTimers()
    }
  })

  test('an answer that did not come once costs nothing: before something is taken away it is asked again', async () => {
    const answers = [missing, 'it is there']
    const half = { test: { command: command('Look', 'half') }, clean: command('Clean', 'clean') }
    const { run, ran } = recorder({ look: () => answers.shift()!, half: '' })
    await execute(plan(step({ half })), { ...base, run })
    expect(ran).toEqual(['look', 'half', 'look'])
  })

  test('a failure names the step, the command, its last lines, what to do and the log; no later step is run', async () => {
    const { run, ran } = recorder({ look: missing, 'do it': { fails: ['write /x: no space left on device'] } })
    const failing = execute(plan(step(), step({ id: 'two', done: [] })), { ...base, run })
    const message = await failing.then(() => '').catch((error: Error) => error.message)
    for (const part of ['Do one thing: it failed', 'do it', '| write /x: no space left on device', base.log])
      expect(message).toContain(part)
    expect(message).toMatch(/to do: the disk is full.*\nthe same command goes on/)
    expect(ran).toEqual(['look', 'do it'])
  })

  test('all output goes to the log, which only its owner reads', async () => {
    const log = join(folder, 'own', 'log.txt')
    const run: Runner = async ({ run: [program] }, options) => {
      if (program === 'look') throw new CommandFailed({ run: ['look'], says: '' }, { exitCode: 1, lastLines: [] })
      options?.onLine?.('\u001b[1mhalf-way\u001b[0m')
      return { exitCode: 0, stdout: '', stderr: '' }
    }
    const said: string[] = []
    let now = 0
    const clock = { now: () => (now += 5000), onProgress: (says: string) => void said.push(says) }
    await execute(plan(step()), { ...base, ...clock, log, run, times: { one: 90 } })
    expect(readFileSync(log, 'utf8')).toBe('$ do it\n\u001b[1mhalf-way\u001b[0m\n')
    expect(statSync(log).mode & 0o777).toBe(0o600)
    expect(said[0]).toBe('Do one thing (1/1, 5 s of about 90)')
  })

  test('given up before a step: nothing of it is run', async () => {
    const stop = new AbortController()
    const giveUp = (): string => {
      stop.abort(new Error('given up'))
      return ''
    }
    const { run, ran } = recorder({ look: missing, 'do it': giveUp })
    const failing = execute(plan(step(), step({ id: 'two' })), { ...base, run, signal: stop.signal })
    await expect(failing).rejects.toThrow('given up')
    expect(ran).toEqual(['look', 'do it'])
  })
})
