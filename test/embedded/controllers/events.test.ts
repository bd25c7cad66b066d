import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventRecorder } from '../../../src/embedded/controllers/events.ts'
import type { EventObject } from '../../../src/embedded/kinds/types.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type ControlPlane, controlPlane, kind, namespaces } from './control-plane.ts'

const events = kind('events')
let plane: ControlPlane
beforeEach(() => {
  plane = controlPlane()
})
afterEach(() => plane.stop())

const about = (): KubeObject =>
  plane.registry.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } })
const recorder = (host?: string) => eventRecorder({ ...plane, component: 'tester', host })
const stored = (namespace = 'shop') => plane.registry.list(events, { namespace }) as EventObject[]
const backOff = { type: 'Warning', reason: 'BackOff', message: 'again' } as const

test('an event names the object, the source and the time', () => {
  const object = about()
  recorder('node-1').record(object, { ...backOff, fieldPath: 'spec.containers{c}' })
  expect(stored()).toMatchObject([
    {
      metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) },
      involvedObject: {
        kind: 'ConfigMap',
        name: 'a',
        namespace: 'shop',
        uid: object.metadata.uid,
        fieldPath: 'spec.containers{c}',
      },
      ...backOff,
      source: { component: 'tester', host: 'node-1' },
      reportingComponent: 'tester',
      count: 1,
      firstTimestamp: '2026-11-24T00:00:00Z',
      lastTimestamp: '2026-11-24T00:00:00Z',
    },
  ])
})

test('the same event again is counted; another one is not', () => {
  const object = about()
  const { record } = recorder()
  record(object, backOff)
  plane.clock.advance(5000)
  record(object, backOff)
  record(object, { ...backOff, message: 'other' })
  expect(
    stored().map(({ message, count, firstTimestamp, lastTimestamp }) => [
      message,
      count,
      firstTimestamp,
      lastTimestamp,
    ]),
  ).toEqual([
    ['again', 2, '2026-11-24T00:00:00Z', '2026-11-24T00:00:05Z'],
    ['other', 1, '2026-11-24T00:00:05Z', '2026-11-24T00:00:05Z'],
  ])
})

test('after it was deleted it begins anew', () => {
  const object = about()
  const { record } = recorder()
  record(object, backOff)
  plane.registry.delete(events, stored()[0]!.metadata.name, 'shop')
  record(object, backOff)
  expect(stored()).toMatchObject([{ count: 1 }])
})

test('what has no namespace is told in default', () => {
  recorder().record(plane.get(namespaces, 'shop'), backOff)
  expect(stored('default')).toMatchObject([{ involvedObject: { kind: 'Namespace', name: 'shop' } }])
})

test('a namespace that takes nothing more is no error', () => {
  const object = about()
  plane.registry.delete(namespaces, 'shop')
  expect(() => recorder().record(object, backOff)).not.toThrow()
  expect(stored()).toEqual([])
})

test('events are forgotten an hour after the last time', async () => {
  const object = about()
  const { record } = recorder()
  record(object, backOff)
  record(object, { ...backOff, message: 'once' })
  await plane.settle()
  plane.clock.advance(30 * 60 * 1000)
  record(object, backOff)
  plane.clock.advance(31 * 60 * 1000)
  await plane.settle()
  expect(stored().map(({ message }) => message)).toEqual(['again'])
  plane.clock.advance(30 * 60 * 1000)
  await plane.settle()
  expect(stored()).toEqual([])
})
