/** What READY, STATUS and RESTARTS say of a pod, row by row. */
import { describe, expect, test } from 'vitest'
import { podSummary } from '../../../src/embedded/kinds/pod-status.ts'
import type { PodObject } from '../../../src/embedded/kinds/types.ts'
import type { ContainerStatus } from '../../../src/kube/kinds.ts'

const now = Date.parse('2026-11-24T10:00:00Z')
const started = { startedAt: '2026-11-24T09:00:00Z' }

const container = (name: string, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}) => ({
  name,
  image: 'nginx',
  restartCount: 0,
  ready: state?.running !== undefined,
  state,
  ...more,
})
const running = (name: string) => container(name, { running: started }, { started: true })
const waiting = (name: string, reason: string) => container(name, { waiting: { reason } })
const ended = (name: string, exitCode: number, reason?: string) => container(name, { terminated: { exitCode, reason } })

interface Shape {
  phase?: string
  init?: ContainerStatus[]
  sidecars?: string[]
  main?: ContainerStatus[]
  count?: number
  deleted?: boolean
  status?: Partial<NonNullable<PodObject['status']>>
}

const pod = ({ phase = 'Running', init = [], sidecars = [], main = [], deleted, count, status }: Shape): PodObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(deleted ? { deletionTimestamp: '2026-11-24T10:00:30Z' } : {}) },
  spec: {
    initContainers: init.map(({ name }) => ({ name, ...(sidecars.includes(name) ? { restartPolicy: 'Always' } : {}) })),
    containers: Array.from({ length: count ?? Math.max(1, main.length) }, (_, index) => ({ name: `c${index}` })),
  },
  status: { phase, initContainerStatuses: init, containerStatuses: main, ...status },
})

const ready = { conditions: [{ type: 'Ready', status: 'True' }] }

describe('podSummary', () => {
  test.each<[string, Shape, [string, string, string]]>([
    ['not scheduled', { phase: 'Pending' }, ['0/1', 'Pending', '0']],
    ['being made', { phase: 'Pending', main: [waiting('c0', 'ContainerCreating')] }, ['0/1', 'ContainerCreating', '0']],
    ['running', { main: [running('c0')] }, ['1/1', 'Running', '0']],
    ['one of two ready', { main: [running('c0'), { ...running('c1'), ready: false }] }, ['1/2', 'Running', '0']],
    [
      'no such image',
      { phase: 'Pending', main: [waiting('c0', 'ImagePullBackOff')] },
      ['0/1', 'ImagePullBackOff', '0'],
    ],
    [
      'the first waiting container speaks',
      { main: [waiting('c0', 'CrashLoopBackOff'), waiting('c1', 'ImagePullBackOff')] },
      ['0/2', 'CrashLoopBackOff', '0'],
    ],
    ['done', { phase: 'Succeeded', main: [ended('c0', 0, 'Completed')] }, ['0/1', 'Completed', '0']],
    ['failed', { phase: 'Failed', main: [ended('c0', 1, 'Error')] }, ['0/1', 'Error', '0']],
    ['failed without a reason', { phase: 'Failed', main: [ended('c0', 3)] }, ['0/1', 'ExitCode:3', '0']],
    [
      'one done, one still running and ready',
      { main: [ended('c0', 0, 'Completed'), running('c1')], status: ready },
      ['1/2', 'Running', '0'],
    ],
    [
      'one done, one still running, pod not ready',
      { main: [ended('c0', 0, 'Completed'), running('c1')] },
      ['1/2', 'NotReady', '0'],
    ],
    ['going away', { main: [running('c0')], deleted: true }, ['1/1', 'Terminating', '0']],
    [
      'finished ones keep their word',
      { phase: 'Succeeded', main: [ended('c0', 0, 'Completed')], deleted: true },
      ['0/1', 'Completed', '0'],
    ],
    ['evicted', { phase: 'Failed', status: { reason: 'Evicted' } }, ['0/1', 'Evicted', '0']],
    ['initialising', { phase: 'Pending', init: [container('i0', { running: started })] }, ['0/1', 'Init:0/1', '0']],
    [
      'second of two',
      { phase: 'Pending', init: [ended('i0', 0), container('i1', { waiting: { reason: 'PodInitializing' } })] },
      ['0/1', 'Init:1/2', '0'],
    ],
    ['init failed', { phase: 'Pending', init: [ended('i0', 1, 'Error')] }, ['0/1', 'Init:Error', '0']],
    ['init failed, code only', { phase: 'Pending', init: [ended('i0', 7)] }, ['0/1', 'Init:ExitCode:7', '0']],
    [
      'init cannot pull',
      { phase: 'Pending', init: [waiting('i0', 'ErrImagePull')] },
      ['0/1', 'Init:ErrImagePull', '0'],
    ],
    [
      'a ready sidecar counts twice over: as ready and in the total',
      { init: [running('proxy')], sidecars: ['proxy'], main: [running('c0')] },
      ['2/2', 'Running', '0'],
    ],
    [
      'a sidecar that has not started holds up the pod',
      {
        phase: 'Pending',
        init: [{ ...running('proxy'), started: false, ready: false }],
        sidecars: ['proxy'],
        main: [waiting('c0', 'PodInitializing')],
      },
      ['0/2', 'Init:0/1', '0'],
    ],
    [
      'gated',
      {
        phase: 'Pending',
        status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      },
      ['0/1', 'SchedulingGated', '0'],
    ],
    [
      'restarted a while ago',
      {
        main: [
          {
            ...running('c0'),
            restartCount: 2,
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-11-24T09:55:00Z' } },
          },
        ],
      },
      ['1/1', 'Running', '2 (5m ago)'],
    ],
  ])('%s', (_name, shape, [readyCell, status, restarts]) => {
    expect(podSummary(pod(shape), now)).toEqual({ ready: readyCell, status, restarts })
  })
})
