/** The schemas of `scenario.yaml` and `lab.yaml` as JSON Schema, for editors. Written to `data/` by `scripts/schema.ts`. */
import { z } from 'zod'
import { textFields } from './include.ts'
import { labSchema, scenarioSchema } from './schema.ts'

type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

const fileReference: Node = {
  type: 'object',
  properties: { file: { type: 'string', pattern: '^\\w[\\w.-]*$', description: 'a file beside this one' } },
  required: ['file'],
  additionalProperties: false,
}

/** Long texts may stand in a file beside: what `include.ts` does before the schema is looked at. */
const allowFiles = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(allowFiles)
  if (!isNode(value)) return value
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    if (key !== 'properties' || !isNode(item)) return [key, allowFiles(item)]
    const properties = Object.entries(item).map(([name, schema]): [string, unknown] => {
      const inner = allowFiles(schema) as Node
      if (!textFields.has(name)) return [name, inner]
      const variants = Array.isArray(inner.anyOf) ? inner.anyOf : [inner]
      const { description } = inner
      return [name, { ...(description ? { description } : {}), anyOf: [...variants, fileReference] }]
    })
    return [key, Object.fromEntries(properties)]
  })
  return Object.fromEntries(entries)
}

/** By file name. */
export const jsonSchemas = (): Record<string, unknown> => {
  const make = (schema: z.ZodType, title: string): unknown => ({
    ...(allowFiles(z.toJSONSchema(schema, { io: 'input' })) as Node),
    title,
  })
  return {
    'scenario.schema.json': make(scenarioSchema, 'A meshdojo scenario'),
    'lab.schema.json': make(labSchema, 'A meshdojo lab'),
  }
}
