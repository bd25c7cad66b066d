/** Writes docs/api-server.md. A test says when it is no longer current. */
import { writeFileSync } from 'node:fs'
import { apiServerDoc } from './lib/api-server-doc.ts'

writeFileSync(new URL('../docs/api-server.md', import.meta.url), apiServerDoc())
