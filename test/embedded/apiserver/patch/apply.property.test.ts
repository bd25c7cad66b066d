/** What server-side apply promises, over arbitrary configurations of a pod. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyConfiguration } from '../../../../src/embedded/apiserver/patch/apply.ts'
import { builtinKinds } from '../../../../src/embedded/kinds/index.ts'
import type { KubeObject } from '../../../../src/kube/api.ts'

const pods = builtinKinds().find(({ group, kind }) => group === '' && kind === 'Pod')!

const named = <T>(names: readonly string[], rest: Record<string, fc.Arbitrary<T>>) =>
  fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), ...rest }), {
    selector: (item) => (item as { name: string }).name,
    maxLength: 3,
  })
const values = fc.constantFrom('1', '2')
const configuration: fc.Arbitrary<KubeObject> = fc
  .record({
    labels: fc.dictionary(fc.constantFrom('x', 'y', 'z'), values),
    containers: named(['a', 'b', 'c'], {
      image: values as fc.Arbitrary<unknown>,
      env: named(['X', 'Y'], { value: values }),
    }),
  })
  .map(({ labels, containers }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n', labels },
    spec: { containers },
  }))

const apply = (live: KubeObject | undefined, config: KubeObject, manager: string, force = true): KubeObject => {
  const { object, managedFields } = applyConfiguration(pods, live, config, {
    manager,
    force,
    time: '2026-01-01T00:00:00Z',
  })
  return { ...object, metadata: { ...object.metadata, managedFields } }
}
/** By name, so that order and emptied containers do not count. */
const said = ({ metadata, spec }: KubeObject) => {
  const { containers = [] } = (spec ?? {}) as {
    containers?: { name: string; image?: string; env?: { name: string; value: string }[] }[]
  }
  return {
    labels: metadata.labels ?? {},
    containers: Object.fromEntries(
      containers.map(({ name, image, env = [] }) => [
        name,
        { image, env: Object.fromEntries(env.map((each) => [each.name, each.value])) },
      ]),
    ),
  }
}

test('what is applied is there, and applying it again changes nothing', () => {
  fc.assert(
    fc.property(configuration, configuration, (before, config) => {
      const live = apply(apply(undefined, before, 'other'), config, 'm')
      expect(said(live)).toMatchObject(said(config))
      expect(apply(live, config, 'm')).toEqual(live)
    }),
  )
})

test('one manager alone: the object is its last configuration', () => {
  fc.assert(
    fc.property(fc.array(configuration, { minLength: 1, maxLength: 4 }), (configs) => {
      const live = configs.reduce<KubeObject | undefined>((object, config) => apply(object, config, 'm'), undefined)!
      expect(said(live)).toEqual(said(configs.at(-1)!))
    }),
  )
})

test('a manager that lets go of everything leaves exactly what the other applied', () => {
  fc.assert(
    fc.property(configuration, configuration, (first, second) => {
      const both = apply(apply(undefined, first, 'm1'), second, 'm2')
      const nothing = { ...second, metadata: { name: 'p', namespace: 'n' }, spec: {} }
      const left = apply(both, nothing, 'm2')
      const { labels, containers } = said(left)
      // Values that m2 took over by force are gone with it; nothing that m1 never said is left.
      expect(Object.keys(said(first).labels)).toEqual(expect.arrayContaining(Object.keys(labels)))
      expect(Object.keys(said(first).containers)).toEqual(expect.arrayContaining(Object.keys(containers)))
    }),
  )
})

test('conflicts are exactly the fields of another whose values would change', () => {
  fc.assert(
    fc.property(configuration, configuration, (first, second) => {
      const live = apply(undefined, first, 'm1')
      const a = said(first)
      const b = said(second)
      const differs = (left: Record<string, string>, right: Record<string, string>): boolean =>
        Object.keys(left).some((key) => key in right && left[key] !== right[key])
      const expected =
        differs(a.labels, b.labels) ||
        Object.entries(a.containers).some(([name, { image, env }]) => {
          const other = b.containers[name]
          return other !== undefined && (other.image !== image || differs(env, other.env))
        })
      const attempt = (): KubeObject => apply(live, second, 'm2', false)
      if (expected) expect(attempt).toThrow(/^Apply failed with \d+ conflict/)
      else expect(said(attempt())).toMatchObject(b)
    }),
  )
})
