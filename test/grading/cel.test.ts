import { expect, test } from 'vitest'
import { compileCondition } from '../../src/grading/cel.ts'

test.each<[expression: string, object: unknown, holds: boolean]>([
  ["object.spec.mtls.mode == 'STRICT'", { spec: { mtls: { mode: 'STRICT' } } }, true],
  ["object.spec.mtls.mode == 'STRICT'", { spec: {} }, false],
  ["object.spec.mtls.mode == 'STRICT'", {}, false],
  ['!has(object.spec.selector)', { spec: {} }, true],
  ['!has(object.spec) || !has(object.spec.selector)', {}, true],
  ['object.spec.replicas == 2', { spec: { replicas: 2 } }, true],
  ["object.metadata.labels['a/b'] == 'c'", { metadata: { labels: { 'a/b': 'c' } } }, true],
  [
    "object.spec.rules.all(r, r.from.exists(f, 'a' in f.source.namespaces))",
    { spec: { rules: [{ from: [{ source: { namespaces: ['a'] } }] }] } },
    true,
  ],
  ['object.metadata.name', { metadata: { name: 'x' } }, false],
])('%s over %j', async (expression, object, holds) => {
  expect((await compileCondition(expression, 'object')).holds(object)).toBe(holds)
})

test.each(['object.x ==', 'other.x', 'object.x &&'])('%s does not compile', async (expression) => {
  await expect(compileCondition(expression, 'object')).rejects.toThrow()
})
