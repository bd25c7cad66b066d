/** Selectors against what they mean, said plainly, over arbitrary requirements and objects. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFieldSelector } from '../../../../src/embedded/apiserver/selectors/field.ts'
import { parseLabelSelector } from '../../../../src/embedded/apiserver/selectors/label.ts'
import { builtinKinds } from '../../../../src/embedded/kinds/index.ts'
import type { KubeObject } from '../../../../src/kube/api.ts'

const key = fc.constantFrom('app', 'tier', 'example.com/x', 'n')
const value: fc.Arbitrary<string> = fc.constantFrom('', 'web', 'db', '1', '22')
const labels = fc.dictionary(key, value)
const space = fc.constantFrom('', ' ')

interface Requirement {
  text: string
  holds: (labels: Record<string, string>) => boolean
}

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({ k: key, v: value, op: fc.constantFrom('=', '==', '!='), s: space }).map(({ k, v, op, s }) => ({
    text: `${k}${s}${op}${s}${v}`,
    holds: (has: Record<string, string>) => (has[k] === v) === (op !== '!='),
  })),
  fc
    .record({
      k: key,
      vs: fc.array(value, { minLength: 1, maxLength: 3 }),
      op: fc.constantFrom('in', 'notin'),
      s: space,
    })
    .filter(({ vs }) => vs.join('') !== '' || vs.length > 1)
    .map(({ k, vs, op, s }) => ({
      text: `${k} ${op} (${vs.join(`,${s}`)})`,
      holds: (has: Record<string, string>) => (k in has && vs.includes(has[k]!)) === (op === 'in'),
    })),
  fc.record({ k: key, not: fc.boolean() }).map(({ k, not }) => ({
    text: `${not ? '!' : ''}${k}`,
    holds: (has: Record<string, string>) => k in has !== not,
  })),
  fc.record({ k: key, than: fc.nat(30), op: fc.constantFrom('<', '>') }).map(({ k, than, op }) => ({
    text: `${k}${op}${than}`,
    holds: (has: Record<string, string>) =>
      /^\d+$/.test(has[k] ?? '') && (op === '<' ? Number(has[k]) < than : Number(has[k]) > than),
  })),
)

test('label selectors: every requirement has to hold', () => {
  fc.assert(
    fc.property(fc.array(requirement, { minLength: 1, maxLength: 3 }), labels, space, (all, has, s) => {
      const matches = parseLabelSelector(all.map(({ text }) => text).join(`,${s}`))!
      expect(matches(has)).toBe(all.every(({ holds }) => holds(has)))
    }),
  )
})

test('whatever stands in a label selector, it is refused with 400 or decides', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '=', '!', ',', '(', ')', ' ', 'in', '<', '-', '.', '/') }),
      (text) => {
        try {
          parseLabelSelector(text)?.({ a: 'a' })
        } catch (error) {
          expect(error).toMatchObject({ code: 400 })
        }
      },
    ),
  )
})

const configMaps = builtinKinds().find(({ resource, group }) => group === '' && resource === 'configmaps')!
const escaped = (text: string): string => text.replace(/[\\,=]/g, '\\$&')

test('field selectors: escapes mean the character, and != is the opposite', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ',', '=', '\\') })
  fc.assert(
    fc.property(text, text, text, (name, namespace, asked) => {
      const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } }
      const select = (selector: string) => parseFieldSelector(configMaps, selector)!.matches(object)
      expect(select(`metadata.name=${escaped(asked)}`)).toBe(name === asked)
      expect(select(`metadata.name!=${escaped(asked)}`)).toBe(name !== asked)
      expect(select(`metadata.name==${escaped(name)},metadata.namespace=${escaped(asked)}`)).toBe(namespace === asked)
    }),
  )
})
