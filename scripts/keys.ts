/** Writes docs/keys.md. Run after a key changes; a test compares. */
import { writeFileSync } from 'node:fs'
import { keysDocument } from './lib/keys-doc.ts'

writeFileSync(new URL('../docs/keys.md', import.meta.url), keysDocument())
