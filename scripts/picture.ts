/** Draws `docs/session.mmd` from the session's machine. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sessionMachine } from '../src/session/machine.ts'
import { drawMachine } from '../src/session/picture.ts'

writeFileSync(fileURLToPath(new URL('../docs/session.mmd', import.meta.url)), drawMachine(sessionMachine))
