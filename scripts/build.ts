/**
 * Bundles `src/` into `dist/` with esbuild: one entry, a chunk for every lazy import, so that start-up reads few files.
 * `--if-stale` does nothing when no source is newer than the last build.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}dist`

/** The newest modification time below a folder, in milliseconds. */
const newest = (path: string): number => {
  const info = statSync(path)
  if (!info.isDirectory()) return info.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(`${path}/${name}`)), info.mtimeMs)
}

const isStale = (): boolean => {
  const built = statSync(`${outdir}/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return ['src', 'labs', 'scenarios', 'scripts/build.ts', 'scripts/lib', 'package.json'].some(
    (part) => newest(`${root}${part}`) > built,
  )
}

if (!process.argv.includes('--if-stale') || isStale()) {
  const { build } = await import('esbuild')
  const { bundling } = await import('./lib/bundling.ts')
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir)
  await build({
    entryPoints: { main: 'src/main.ts', 'verify-worker': 'src/cli/verify-worker.ts' },
    outdir,
    ...bundling,
    splitting: true,
    chunkNames: '[name]-[hash]',
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    // just-bash finds its workers beside itself, so it stays a package of its own; so does what few clusters need.
    external: ['just-bash', '@kubernetes/client-node'],
  })
  // The content, parsed once: reading YAML is the slowest thing before the first paint (src/content/index-file.ts).
  const { buildIndex } = await import('../src/content/index-file.ts')
  writeFileSync(`${outdir}/content.json`, JSON.stringify(await buildIndex()))
  const { writeSnapshots } = await import('./lib/snapshots.ts')
  await writeSnapshots()
}
