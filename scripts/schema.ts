/** Writes `data/scenario.schema.json` and `data/lab.schema.json` from the program's own schema. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jsonSchemas } from '../src/content/json-schema.ts'

for (const [name, schema] of Object.entries(jsonSchemas()))
  writeFileSync(fileURLToPath(new URL(`../data/${name}`, import.meta.url)), `${JSON.stringify(schema)}\n`)
