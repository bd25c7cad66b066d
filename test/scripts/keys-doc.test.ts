import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { keysDocument } from '../../scripts/lib/keys-doc.ts'

test('docs/keys.md is what the key table says (node scripts/keys.ts writes it)', () => {
  expect(readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8')).toBe(keysDocument())
})
