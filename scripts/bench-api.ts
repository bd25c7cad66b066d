/**
 * `npm run bench -- api [sizes…]`: the embedded API server by itself, with 1,000, 10,000 and 100,000 pods stored. Each
 * size runs in a process of its own, so that memory is its own as well; times are first quartiles. What should not
 * depend on the size is shown as a ratio to the smallest one.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Measured {
  size: number
  /** Milliseconds. */
  create: number
  patch: number
  get: number
  list: number
  page: number
  selected: number
  event: number
  fanOut: number
  /** MB. */
  rss: number
}

const watchers = 1000
const pods = '/api/v1/namespaces/bench/pods'

const pod = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${String(index).padStart(7, '0')}`, labels: { app: `app-${index % 100}`, tier: 'bench' } },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'registry.example/app:1.0',
        env: [{ name: 'INDEX', value: String(index) }],
        ports: [{ containerPort: 8080 }],
        resources: { limits: { cpu: '100m', memory: '64Mi' } },
      },
    ],
  },
})

/** The first quartile: what it takes when the machine is not busy with something else. */
const quartile = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)]!

async function measure(size: number): Promise<Measured> {
  const { createEmbeddedCluster } = await import('../src/embedded/cluster.ts')
  const embedded = await createEmbeddedCluster()
  await new Promise((resolve) => setTimeout(resolve, 200))
  // Nothing but the API server: pods are stored, not run.
  embedded.stop()
  const call = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }
    const response = await embedded.cluster.fetch(new Request(`https://cluster${path}`, { method, ...init }))
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.text()
  }
  /** Milliseconds of each of `count` calls one after the other. */
  const timed = async (count: number, run: (index: number) => Promise<unknown>): Promise<number> => {
    // Once for the compiler, which counts for nothing.
    await run(count)
    globalThis.gc?.()
    const times: number[] = []
    for (let index = 0; index < count; index++) {
      const start = performance.now()
      await run(index)
      times.push(performance.now() - start)
    }
    return quartile(times)
  }

  await call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } })
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await call('POST', '/api/v1/namespaces/bench/serviceaccounts', account).catch(() => {})
  for (let index = 0; index < size - 500; index++) await call('POST', pods, pod(index))
  const create = await timed(500, (index) => call('POST', pods, pod(size - 500 + index)))

  const middle = `${pods}/${pod(Math.floor(size / 2)).metadata.name}`
  const annotate = (value: string) =>
    call('PATCH', middle, { metadata: { annotations: { value } } }, 'application/merge-patch+json')
  const patch = await timed(200, (index) => annotate(String(index)))
  const get = await timed(200, () => call('GET', middle))
  const page = await timed(50, () => call('GET', `${pods}?limit=100`))
  const selected = await timed(5, () => call('GET', `${pods}?labelSelector=app%3Dapp-7`))

  const list = await timed(5, () => call('GET', pods))

  const readers = await Promise.all(
    Array.from({ length: watchers }, async () => {
      const path = `${pods}?watch=true&resourceVersion=${embedded.registry.revision}`
      const { body } = await embedded.cluster.fetch(new Request(`https://cluster${path}`))
      return body!.getReader()
    }),
  )
  const fanOut = await timed(20, async (index) => {
    await annotate(`watched ${index}`)
    await Promise.all(readers.map((reader) => reader.read()))
  })
  await Promise.all(readers.map((reader) => reader.cancel()))
  globalThis.gc?.()
  const rss = process.memoryUsage().rss / 1024 / 1024
  return { size, create, patch, get, list, page, selected, fanOut, event: (fanOut - patch) / watchers, rss }
}

const sizeAsked = process.argv.indexOf('--size')
if (sizeAsked > 0) {
  process.stdout.write(JSON.stringify(await measure(Number(process.argv[sizeAsked + 1]))))
  process.exit(0)
}

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((size) => size >= 1000)
const sizes = asked.length > 0 ? asked : [1000, 10_000, 100_000]
const results = sizes.map((size): Measured => {
  process.stderr.write(`${size.toLocaleString('en')} pods …\n`)
  const script = fileURLToPath(import.meta.url)
  const flags = ['--expose-gc', '--max-old-space-size=8192']
  return JSON.parse(execFileSync(process.execPath, [...flags, script, '--size', String(size)], { encoding: 'utf8' }))
})
const [base] = results as [Measured]
const round = (value: number, digits = 2): number => Number(value.toFixed(digits))
const against = (value: number, first: number): string => `${round(value)} (${(value / first).toFixed(1)}×)`
console.table(
  results.map((result) => ({
    pods: result.size,
    'created/s': Math.round(1000 / result.create),
    'create ms': against(result.create, base.create),
    'patch ms': against(result.patch, base.patch),
    'get ms': against(result.get, base.get),
    'first page of 100, ms': against(result.page, base.page),
    'LIST ms': round(result.list, 0),
    'LIST µs a pod': round((result.list * 1000) / result.size),
    [`one change to ${watchers} watchers, ms`]: against(result.fanOut, base.fanOut),
    'RSS MB': Math.round(result.rss),
  })),
)
