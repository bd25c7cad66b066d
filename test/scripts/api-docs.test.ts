import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiServerDoc } from '../../scripts/lib/api-server-doc.ts'

test('docs/api-server.md says what the code says (node scripts/api-docs.ts writes it)', () => {
  expect(readFileSync(new URL('../../docs/api-server.md', import.meta.url), 'utf8')).toBe(apiServerDoc())
})
