/** What a cluster that is there already may be asked for. */
import { describe, expect, test } from 'vitest'
import { writeRecord } from '../../../src/providers/kind/files.ts'
import { clusterName, NotOurs, specify } from '../../../src/providers/kind/specify.ts'
import { makeMachine } from './machine.ts'

describe('a cluster that is there', () => {
  const settings = { 'meshConfig.accessLogFile': '/dev/stdout', 'pilot.traceSampling': '100' }
  const there = async () => {
    const machine = makeMachine()
    const begun = new Date(0).toISOString()
    const record = { name: 'meshdojo-own', mesh: 'istio', version: '1.30.3', runtime: 'docker', by: 'tool' } as const
    await writeRecord(machine.stateFolder, { ...record, settings, begun, finished: [], complete: true })
    return machine
  }

  test.each([
    ['nothing', {}],
    ['the same values in another order', { settings: Object.fromEntries(Object.entries(settings).reverse()) }],
    ['its version', { version: '1.30.3' }],
  ])('is gone on with when %s is asked for: by its own installer, with its own values', async (_, asked) => {
    const machine = await there()
    machine.change('istioctl', undefined)
    const spec = await specify(machine, { mesh: 'istio', name: 'own', ...asked })
    expect(spec).toMatchObject({ name: 'meshdojo-own', version: '1.30.3', runtime: 'docker', by: 'tool' })
    expect(spec.settings).toEqual(settings)
  })

  test.each([
    [
      'other values',
      { settings: { ...settings, 'pilot.traceSampling': '1' } },
      /there with other values for istio than the lab has: remove it with/,
    ],
    ['no values', { settings: {} }, /there with other values for istio/],
    ['another version', { version: '1.29.0' }, /there with istio 1\.30\.3, not with 1\.29\.0/],
  ])('is not taken for one with %s', async (_, asked, expected) => {
    const asking = specify(await there(), { mesh: 'istio', name: 'own', ...asked })
    await expect(asking).rejects.toThrow(NotOurs)
    await expect(asking).rejects.toThrow(expected)
  })
})

test('a name with -control-plane behind it is a host name still', () => {
  const longest = 'a'.repeat(40)
  expect(`${clusterName('istio', longest)}-control-plane`).toHaveLength(63)
  for (const name of [`${longest}a`, 'Mine', 'a_b', '-', 'a/../b', 'meshdojo-', ''])
    expect(() => clusterName('istio', name)).toThrow(/is no name for a cluster/)
})
