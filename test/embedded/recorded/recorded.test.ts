/** The embedded server answers what a real one answered: every row of `test/cases/kubernetes/`. */
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { askAll, type Topic } from './case.ts'
import type { Essence } from './essence.ts'
import { stillServer } from './replay.ts'

const folder = fileURLToPath(new URL('../../cases/kubernetes/', import.meta.url))

describe.each(globSync(`${folder}*.yaml`))('%s', (file) => {
  const topic = parse(readFileSync(file, 'utf8')) as Topic
  let answers: Essence[]
  beforeAll(async () => {
    answers = await askAll(await stillServer(), topic)
  })
  test.each(topic.rows.map((row, index) => [row.row, index, row] as const))(
    `${basename(file, '.yaml')}: %s`,
    (_name, index, { answer, differs }) => {
      // A gap that has closed loses its remark.
      if (differs) expect(answers[index]).not.toEqual(answer)
      else expect(answers[index]).toEqual(answer)
    },
  )
})
