/** Draws the machines: `docs/session.mmd` and `docs/exam.mmd`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { examMachine } from '../src/exam/machine.ts'
import { sessionMachine } from '../src/session/machine.ts'
import { drawMachine } from '../src/session/picture.ts'

const draw = (name: string, machine: Parameters<typeof drawMachine>[0]): void =>
  writeFileSync(fileURLToPath(new URL(`../docs/${name}.mmd`, import.meta.url)), drawMachine(machine))

draw('session', sessionMachine)
draw('exam', examMachine)
