/** What is wrong in a lab's own file and its manifests. */
import { expect, test } from 'vitest'
import { lab, lint, type Row, world } from './fixture.ts'

test.each<Row>([
  ['a name unlike its folder', 'name: tiny', 'name: other', 'lab.yaml:3:18 a lab is named like its folder, "tiny"'],
  [
    'a missing manifest',
    '[world.yaml]',
    '[world.yaml, more.yaml]',
    'lab.yaml:6:27 there is no file more.yaml beside lab.yaml',
  ],
  [
    'a manifest outside',
    '[world.yaml]',
    '[../world.yaml]',
    'lab.yaml:6:15 spec.manifests[0]: the name of a file beside lab.yaml',
  ],
  ['an unknown source', '[a/client]', '[a/nobody]', 'lab.yaml:8:15 the lab tiny has no workload a/nobody'],
  ['an unknown target', 'http://web.a/', 'http://nothing.a/', 'lab.yaml:9:32 the lab tiny has no Service a/nothing'],
])('%s', async (_, from, to, message) => {
  const found = await lint({ 'labs/tiny/lab.yaml': lab.replace(from, to) })
  expect(found).toContain(message)
})

test('a manifest that does not parse is reported in its own file', async () => {
  expect(await lint({ 'labs/tiny/world.yaml': `${world}---\nkind: Pod\n` })).toContain(
    'world.yaml:14:1 apiVersion is not set',
  )
})
