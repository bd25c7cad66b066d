/** CronJobs against a clock that a test moves. Upstream: kubernetes/pkg/controller/cronjob/cronjob_controllerv2_test.go. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseSchedule } from '../../../src/embedded/controllers/cron-schedule.ts'
import type { JobObject, PodObject } from '../../../src/embedded/kinds/types.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type ControlPlane, controlPlane, jobs, kind } from './control-plane.ts'

const minute = 60_000

describe('schedules', () => {
  const from = Date.UTC(2026, 10, 24, 10, 30, 15)
  test.each<[string, string | undefined, string]>([
    ['*/5 * * * *', undefined, '2026-11-24T10:35:00Z'],
    ['0 0 * * *', undefined, '2026-11-25T00:00:00Z'],
    ['0 0 * * *', 'Europe/Berlin', '2026-11-24T23:00:00Z'],
    ['@hourly', undefined, '2026-11-24T11:00:00Z'],
    ['@every 1h30m', undefined, '2026-11-24T12:00:15Z'],
    ['0 0 ? * ?', undefined, '2026-11-25T00:00:00Z'],
    // Day of month or day of week, when both are given.
    ['0 0 1 * 5', undefined, '2026-11-27T00:00:00Z'],
  ])('%s in %s', (schedule, zone, next) => {
    expect(new Date(parseSchedule(schedule, zone).next(from) ?? 0).toISOString().replace('.000', '')).toBe(next)
  })
  test.each(['', '* * * *', '61 * * * *', '@every soon', '* * * * * *'])('%j is none', (schedule) =>
    expect(() => parseSchedule(schedule)).toThrow(),
  )
})

describe('jobs', () => {
  let plane: ControlPlane
  beforeEach(() => {
    plane = controlPlane()
  })
  afterEach(() => plane.stop())

  const cron = (spec: Record<string, unknown> = {}): KubeObject => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'shop' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        metadata: { labels: { of: 'tick' } },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } } },
      },
      ...spec,
    },
  })
  const start = async (spec: Record<string, unknown> = {}): Promise<void> => {
    // Half a minute past: the first time is half a minute away.
    plane.clock.advance(minute / 2)
    plane.registry.create(cron(spec))
    await plane.settle()
  }
  const pass = async (milliseconds: number): Promise<void> => {
    plane.clock.advance(milliseconds)
    await plane.settle()
  }
  const names = (): string[] => plane.registry.list(jobs, { namespace: 'shop' }).map(({ metadata }) => metadata.name)
  const status = () => plane.get<KubeObject>(kind('cronjobs', 'batch'), 'tick').status as Record<string, unknown>
  const end = async (exitCode = 0): Promise<void> => {
    for (const pod of plane.pods(({ status: seen }: PodObject) => seen?.phase === 'Running'))
      plane.finish(pod, exitCode)
    await plane.settle()
  }

  test('one at each time, named after the minute, with the template’s labels', async () => {
    await start()
    expect(names()).toEqual([])
    await pass(minute / 2)
    const at = Math.floor(plane.clock.now() / minute)
    expect(names()).toEqual([`tick-${at}`])
    expect(plane.get<JobObject>(jobs, `tick-${at}`).metadata).toMatchObject({
      labels: { of: 'tick' },
      annotations: {
        'batch.kubernetes.io/cronjob-scheduled-timestamp': new Date(at * minute).toISOString().replace('.000', ''),
      },
      ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
    })
    expect(status()).toMatchObject({
      active: [{ name: `tick-${at}` }],
      lastScheduleTime: new Date(at * minute).toISOString().replace('.000', ''),
    })
    await pass(minute)
    expect(names()).toHaveLength(2)
    expect(plane.events('SuccessfulCreate')).toContain(`SuccessfulCreate: Created job tick-${at}`)
  })

  test('finished ones are seen, and kept up to the limits', async () => {
    await start({ successfulJobsHistoryLimit: 1 })
    for (let round = 0; round < 4; round++) {
      await pass(round === 0 ? minute / 2 : minute)
      await end()
    }
    await pass(1000)
    expect(names()).toHaveLength(1)
    expect(plane.events('SawCompletedJob')[0]).toMatch(
      /^SawCompletedJob: Saw completed job: tick-\d+, condition: Complete$/,
    )
    expect(plane.events('SuccessfulDelete')[0]).toMatch(/^SuccessfulDelete: Deleted job tick-\d+$/)
    expect(status()).toMatchObject({ lastSuccessfulTime: expect.any(String) })
    expect(status()).not.toHaveProperty('active')
  })

  test.each<[string, number, string]>([
    ['Allow', 2, 'SuccessfulCreate'],
    ['Forbid', 1, 'JobAlreadyActive'],
    ['Replace', 1, 'SuccessfulDelete'],
  ])('while one runs, %s: %i', async (concurrencyPolicy, count, event) => {
    await start({ concurrencyPolicy })
    await pass(minute / 2)
    const first = names()[0]
    await pass(minute)
    expect(names()).toHaveLength(count)
    expect(names().includes(first ?? '')).toBe(concurrencyPolicy !== 'Replace')
    expect(plane.events(event).length).toBeGreaterThan(0)
  })

  test('suspended, nothing starts; resumed, the latest missed time is served once', async () => {
    await start({ suspend: true })
    await pass(5 * minute)
    expect(names()).toEqual([])
    plane.registry.mutate(kind('cronjobs', 'batch'), 'tick', 'shop', (draft) => {
      ;(draft.spec as { suspend: boolean }).suspend = false
    })
    await plane.settle()
    expect(names()).toEqual([`tick-${Math.floor(plane.clock.now() / minute)}`])
  })

  test('too late is too late', async () => {
    await start({ suspend: true, startingDeadlineSeconds: 10 })
    await pass(5 * minute)
    plane.registry.mutate(kind('cronjobs', 'batch'), 'tick', 'shop', (draft) => {
      ;(draft.spec as { suspend: boolean }).suspend = false
    })
    await plane.settle()
    expect(names()).toEqual([])
  })
})
