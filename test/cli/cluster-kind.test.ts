/** `cluster create|list|delete` on machines where things are missing, old, broken or interrupted. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { isAlive } from '../../src/providers/claim.ts'
import { packagePath } from '../../src/root.ts'
import { startOwned } from '../../src/shell/child.ts'
import { type Machine, makeMachine, usual } from '../providers/kind/machine.ts'
import { fakeIo, runCli } from './io.ts'

const cli = (machine: Machine, line: string) => runCli(line.split(' '), machine.env)
const kubeconfigOf = (machine: Machine) => join(machine.stateFolder, 'kind/meshdojo-istio/kubeconfig')
const changes = (machine: Machine): string[] =>
  machine.ran().filter((line) => /^(kind (create|delete)|istioctl install|helm upgrade|helm uninstall)/.test(line))

describe('a machine where all is well', () => {
  test('create, again, list, delete: each does its part once, and nothing is left', async () => {
    const machine = makeMachine()
    const made = await cli(machine, 'cluster create --mesh istio')
    expect(made).toMatchObject({ code: 0, stdout: `ready ${kubeconfigOf(machine)}\n` })
    expect(statSync(kubeconfigOf(machine)).mode & 0o777).toBe(0o600)
    const once = changes(machine)
    expect(once.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['kind create', 'istioctl install'])

    const again = await cli(machine, 'cluster create --mesh istio')
    expect([again.code, again.stdout]).toEqual([0, made.stdout])
    expect(again.stderr.match(/it is there already/g)).toHaveLength(3)
    expect(changes(machine)).toEqual(once)

    const [listed] = JSON.parse((await cli(machine, 'cluster list --json')).stdout) as object[]
    expect(listed).toMatchObject({ name: 'meshdojo-istio', mesh: 'istio', version: '1.30.3', state: 'ready' })
    expect((await cli(machine, 'cluster list')).stdout).toMatch(/meshdojo-istio +istio 1\.30\.3 .* ready/)

    // "check" and the like take it when it is the only one; nothing answers behind a kubeconfig that a script wrote.
    expect((await cli({ ...machine, env: { ...machine.env, KUBECONFIG: '' } }, 'matrix')).stderr).toContain(
      `kubeconfig ${kubeconfigOf(machine)}`,
    )

    expect((await cli(machine, 'cluster delete --name meshdojo-istio')).code).toBe(0)
    expect([machine.has('cluster'), existsSync(kubeconfigOf(machine))]).toEqual([false, false])
    expect(await cli(machine, 'cluster list')).toMatchObject({ code: 0, stdout: '' })
    expect(machine.unexpected()).toEqual([])
  })

  test('--dry-run says everything and does nothing', async () => {
    const machine = makeMachine()
    const { code, stdout } = await cli(machine, 'cluster create --lab shop-istio --dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('kind create cluster --name meshdojo-istio')
    expect(stdout).toMatch(/apply Namespace production, staging, legacy/)
    expect(machine.ran().filter((line) => !line.includes('version'))).toEqual([])
    expect(existsSync(machine.stateFolder)).toBe(false)
  })

  test('the learner’s own kubeconfig is not touched, and no child sees it', async () => {
    const machine = makeMachine({
      ...usual,
      istioctl: `${usual.istioctl}\n[ "$2" = --remote=false ] || echo "$KUBECONFIG" > "$state/kubeconfig-of-istioctl"`,
    })
    writeFileSync(machine.env.KUBECONFIG!, 'mine')
    const before = statSync(machine.env.KUBECONFIG!, { bigint: true })
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    expect(readFileSync(machine.env.KUBECONFIG!, 'utf8')).toBe('mine')
    const { mtimeNs, ctimeNs, ino } = statSync(machine.env.KUBECONFIG!, { bigint: true })
    expect({ mtimeNs, ctimeNs, ino }).toEqual({ mtimeNs: before.mtimeNs, ctimeNs: before.ctimeNs, ino: before.ino })
    const seen = join(machine.env.HOME!, '../state/kubeconfig-of-istioctl')
    expect(readFileSync(seen, 'utf8').trim()).toBe(kubeconfigOf(machine))
  })

  test('several at once: one works, the other says who does', async () => {
    const machine = makeMachine()
    // The first is at work until the second has been told so.
    machine.change(
      'istioctl',
      `${usual.istioctl}\ncase "$line" in *install*) while [ ! -f "$state/go" ]; do /bin/sleep 0.05; done ;; esac`,
    )
    const first = cli(machine, 'cluster create')
    const second = await untilBusy(machine)
    writeFileSync(join(machine.env.HOME!, '../state/go'), '')
    expect(second).toMatchObject({ code: 3, stdout: '' })
    expect(second.stderr).toMatch(/meshdojo-istio is in use by another meshdojo \(process \d+\): wait for it/)
    expect((await first).code).toBe(0)
    expect(changes(machine)).toHaveLength(2)
  })
})

/** Asks once the other is installing. */
const untilBusy = async (machine: Machine) => {
  while (!machine.ran().some((line) => line.startsWith('istioctl install')))
    await new Promise((next) => setImmediate(next))
  return cli(machine, 'cluster create')
}

