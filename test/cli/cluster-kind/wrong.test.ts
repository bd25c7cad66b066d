/** `cluster create` where things are missing, old or broken: what is said, and that nothing half-made is unnamed. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeMachine, usual } from '../../providers/kind/machine.ts'
import { changes, cli, failingAt } from './fixture.ts'

const noDaemon = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
const says = (text: string): string => `echo '${text}' >&2; exit 1`

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
