/**
 * Makes what the README shows from a real run: pictures of the TUI, driven by keys in a pseudo-terminal, and the
 * transcript of one scenario, typed into a shell against `cluster serve`; and the transcripts of docs/wire-tap.md. Run after
 * the screens change; with `--wire-tap`, only that page.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { serveLab, withConsole } from './lib/served-lab.ts'
import { screenToSvg } from './lib/svg.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'bin/meshdojo.js')
const home = mkdtempSync(join(tmpdir(), 'mesh-'))
const images = join(root, 'docs/images')
mkdirSync(images, { recursive: true })
const env: NodeJS.ProcessEnv = {
  ...process.env,
  HOME: home,
  MESHDOJO_HOME: join(home, 'dojo'),
  TERM: 'xterm-256color',
  LANG: 'C.UTF-8',
  NO_PROXY: '127.0.0.1',
  EDITOR: join(home, 'editor'),
  VISUAL: '',
  TMUX: '',
  ZELLIJ: '',
}
// The pictures have colours and a dark background, whatever the terminal of whoever takes them.
for (const name of ['NO_COLOR', 'COLORFGBG', 'MESHDOJO_BACKGROUND', 'MESHDOJO_CHARSET']) delete env[name]
// An editor that types for the learner: the first save is a mistake, the second is right.
writeFileSync(
  join(home, 'editor'),
  `#!/bin/sh
mode=PERMISSIVE; [ -e "${home}/seen" ] && mode=STRICT; touch "${home}/seen"
printf 'apiVersion: security.istio.io/v1\\nkind: PeerAuthentication\\nmetadata:\\n  name: default\\n  namespace: production\\nspec:\\n  mtls:\\n    mode: %s\\n' $mode > "$1"
`,
)
chmodSync(join(home, 'editor'), 0o755)

const screens = async (): Promise<void> => {
  const size = { cols: 120, rows: 40 }
  const emulator = new xterm.Terminal({ ...size, allowProposedApi: true, scrollback: 0 })
  const terminal = pty.spawn(process.execPath, [program], { ...size, cwd: home, env })
  terminal.onData((data) => emulator.write(data))
  emulator.onData((data) => terminal.write(data))
  const text = (): string =>
    Array.from({ length: size.rows }, (_, row) => emulator.buffer.active.getLine(row)?.translateToString(true)).join(
      '\n',
    )
  const until = (what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`never saw ${what} in\n${text()}`)), 30_000)
      const parsed = emulator.onWriteParsed(() => look())
      const look = (): void => {
        // Whole frames only: ink writes each one as a synchronized update.
        if (emulator.modes.synchronizedOutputMode || !what.test(text())) return
        clearTimeout(limit)
        parsed.dispose()
        resolve()
      }
      look()
    })
  const shoot = (name: string): void =>
    writeFileSync(
      join(images, `${name}.svg`),
      screenToSvg(emulator.buffer.active, { columns: size.cols, rows: size.rows, title: `meshdojo: ${name}` }),
    )

  await until(/Encrypt every hop/)
  shoot('picker')
  terminal.write('/')
  await until(/filter: _/)
  for (const key of 'istio-strict-mtls') terminal.write(key)
  await until(/filter: istio-strict-mtls_/)
  terminal.write('\r')
  await until(/enter start/)
  terminal.write('\r')
  await until(/0\/6|\[FAIL\]/)
  terminal.write('e')
  await until(/PeerAuthentication production\/default is PERMISSIVE/)
  await until(/^(?![\s\S]*probing)/)
  shoot('lab')
  terminal.write('w')
  await until(/readable \d+ %/)
  shoot('tap')
  terminal.write('\u001b')
  await until(/enter why/)
  terminal.write('e')
  await until(/n next/)
  shoot('passed')
  terminal.write('q')
  terminal.kill('SIGTERM')
  await new Promise<void>((done) => terminal.onExit(() => done()))
}

const transcript = async (): Promise<string[]> => {
  const lab = await serveLab('istio-strict-mtls', { program, home, env })
  writeFileSync(
    join(home, 'strict.yaml'),
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: production}\nspec: {mtls: {mode: STRICT}}\n',
  )
  const lines: string[] = [
    '$ meshdojo cluster serve --scenario istio-strict-mtls --kubeconfig lab &',
    'ready lab',
    '$ export KUBECONFIG=lab',
  ]
  const type = (command: string): void => void lines.push(...lab.type(command))
  type('kubectl get pods -n production')
  type(
    "kubectl exec -n legacy deploy/client -- curl -s -o /dev/null -w '%{http_code}\\n' http://orders.production/api/orders",
  )
  type('meshdojo why legacy/client http://orders.production/api/orders')
  type('cat strict.yaml')
  type('kubectl apply -f strict.yaml')
  type('kubectl exec -n legacy deploy/client -- curl -sS http://orders.production/api/orders')
  type('meshdojo check istio-strict-mtls --step strict-production')
  await lab.close()
  return lines
}

try {
  await screens()
  const readme = join(root, 'README.md')
  const made = await transcript()
  writeFileSync(readme, withConsole(readFileSync(readme, 'utf8'), 'transcript', made))
} finally {
  rmSync(home, { recursive: true, force: true })
}