const noDaemon = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
const says = (text: string): string => `echo '${text}' >&2; exit 1`
/** Fails at one command, and is as usual otherwise. */
const failingAt = (name: string, pattern: string, body: string): string =>
  `case "$line" in '${pattern}'*) ${body} ;; esac\n${usual[name]}`

describe('what is wrong is said with what to do, and nothing half-made is unnamed', () => {
  test.each<[string, Record<string, string | undefined>, RegExp, string[]]>([
    [
      'docker is stopped',
      { docker: says(noDaemon) },
      /\| Cannot connect to the Docker daemon.*\nto do: docker is not running: start it/,
      [],
    ],
    [
      'docker may not be used',
      { docker: says('permission denied while trying to connect to the docker API at unix:///var/run/docker.sock') },
      /to do: docker may not be used by you: add yourself to the group docker/,
      [],
    ],
    [
      'there is no docker',
      { docker: undefined },
      /no container runtime is there: install docker .*, podman or nerdctl/,
      [],
    ],
    [
      'there is no kind',
      { kind: undefined },
      /kind is not installed.*install 0\.31\.0 or newer \(kind\.sigs\.k8s\.io/,
      [],
    ],
    [
      'kind is old',
      { kind: `echo 'kind v0.20.0 go1.20.4'` },
      /kind is 0\.20\.0 \(.*\), and 0\.31\.0 or newer is needed/,
      [],
    ],
    [
      'nothing is there: all of it is said at once',
      { docker: undefined, kind: undefined, kubectl: undefined, istioctl: undefined },
      /^no container runtime is there[^\n]*\nkind is not installed[^\n]*\nkubectl is not installed[^\n]*\nistioctl is not installed[^\n]*\nHelm would do instead: /,
      [],
    ],
    ['there is no kubectl', { kubectl: undefined }, /kubectl is not installed.*1\.27\.0 or newer/, []],
    [
      'istioctl is of another minor version, and there is no Helm',
      { istioctl: `echo 'client version: 1.24.1'` },
      /istioctl is 1\.24\.1 \(.*\), and 1\.30\.0 or newer, below 1\.31\.0 is needed[\s\S]*Helm would do instead: helm is not installed/,
      [],
    ],
    [
      'an image cannot be pulled',
      {
        kind: failingAt(
          'kind',
          'kind create',
          `echo 'ERROR: failed to create cluster: failed to pull image "kindest/node:v1.35.0"' >&2; exit 1`,
        ),
      },
      /Create the cluster meshdojo-istio: it failed[\s\S]*\| ERROR: .*failed to pull image[\s\S]*to do: .*check the network[\s\S]*log\.txt/,
      ['kind create'],
    ],
    [
      'the disk is full',
      { istioctl: failingAt('istioctl', 'istioctl install', says('write /var/lib: no space left on device')) },
      /Install Istio 1\.30\.3 with istioctl: it failed[\s\S]*to do: the disk is full: "docker system prune"/,
      ['kind create', 'istioctl install'],
    ],
    [
      'istiod never becomes ready',
      { kubectl: failingAt('kubectl', 'kubectl rollout status', says('error: timed out waiting for the condition')) },
      /Wait until istiod is ready: it failed[\s\S]*to do: it took too long/,
      ['kind create', 'istioctl install'],
    ],
  ])('%s', async (_, broken, expected, changed) => {
    const machine = makeMachine()
    for (const [name, body] of Object.entries(broken)) machine.change(name, body)
    const { code, stdout, stderr } = await cli(machine, 'cluster create --mesh istio')
    expect(stderr).toMatch(expected)
    expect([code, stdout]).toEqual([3, ''])
    if (changed.length && 'kind' in broken)
      expect((await cli(machine, 'cluster list')).stdout).toMatch(/not finished: "cluster create" goes on/)
    expect(changes(machine).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(changed)
    // Once it is repaired, the same command goes on.
    for (const [name, body] of Object.entries(usual)) machine.change(name, body)
    expect((await cli(machine, 'cluster create --mesh istio')).code).toBe(0)
    expect(changes(machine).filter((line) => line.startsWith('kind delete'))).toEqual([])
    expect(machine.unexpected()).toEqual([])
  })

  test('without istioctl, Helm installs the same', async () => {
    const machine = makeMachine({
      ...usual,
      helm: `case "$line" in
        'helm version --short') echo v3.17.0+g301108e ;;
        'helm upgrade --install istio-base '*) : > "$state/base" ;;
        'helm upgrade --install istiod '*) : > "$state/istio" ;;
        *) unexpected ;; esac`,
      kubectl: `case "$line" in *'name=istio-base,status=deployed'*) [ -f "$state/base" ] && echo secret/base; exit ;;
        *'name=istiod,status=deployed'*) [ -f "$state/istio" ] && echo secret/istiod; exit ;;
        'kubectl get secret '*) exit 1 ;; esac\n${usual.kubectl}`,
    })
    machine.change('istioctl', undefined)
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    expect(changes(machine).map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      'kind create cluster --name',
      'helm upgrade --install istio-base',
      'helm upgrade --install istiod',
    ])
    expect(machine.unexpected()).toEqual([])
  })

  test.each([
    'cluster create',
    'cluster list --provider context',
    'verify istio-strict-mtls --provider context',
    'cluster serve',
  ])('where nothing can be kept, %s says so before anything is done', async (line) => {
    const machine = makeMachine()
    writeFileSync(`${machine.env.HOME!}/file`, '')
    const { code, stderr } = await cli(
      { ...machine, env: { ...machine.env, MESHDOJO_HOME: `${machine.env.HOME}/file/x` } },
      line,
    )
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/\/file\/x cannot be written \(ENOTDIR\); make it writable, or set MESHDOJO_HOME/),
    ])
    expect(machine.ran()).toEqual([])
  })

  test('a lab with its tested version shares the cluster of its mesh', async () => {
    const { stdout } = await cli(makeMachine(), 'cluster create --lab shop-istio --dry-run')
    expect(stdout).toMatch(/^meshdojo-istio: istio 1\.30\.3/)
  })

  test('a cluster of that name that somebody else made is neither used nor removed', async () => {
    const machine = makeMachine()
    writeFileSync(join(machine.env.HOME!, '../state/cluster'), 'meshdojo-istio\n')
    const { code, stderr } = await cli(machine, 'cluster create')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/that this meshdojo did not make/)])
    expect((await cli(machine, 'cluster delete --mesh istio')).code).toBe(2)
    expect(changes(machine)).toEqual([])
  })

  test('a scenario with an image of the embedded cluster is refused before anything is made', async () => {
    const machine = makeMachine()
    const { code, stderr } = await cli(machine, 'cluster create --scenario istio-only-with-a-token')
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/meshdojo\/token-issuer:1, which only the embedded cluster/),
    ])
    expect(machine.ran()).toEqual([])
  })

  test('what istioctl began it goes on with: another version in its place is refused, and so is Helm', async () => {
    const machine = makeMachine({ ...usual, helm: `echo v3.17.0` })
    machine.change('istioctl', failingAt('istioctl', 'istioctl install', says('no')))
    expect((await cli(machine, 'cluster create')).code).toBe(3)
    machine.change('istioctl', `echo 'client version: 1.31.0'`)
    const { code, stderr } = await cli(machine, 'cluster create')
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/istioctl is 1\.31\.0 .*\nmeshdojo-istio was begun with it: /),
    ])
    expect(changes(machine).filter((line) => line.startsWith('helm'))).toEqual([])
    machine.change('istioctl', usual.istioctl)
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    // Once it is whole, nobody needs istioctl any more.
    machine.change('istioctl', undefined)
    expect((await cli(machine, 'cluster create')).code).toBe(0)
  })

  test('before the cluster is there, another installer may be chosen', async () => {
    const machine = makeMachine()
    machine.change('kind', failingAt('kind', 'kind create', says('no')))
    expect((await cli(machine, 'cluster create')).code).toBe(3)
    machine.change('helm', `echo v3.17.0`)
    machine.change('istioctl', undefined)
    expect((await cli(machine, 'cluster create --dry-run')).stdout).toMatch(/istio 1\.30\.3, by Helm/)
  })

  test.runIf(existsSync('/dev/full'))(
    'the disk is too full to remember what is made: it is said, and nothing is made',
    async () => {
      const machine = makeMachine()
      const folder = join(machine.stateFolder, 'kind/meshdojo-istio')
      mkdirSync(folder, { recursive: true })
      // Every write to this device fails as on a full disk.
      symlinkSync('/dev/full', join(folder, `cluster.json.${process.pid}.tmp`))
      const { code, stdout, stderr } = await cli(machine, 'cluster create')
      expect([code, stdout, stderr]).toEqual([
        3,
        '',
        expect.stringMatching(/^the disk is full \(ENOSPC.*free some room/),
      ])
      expect(changes(machine)).toEqual([])
    },
  )

  test('another mesh or version under the same name is refused', async () => {
    const machine = makeMachine()
    await cli(machine, 'cluster create --name meshdojo-mine')
    expect(await cli(machine, 'cluster create --name mine --mesh linkerd')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/meshdojo-mine is there with istio, not with linkerd/),
    })
    expect(await cli(machine, 'cluster create --name mine --mesh-version 1.30.1')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is there with istio 1\.30\.3, not with 1\.30\.1/),
    })
  })
})

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
