/** What `istioctl analyze` says of typical mistakes. Every row's lines are those of the real binary on the same objects. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { KubeObject } from '../../src/kube/api.ts'
import { judge } from '../../src/tools/istioctl/analyze.ts'

interface Row {
  name: string
  source: string
  objects: KubeObject[]
  says: string[]
}

const { base, rows }: { base: KubeObject[]; rows: Row[] } = parse(
  readFileSync(fileURLToPath(new URL('../cases/istio/analyze/messages.yaml', import.meta.url)), 'utf8'),
)

test('nothing is wrong to begin with', () => {
  expect(judge(base)).toEqual({ lines: [], hasErrors: false })
})

test.each(rows)('$name', ({ source, objects, says }) => {
  expect(source, 'every case names its proof').toBeTruthy()
  expect(judge([...base, ...objects])).toEqual({
    lines: says,
    hasErrors: says.some((line) => line.startsWith('Error ')),
  })
})
