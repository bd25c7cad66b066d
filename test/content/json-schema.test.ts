import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { jsonSchemas } from '../../src/content/json-schema.ts'
import { packagePath } from '../../src/root.ts'

type Node = {
  properties: Record<string, Node>
  items: Node
  anyOf: Node[]
  required: string[]
  additionalProperties: boolean
}
const schemas = jsonSchemas() as Record<string, Node>

test.each(Object.keys(schemas))('the published data/%s is what the program checks (node scripts/schema.ts)', (name) => {
  expect(JSON.parse(readFileSync(packagePath(`data/${name}`), 'utf8'))).toEqual(schemas[name])
})

test('a step’s fields are known by name, and a task may be a text or a file', () => {
  const step = schemas['scenario.schema.json']!.properties.spec!.properties.steps!.items
  expect(Object.keys(step.properties)).toEqual(
    expect.arrayContaining(['task', 'alternatives', 'equivalents', 'mistakes']),
  )
  expect(step.required).toContain('solution')
  expect(step.required).not.toContain('files')
  expect(step.additionalProperties).toBe(false)
  expect(step.properties.task!.anyOf.at(-1)!.required).toEqual(['file'])
})
