/** What a learner does, in a real terminal with real keys: the built program, nothing faked but the editor. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { readKubeconfig } from '../../src/kube/kubeconfig.ts'
import { scriptedEditor, startInTerminal } from './terminal.ts'

const strict = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: production}
spec: {mtls: {mode: STRICT}}
`

const newHome = () => {
  const home = mkdtempSync(join(tmpdir(), 'tui-'))
  const state = join(home, 'state')
  const env = { HOME: home, MESHDOJO_HOME: state, EDITOR: scriptedEditor(join(home, 'bin'), strict) }
  return { home, state, env, kubeconfig: join(state, 'clusters', 'shop-istio.kubeconfig') }
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy()
        resolve(true)
      })
  })
const portOf = async (kubeconfig: string): Promise<number> =>
  Number(new URL((await readKubeconfig(kubeconfig)).server).port)

/** Nothing of a lab is left: no port, no kubeconfig, no claim. */
const expectGone = async (port: number, state: string, left: string[] = []): Promise<void> => {
  await vi.waitFor(async () => expect(await isListening(port)).toBe(false), 20_000)
  await vi.waitFor(() => expect(readdirSync(join(state, 'clusters'))).toEqual(left), 20_000)
}

describe.each([
  [120, 40],
  [80, 24],
])('at %ix%i', (columns, rows) => {
  test('pick, edit, pass, next, quit, resume', async () => {
    const { env, state, kubeconfig } = newHome()
    const first = startInTerminal([], env, [columns, rows])
    await first.shows(/ \[ {2}\] Encrypt every hop/)
    first.press('/')
    await first.shows(/filter: _/)
    for (const key of 'istio-strict-mtls') first.press(key)
    await first.shows(/filter: istio-strict-mtls_/)
    first.press('\r')
    await first.shows(/enter start/)
    first.press('\r')
    await first.shows(/\[FAIL\]/)
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600)
    const port = await portOf(kubeconfig)

    first.press('e')
    await first.shows(/6\/6/)
    await first.shows(/n next/)
    first.press('n')
    await first.shows(/step 2\/\d/)

    first.press('q')
    await first.shows(/y yes/)
    first.press('y')
    await first.shows(/\[\.\.\] Encrypt every hop/)
    await expectGone(port, state)
    first.press('q')
    await first.shows(/y yes/)
    first.press('y')
    expect((await first.ended).exitCode).toBe(0)

    const second = startInTerminal([], env, [columns, rows])
    await second.shows(/> \[\.\.\] Encrypt every hop[\s\S]*resume/)
    second.press('\r')
    await second.shows(/step 2\/\d/)
    // The STRICT policy of step 1 is back: legacy/client gets nowhere in production.
    await second.shows(/the appliance still cannot read orders|le(gacy)?\/client +r/)
    second.kill('SIGTERM')
    await second.ended
    expect(readFileSync(join(state, 'work/istio-strict-mtls/strict-production/peer-authentication.yaml'), 'utf8')).toBe(
      strict,
    )
  })
})

test('killed with -9 in a lab: the cluster goes, progress stays, and the next start is back in the step', async () => {
  const { env, state, kubeconfig } = newHome()
  const first = startInTerminal(['start', 'istio-strict-mtls'], env)
  await first.shows(/\[FAIL\]/)
  first.press('e')
  await first.shows(/6\/6/)
  first.press('n')
  await first.shows(/step 2\/\d/)
  const port = await portOf(kubeconfig)
  first.kill('SIGKILL')
  await first.ended
  // The claim is void; the next start takes it over, so the path stays the same.
  await expectGone(port, state, ['shop-istio.pid'])

  const second = startInTerminal([], env)
  await second.shows(/step 2\/\d/)
  await second.shows(/\[FAIL\] the frontend reads the stock over mTLS/)
  expect(existsSync(kubeconfig)).toBe(true)
  second.press('\u0003')
  await second.shows(/again/)
  second.press('\u0003')
  expect((await second.ended).exitCode).toBe(130)
  await expectGone(await portOf(kubeconfig).catch(() => port), state)
})

test('two programs at once have a lab each', async () => {
  const { env, state } = newHome()
  const both = [
    startInTerminal(['start', 'istio-strict-mtls'], env),
    startInTerminal(['start', 'istio-deny-by-default'], env),
  ]
  await Promise.all(both.map((one) => one.shows(/\[FAIL\]/)))
  const kubeconfigs = readdirSync(join(state, 'clusters')).filter((name) => name.endsWith('.kubeconfig'))
  expect(kubeconfigs).toHaveLength(2)
  for (const one of both) one.kill('SIGTERM')
  await Promise.all(both.map((one) => one.ended))
})

test('progress that cannot be saved is said and held, and saved as soon as it can be', async () => {
  const { env, state } = newHome()
  const terminal = startInTerminal(['start', 'istio-strict-mtls'], env)
  await terminal.shows(/\[FAIL\]/)
  const folder = join(state, 'progress')
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'in the way')
  terminal.press('e')
  await terminal.shows(/6\/6/)
  await terminal.shows(/progress is not saved yet/)
  rmSync(folder)
  terminal.press('r')
  await terminal.shows(/^(?![\s\S]*not saved yet)/)
  terminal.kill('SIGKILL')
  await terminal.ended
  const kept = JSON.parse(readFileSync(join(folder, 'istio-strict-mtls.json'), 'utf8')) as { progress: object }
  expect(kept.progress).toMatchObject({ passed: ['strict-production'] })
})

test('a refused manifest is said in the server’s words, and the lab goes on', async () => {
  const { env, home } = newHome()
  const editor = scriptedEditor(join(home, 'bad'), strict.replace('STRICT', 'STRICKT'))
  const terminal = startInTerminal(['start', 'istio-strict-mtls'], { ...env, EDITOR: editor })
  await terminal.shows(/\[FAIL\]/)
  terminal.press('e')
  await terminal.shows(/STRICKT/)
  await terminal.shows(/not applied/)
  terminal.kill('SIGTERM')
  await terminal.ended
})

test('a lab’s shell has KUBECONFIG and says where one is', async () => {
  const { env } = newHome()
  const terminal = startInTerminal(['start', 'istio-strict-mtls'], { ...env, SHELL: '/bin/sh' })
  await terminal.shows(/\[FAIL\]/)
  terminal.press('!')
  await terminal.shows(/exit or ctrl-d returns/)
  await terminal.shows(/\(meshdojo istio-strict-mtls\)/)
  terminal.press('echo "at $KUBECONFIG."\r')
  await terminal.shows(/at .*shop-istio\.kubeconfig\./)
  terminal.press('\u0004')
  await terminal.shows(/Refuse plaintext in production/)
  terminal.kill('SIGTERM')
  await terminal.ended
})
