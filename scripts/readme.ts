/**
 * Makes what the README shows from a real run: pictures of the TUI, driven by keys in a pseudo-terminal, and the
 * transcript of one scenario, typed into a shell against `cluster serve`. Run after the screens change; `scripts/screens.ts` takes the
 * other pictures.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStudio, program, shoot, startIn } from './lib/pictures.ts'
import { serveLab, withConsole } from './lib/served-lab.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
// An editor that types for the learner: the first save is a mistake, the second is right.
const studio = openStudio(
  (home) => `mode=PERMISSIVE; [ -e "${home}/seen" ] && mode=STRICT; touch "${home}/seen"
printf 'apiVersion: security.istio.io/v1\\nkind: PeerAuthentication\\nmetadata:\\n  name: default\\n  namespace: production\\nspec:\\n  mtls:\\n    mode: %s\\n' $mode > "$1"`,
)

const screens = async (): Promise<void> => {
  const screen = startIn(studio, [])
  const { press, until } = screen
  await until(/Encrypt every hop/)
  shoot(screen, 'picker')
  press('/')
  await until(/filter: _/)
  for (const key of 'istio-strict-mtls') press(key)
  await until(/filter: istio-strict-mtls_/)
  press('enter')
  await until(/enter start/)
  press('enter')
  await until(/0\/6|\[FAIL\]/)
  press('e')
  await until(/PeerAuthentication production\/default is PERMISSIVE/)
  await until(/^(?![\s\S]*probing)/)
  shoot(screen, 'lab')
  press('w')
  await until(/readable \d+ %/)
  shoot(screen, 'tap')
  press('esc')
  await until(/enter why/)
  press('e')
  await until(/n next/)
  shoot(screen, 'passed')
  await screen.stop('SIGTERM')
}

const transcript = async (): Promise<string[]> => {
  const { home } = studio
  const lab = await serveLab('istio-strict-mtls', { program, home, env: { ...process.env, ...studio.env } })
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
  studio.close()
}
