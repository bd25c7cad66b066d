/** How everything of ours is bundled, the product as well as the programs that tests run in its place. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

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

export const bundling = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  jsx: 'automatic',
  define: {
    'process.env.NODE_ENV': '"production"',
    'Intl.Segmenter': 'LazySegmenter',
  },
  inject: [`${root}src/tui/segmenter.ts`],
  // ink reaches for its devtools only when asked to; they are not part of the product.
  alias: { 'react-devtools-core': `${root}scripts/empty.mjs` },
  plugins: [leanInk],
  // Some bundled packages are CommonJS and call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
} satisfies BuildOptions
