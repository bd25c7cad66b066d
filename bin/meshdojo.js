#!/usr/bin/env node
// The first thing that runs, kept to syntax that old Node versions can parse: `engines` only advises,
// so the program checks its version itself and says what to do.
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const required = [22, 12]
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < required[0] || (major === required[0] && minor < required[1])) {
  process.stderr.write(
    `meshdojo needs Node ${required.join('.')} or newer, and this is Node ${process.versions.node}.\n` +
      'In a checkout, "npm start" uses the Node that "npm ci" brought. Elsewhere, install a current LTS from nodejs.org.\n',
  )
  process.exit(2)
}
const program = new URL('../dist/main.js', import.meta.url)
if (!existsSync(program)) {
  process.stderr.write('meshdojo is not built yet: run "npm ci" (or "npm run build") first.\n')
  process.exit(2)
}
if (!process.env.NODE_ENV) process.env.NODE_ENV = 'production' // react's development build costs start-up time
if (module.enableCompileCache) module.enableCompileCache()
// The built files name each other as './name.js'. Node would look behind each such name for links and packages; that there
// are none spares a tenth of the time to the first screen.
const built = new URL('./', program).href
if (module.registerHooks)
  module.registerHooks({
    resolve: (name, context, next) =>
      context.parentURL?.startsWith(built) && /^\.\/[^/]+\.js$/.test(name)
        ? { url: built + name.slice(2), format: 'module', shortCircuit: true }
        : next(name, context),
    load: (url, context, next) =>
      url.startsWith(built)
        ? { format: 'module', source: readFileSync(fileURLToPath(url), 'utf8'), shortCircuit: true }
        : next(url, context),
  })
await import(program.href)
