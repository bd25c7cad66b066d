/** `cluster` verbs that are interrupted: by Ctrl-C, by signals, by kill -9. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { main } from '../../../src/cli/main.ts'
import { isAlive } from '../../../src/providers/claim.ts'
import { packagePath } from '../../../src/root.ts'
import { startOwned } from '../../../src/shell/child.ts'
import { makeMachine, usual } from '../../providers/kind/machine.ts'
import { fakeIo } from '../io.ts'
import { changes, cli, failingAt, kubeconfigOf } from './fixture.ts'

describe('interrupted', () => {
  test('by ctrl-c: 130, and the same command goes on', async () => {
    const machine = makeMachine()
    machine.change('istioctl', failingAt('istioctl', 'istioctl install', 'exec /bin/sleep 600'))
    const { io, written, interrupt } = fakeIo(machine.env)
    const running = main(['cluster', 'create'], io)
    while (!machine.ran().some((line) => line.startsWith('istioctl install')))
      await new Promise((next) => setImmediate(next))
    interrupt()
    expect(await running).toBe(130)
    expect(written.stderr).toMatch(/interrupted; the same command goes on/)
    machine.change('istioctl', usual.istioctl)
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    expect(changes(machine).filter((line) => line.startsWith('kind '))).toHaveLength(1)
  })

  test.each([
    ['the cluster is made', 'kind', 'kind create', 'SIGINT'],
    ['the cluster is made', 'kind', 'kind create', 'SIGTERM'],
    ['Istio is installed', 'istioctl', 'istioctl install', 'SIGTERM'],
    ['istiod comes up', 'kubectl', 'kubectl rollout status', 'SIGINT'],
    ['it is asked what there is', 'kubectl', 'kubectl wait', 'SIGTERM'],
  ] as const)(
    'while %s (%s %s), by %s: nothing runs on, nothing is claimed, and the next run goes on',
    async (_, name, pattern, signal) => {
      const machine = makeMachine()
      const state = join(machine.env.HOME!, '../state')
      machine.change(name, failingAt(name, pattern, `echo $$ > "$state/at-work"; exec /bin/sleep 600`))
      const run = [process.execPath, packagePath('bin/meshdojo.js'), 'cluster', 'create'] as const
      const child = await startOwned({ run, says: 'Create a cluster' }, machine.env)
      while (!existsSync(join(state, 'at-work')) || !readFileSync(join(state, 'at-work'), 'utf8').endsWith('\n'))
        await new Promise((next) => setImmediate(next))
      process.kill(child.pid, signal)
      const { exitCode, lastLines } = await child.ended
      expect([exitCode, lastLines.at(-1)]).toEqual([
        130,
        expect.stringMatching(/^interrupted; the same command goes on, and/),
      ])
      expect(isAlive(Number(readFileSync(join(state, 'at-work'), 'utf8')))).toBe(false)
      const left = readdirSync(join(machine.stateFolder, 'kind'), { recursive: true, encoding: 'utf8' })
      expect(left.filter((file) => /\.pid$|child\.json$|\.tmp$/.test(file))).toEqual([])
      machine.change(name, usual[name])
      expect(await cli(machine, 'cluster create')).toMatchObject({ code: 0 })
      expect(machine.unexpected()).toEqual([])
    },
  )

  test.each(['cluster create --lab shop-istio', 'verify istio-strict-mtls --provider kind'])(
    'while a lab is put into a cluster that never answers, %s: 130 at once',
    async (line) => {
      const silent = createServer()
      const connected = new Promise<void>((resolve) => silent.once('connection', () => resolve()))
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const { port } = silent.address() as AddressInfo
      const machine = makeMachine()
      const kubeconfig = `{current-context: x, contexts: [{name: x, context: {cluster: x}}], clusters: [{name: x, cluster: {server: "https://127.0.0.1:${port}"}}]}`
      machine.change(
        'kind',
        `${usual.kind}\ncase "$line" in 'kind create'*) echo '${kubeconfig}' > "$KUBECONFIG" ;; esac`,
      )
      const { io, written, interrupt } = fakeIo(machine.env)
      const running = main(line.split(' '), io)
      await connected
      interrupt()
      expect([await running, written.stdout]).toEqual([130, ''])
      expect(written.stderr).toMatch(/interrupted/)
      expect(readdirSync(join(machine.stateFolder, 'kind')).filter((file) => file.endsWith('.pid'))).toEqual([])
      silent.close()
    },
  )

  /** Kills the program that started it, before or after its own work. */
  const killing = (name: string, pattern: string, when: 'before' | 'after'): string => {
    const kill = `case "$line" in '${pattern}'*) kill -9 $PPID; exit 1 ;; esac`
    return when === 'before' ? `${kill}\n${usual[name]}` : `${usual[name]}\n${kill}`
  }

  test.each([
    ['before the cluster is made', 'kind', 'kind create', 'before'],
    ['once the cluster is made', 'kind', 'kind create', 'after'],
    ['before Istio is installed', 'istioctl', 'istioctl install', 'before'],
    ['once Istio is installed', 'istioctl', 'istioctl install', 'after'],
    ['while istiod comes up', 'kubectl', 'kubectl rollout status', 'before'],
  ] as const)('by kill -9 %s: the next run ends with a whole cluster', async (_, name, pattern, when) => {
    const machine = makeMachine()
    machine.change(name, killing(name, pattern, when))
    const program = packagePath('bin/meshdojo.js')
    const says = 'Create a cluster'
    const child = await startOwned({ run: [process.execPath, program, 'cluster', 'create'], says }, machine.env)
    await child.ended
    machine.change(name, usual[name])
    expect(await cli(machine, 'cluster create')).toMatchObject({ code: 0, stdout: `ready ${kubeconfigOf(machine)}\n` })
    expect([machine.has('cluster'), machine.has('istio')]).toEqual([true, true])
    expect(machine.unexpected()).toEqual([])
  })

  test('by kill -9, and kind lives on: the next run waits for it, and takes nothing for half-made', async () => {
    const machine = makeMachine()
    // As a real kind that does not write: what it prints into a closed pipe would end it.
    machine.change(
      'kind',
      `case "$line" in 'kind create'*) trap '' PIPE; while [ ! -s "\${KUBECONFIG%/*}/child.json" ]; do /bin/sleep 0.05; done; kill -9 $PPID; while [ ! -f "$state/go" ]; do /bin/sleep 0.05; done ;; esac\n${usual.kind}`,
    )
    const run = [process.execPath, packagePath('bin/meshdojo.js'), 'cluster', 'create'] as const
    await (await startOwned({ run, says: 'Create a cluster' }, machine.env)).ended
    machine.change('kind', usual.kind)
    const { io, written } = fakeIo(machine.env)
    Object.assign(io.stderr, { isTTY: true, columns: 200 })
    const again = main(['cluster', 'create'], io)
    while (!/Waiting for what a killed run had started \(process \d+\): kind create/.test(written.stderr))
      await new Promise((next) => setImmediate(next))
    writeFileSync(join(machine.env.HOME!, '../state/go'), '')
    expect(await again).toBe(0)
    expect(changes(machine).filter((line) => line.startsWith('kind '))).toHaveLength(1)
    expect(machine.unexpected()).toEqual([])
  })
})
