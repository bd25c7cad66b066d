/** Makes the transcript of docs/wire-tap.md from a real run. Run after `tap` or its words change. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveLab, withConsole } from './lib/served-lab.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'bin/meshdojo.js')
const home = mkdtempSync(join(tmpdir(), 'mesh-'))
const env = { ...process.env, HOME: home, MESHDOJO_HOME: join(home, 'dojo'), NO_PROXY: '127.0.0.1' }

try {
  const lab = await serveLab('istio-strict-mtls', { program, home, env })
  const lines = lab.type("meshdojo tap legacy/client http://orders.production/api/orders -H 'Cookie: session=4f1c0a'")
  await lab.close()
  const page = join(root, 'docs/wire-tap.md')
  writeFileSync(page, withConsole(readFileSync(page, 'utf8'), 'transcript', lines))
} finally {
  rmSync(home, { recursive: true, force: true })
}
