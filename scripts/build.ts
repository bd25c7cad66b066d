/**
 * Bundles `src/` into `dist/` with esbuild: one entry, a chunk for every lazy import, so that start-up reads few files.
 * `--if-stale` does nothing when no source is newer than the last build.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}dist`

/** The newest modification time below a folder, in milliseconds. */
const newest = (path: string): number => {
  const info = statSync(path)
  if (!info.isDirectory()) return info.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(`${path}/${name}`)), info.mtimeMs)
}

/** What ink's dependencies do at start-up that our screens do not need; the rest of their behaviour stays. */
const leanInk: Plugin = {
  name: 'lean-ink',
  setup(build) {
    const width = `${root}src/tui/string-width.ts`
    build.onResolve({ filter: /^string-width$/ }, ({ importer }) =>
      importer === width ? undefined : { path: width, namespace: 'default-export' },
    )
    build.onLoad({ filter: /./, namespace: 'default-export' }, ({ path }) => ({
      contents: `export { stringWidth as default } from ${JSON.stringify(path)}`,
      resolveDir: root,
    }))
    // The layout engine would fetch() its own data: URL, which loads all of Node's HTTP client before the first paint.
    build.onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, ({ path }) => ({
      contents: `const fetch = undefined;${readFileSync(path, 'utf8')}`,
    }))
  },
}

const isStale = (): boolean => {
  const built = statSync(`${outdir}/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return ['src', 'labs', 'scenarios', 'scripts/build.ts', 'package.json'].some(
    (part) => newest(`${root}${part}`) > built,
  )
}

if (!process.argv.includes('--if-stale') || isStale()) {
  const { build } = await import('esbuild')
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir)
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/main.ts', 'verify-worker': 'src/cli/verify-worker.ts' },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    jsx: 'automatic',
    define: {
      'process.env.NODE_ENV': '"production"',
      'Intl.Segmenter': 'LazySegmenter',
    },
    inject: [`${root}src/tui/segmenter.ts`],
    // just-bash finds its workers beside itself, so it stays a package of its own; so does what few clusters need.
    external: ['just-bash', '@kubernetes/client-node'],
    // ink reaches for its devtools only when asked to; they are not part of the product.
    alias: { 'react-devtools-core': `${root}scripts/empty.mjs` },
    plugins: [leanInk],
    // Some bundled packages are CommonJS and call require() for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  // The content, parsed once: reading YAML is the slowest thing before the first paint (src/content/index-file.ts).
  const { buildIndex } = await import('../src/content/index-file.ts')
  writeFileSync(`${outdir}/content.json`, JSON.stringify(await buildIndex()))
  const { writeSnapshots } = await import('./lib/snapshots.ts')
  await writeSnapshots()
}
