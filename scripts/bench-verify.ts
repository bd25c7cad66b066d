/**
 * `npm run bench -- verify [mutants]`: wall and processor time of proving all content, and what one proof costs by the
 * number of steps of its scenario: a flat column is growth in line with the number of proofs.
 */
import { availableParallelism } from 'node:os'
import { proveAll } from '../src/cli/prove.ts'
import { loadCatalogue } from '../src/content/load.ts'

const mutants = process.argv.includes('mutants')
const { items } = await loadCatalogue()
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

const used = process.cpuUsage()
const start = performance.now()
const proofs = await proveAll(items, { mutants, jobs: availableParallelism() }, () => undefined)
const { user, system } = process.cpuUsage(used)
const wall = performance.now() - start
const processor = (user + system) / 1000
const tried = proofs.reduce((sum, { count = 1 }) => sum + count, 0)
console.log(
  `${tried} attempts proven on ${availableParallelism()} cores: ${seconds(wall)}, processor ${seconds(processor)}`,
)
console.log(`${(processor / tried).toFixed(1)} ms of processor time for each`)

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
console.log('steps  scenarios  ms for each attempt (median, threads share the cores)')
const sizes = [...new Set(items.map(({ scenario }) => scenario.spec.steps.length))].sort((a, b) => a - b)
for (const size of sizes) {
  const own = items.filter(({ scenario }) => scenario.spec.steps.length === size)
  const each = own.map(({ scenario }) => {
    const all = proofs.filter((proof) => proof.scenario === scenario.metadata.name)
    const attempts = all.reduce((sum, { count = 1 }) => sum + count, 0)
    return all.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / attempts
  })
  console.log(`${String(size).padStart(5)}  ${String(own.length).padStart(9)}  ${median(each).toFixed(0)}`)
}
