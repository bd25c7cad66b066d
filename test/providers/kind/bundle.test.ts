/** Bundles: what is in one, what is refused, and a cluster made from one without fetching anything. */
import { cpSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { main } from '../../../src/cli/main.ts'
import { bundleFormat } from '../../../src/providers/kind/bundle/contents.ts'
import { ownArchitecture } from '../../../src/providers/kind/bundle/make.ts'
import { readIndex } from '../../../src/providers/kind/bundle/unpack.ts'
import { bundledNode, nodeImage } from '../../../src/providers/kind/plan.ts'
import { fakeIo, runCli } from '../../cli/io.ts'
import { type Machine, makeMachine, type Programs, usual } from './machine.ts'

const arch = ownArchitecture()!
const other = arch === 'amd64' ? 'arm64' : 'amd64'
const sum = `sha256:${'a'.repeat(64)}`

/** Images are files below `$state/images`, of nodes below `$state/node`; an archive is a list of names. */
const offline: Programs = {
  docker: `case "$line" in
    'docker info') echo ok ;;
    'docker version --format {{.Server.APIVersion}}') echo 1.41 ;;
    'docker pull --platform linux/'*) echo "$4" >> "$state/images" ;;
    'docker tag '*) echo "$3" >> "$state/images" ;;
    'docker image inspect --format present '*) while read -r each; do [ "$each" = "$5" ] && echo present && exit 0; done < "$state/images"; echo 'No such image' >&2; exit 1 ;;
    'docker image inspect --format '*) echo "\${5%:*}@${sum}" ;;
    'docker save --output '*) file="$3"; shift 3; for each; do echo "$each"; done > "$file" ;;
    'docker load --input '*) while read -r each; do echo "$each"; done < "$3" >> "$state/images" ;;
    'docker exec meshdojo-istio-'*' ctr --namespace=k8s.io images ls --quiet') [ -f "$state/node" ] && while read -r each; do
      case "$each" in *.*/*) echo "$each" ;; *) echo "docker.io/$each" ;; esac; done < "$state/node" ;;
    *) unexpected ;; esac`,
  kind: `case "$line" in 'kind load image-archive '*' --name meshdojo-istio') while read -r each; do echo "$each"; done < "$3" > "$state/node"; exit ;; esac
    ${usual.kind}`,
  kubectl: `case "$line" in *'name=istio-base,status=deployed'*) [ -f "$state/istio-base" ] && echo secret/base; exit ;;
    *'name=istiod,status=deployed'*) [ -f "$state/istio" ] && echo secret/istiod; exit ;; esac
    ${usual.kubectl}`,
  helm: `case "$line" in
    'helm version --short') echo v3.19.0+g3d8990f ;;
    'helm pull '*) echo "chart of $2" > "$8/$2-$6.tgz" ;;
    'helm template istiod '*) echo '      image: "docker.io/istio/pilot:1.30.3"' ;;
    'helm template '*) echo 'kind: CustomResourceDefinition' ;;
    'helm upgrade --install istio-base '*) [ -f "$4" ] && : > "$state/istio-base" ;;
    'helm upgrade --install istiod '*) [ -f "$4" ] && : > "$state/istio" ;;
    *) unexpected ;; esac`,
}

const machineOf = (more: Programs = {}): Machine => makeMachine({ ...offline, ...more })
const cli = (machine: Machine, line: string) => runCli(line.split(' '), machine.env, machine.env.HOME)
const home = (machine: Machine, name: string): string => join(machine.env.HOME!, name)
const fetches = (machine: Machine): string[] =>
  machine.ran().filter((line) => /^(docker pull|helm pull|curl)/.test(line))

/** A bundle of Istio, once for all. */
let made: Promise<string> | undefined
const aBundle = (): Promise<string> => {
  made ??= (async () => {
    const machine = machineOf()
    const { code, stderr } = await cli(machine, 'cluster bundle --mesh istio -o b.tar')
    if (code !== 0) throw new Error(stderr)
    const file = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'b.tar')
    cpSync(home(machine, 'b.tar'), file)
    return file
  })()
  return made
}

describe('making one', () => {
  test('every image is pulled for each architecture, this machine’s last, and the index says what it stood for', async () => {
    const machine = machineOf()
    const { code, stdout, stderr } = await cli(
      machine,
      `cluster bundle --mesh istio -o b.tar --arch ${arch} --arch ${other}`,
    )
    expect([code, stdout]).toEqual([0, `ready ${home(machine, 'b.tar')}\n`])
    expect(stderr).toMatch(/about \d\.\d GB in the end, \d\.\d GB meanwhile/)
    expect(machine.unexpected()).toEqual([])
    const index = await readIndex(home(machine, 'b.tar'))
    expect(index).toMatchObject({ format: bundleFormat, mesh: 'istio', version: '1.30.3', node: nodeImage })
    const names = index.images[arch]!.map(({ name }) => name)
    // Istio's proxy is in no chart's pod, and labs bring their own.
    for (const name of ['docker.io/istio/pilot:1.30.3', 'docker.io/istio/proxyv2:1.30.3', 'curlimages/curl:8.15.0'])
      expect(names).toContain(name)
    expect(names.filter((name) => name.startsWith('meshdojo/'))).toEqual([])
    expect(index.images[arch]!.every(({ digest }) => digest === sum)).toBe(true)
    expect(index.files.map(({ name }) => name).sort()).toEqual([
      'amd64/images.tar',
      'amd64/node.tar',
      'arm64/images.tar',
      'arm64/node.tar',
      'charts/base-1.30.3.tgz',
      'charts/istiod-1.30.3.tgz',
    ])
    const pulled = machine.ran().filter((line) => line.startsWith('docker pull'))
    expect(pulled.at(-1)).toContain(`linux/${arch}`)
    expect(pulled.filter((line) => line.includes(`linux/${other}`))).toHaveLength(names.length + 1)
    expect(readdirSync(machine.env.HOME!)).toEqual(['b.tar'])
  })

  test('a runtime that keeps all architectures of an image is told which one to save', async () => {
    const machine = machineOf({
      docker: `case "$line" in 'docker version '*) echo 1.50; exit ;;
        "docker save --platform linux/${arch} --output "*) file="$5"; shift 5; for each; do echo "$each"; done > "$file"; exit ;; esac
        ${offline.docker}`,
    })
    expect((await cli(machine, 'cluster bundle --mesh istio -o b.tar')).code).toBe(0)
    expect(machine.ran().filter((line) => line.startsWith(`docker save --platform linux/${arch} `))).toHaveLength(2)
  })

  test('--dry-run says every command and does nothing', async () => {
    const machine = machineOf()
    const { code, stdout } = await cli(machine, 'cluster bundle --mesh linkerd -o b.tar --dry-run')
    expect(code).toBe(0)
    for (const part of [
      'helm pull linkerd-control-plane',
      'curl --fail',
      `docker pull --platform linux/${arch} curlimages/curl:`,
      'docker save',
      ' GB meanwhile',
    ])
      expect(stdout).toContain(part)
    expect(fetches(machine)).toEqual([])
    expect(readdirSync(machine.env.HOME!)).toEqual([])
  })

  const broken: [string, Programs, RegExp][] = [
    [
      'an image cannot be pulled',
      {
        docker: `case "$line" in *'istio/pilot'*) echo 'manifest unknown: manifest unknown' >&2; exit 1 ;; esac\n${offline.docker}`,
      },
      /Pull docker\.io\/istio\/pilot:1\.30\.3 for \w+: it failed[\s\S]*to do: an image or a chart could not be fetched/,
    ],
    [
      'the disk is full while saving',
      {
        docker: `case "$line" in 'docker save'*images.tar*) echo half > "$3"; echo 'write b.tar.part: no space left on device' >&2; exit 1 ;; esac\n${offline.docker}`,
      },
      /Save the other images for \w+: it failed[\s\S]*to do: the disk is full/,
    ],
    [
      'a chart is not there',
      {
        helm: `case "$line" in 'helm pull istiod'*) echo 'Error: chart "istiod" version "1.30.3" not found' >&2; exit 1 ;; esac\n${offline.helm}`,
      },
      /Fetch the chart istiod 1\.30\.3: it failed[\s\S]*not found/,
    ],
    [
      'a chart cannot be read',
      {
        helm: `case "$line" in 'helm template istiod'*) echo 'Error: gzip: invalid header' >&2; exit 1 ;; esac\n${offline.helm}`,
      },
      /the charts could not be read: [\s\S]*gzip: invalid header[\s\S]*the same command goes on/,
    ],
    [
      'docker is stopped',
      { docker: `echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1` },
      /docker is not running: start it/,
    ],
  ]
  test.each(broken)(
    '%s: it is said, nothing half-made has the name, and the same command goes on',
    async (_, programs, expected) => {
      const machine = machineOf(programs)
      const failed = await cli(machine, 'cluster bundle --mesh istio -o b.tar')
      expect(failed.stderr).toMatch(expected)
      expect([failed.code, failed.stdout, existsSync(home(machine, 'b.tar'))]).toEqual([3, '', false])
      for (const [name, body] of Object.entries(offline)) machine.change(name, body)
      expect((await cli(machine, 'cluster bundle --mesh istio -o b.tar')).code).toBe(0)
      expect((await readIndex(home(machine, 'b.tar'))).images[arch]!.length).toBeGreaterThan(3)
      expect(readdirSync(machine.env.HOME!)).toEqual(['b.tar'])
    },
  )

  test('ctrl-c: 130; what was fetched is not fetched again', async () => {
    const machine = machineOf({
      docker: `case "$line" in 'docker save'*images.tar*) exec /bin/sleep 600 ;; esac\n${offline.docker}`,
    })
    const { io, written, interrupt } = fakeIo(machine.env, machine.env.HOME)
    const running = main(['cluster', 'bundle', '--mesh', 'istio', '-o', 'b.tar'], io)
    while (!machine.ran().some((line) => /^docker save.*images/.test(line)))
      await new Promise((next) => setImmediate(next))
    interrupt()
    expect(await running).toBe(130)
    expect(written.stderr).toMatch(/interrupted; the same command goes on, and removing .*b\.tar\.part cleans up/)
    machine.change('docker', offline.docker)
    const before = machine.ran().length
    expect((await cli(machine, 'cluster bundle --mesh istio -o b.tar')).code).toBe(0)
    const again = machine.ran().slice(before)
    expect(again.filter((line) => line.startsWith('helm pull') || line.includes('node.tar'))).toEqual([])
  })

  test('one at a time: another says who does; what a dead one left is taken over', async () => {
    const machine = machineOf()
    writeFileSync(home(machine, 'b.tar.part.pid'), String(process.pid))
    const busy = await cli(machine, 'cluster bundle --mesh istio -o b.tar')
    expect(busy).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/is being made by another meshdojo \(process \d+\)/),
    })
    expect(fetches(machine)).toEqual([])
    // No system has a process of this id: the largest that Linux gives is 2^22.
    writeFileSync(home(machine, 'b.tar.part.pid'), '99999999')
    expect((await cli(machine, 'cluster bundle --mesh istio -o b.tar')).code).toBe(0)
    expect(readdirSync(machine.env.HOME!)).toEqual(['b.tar'])
  })

  test.each([
    ['cluster bundle --mesh istio -o .', /\. is a folder: name a file in it/],
    ['cluster bundle --mesh istio -o no/b.tar', /there is no folder .*no: make it first/],
    ['cluster bundle --mesh istio -o own', /own is there already: name another file/],
    ['cluster bundle --mesh istoi -o b.tar', /there is no mesh "istoi" \(did you mean "istio"\?\)/],
    ['cluster bundle --mesh istio -o b.tar --arch x86', /--arch x86: node images are there for amd64 and arm64/],
    ['cluster bundle --mesh istio -o b.tar --mesh-version 1.30', /three numbers are expected/],
    ['cluster bundle --mesh istio', /required option '-o, --output <file>'/],
  ])('%s is wrong usage', async (line, expected) => {
    const machine = machineOf()
    writeFileSync(home(machine, 'own'), '')
    const { code, stderr } = await cli(machine, line)
    expect(stderr).toMatch(expected)
    expect([code, machine.ran()]).toEqual([2, []])
  })
})

describe('a cluster from one', () => {
  const create = (machine: Machine, file: string, more = '') => cli(machine, `cluster create --bundle ${file}${more}`)

  test('is loaded and installed by Helm; nothing is fetched, done twice or left', async () => {
    const machine = machineOf()
    const file = await aBundle()
    expect((await create(machine, file, ' --dry-run')).stdout).toContain(`unpack ${file} into`)
    const { code, stderr } = await create(machine, file)
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('failed')])
    expect(machine.unexpected()).toEqual([])
    expect(fetches(machine)).toEqual([])
    const kindCreate = machine.ran().find((line) => line.startsWith('kind create'))
    expect(kindCreate).toContain(`--image ${bundledNode(nodeImage)}`)
    const before = machine.ran().length
    // The record knows the bundle.
    expect((await cli(machine, 'cluster create --mesh istio')).code).toBe(0)
    expect(
      machine
        .ran()
        .slice(before)
        .filter((line) => /load|create cluster|upgrade/.test(line)),
    ).toEqual([])
    expect(readdirSync(join(machine.stateFolder, 'kind/meshdojo-istio')).sort()).toEqual([
      'cluster.json',
      'kubeconfig',
      'log.txt',
    ])
  })

  test('images that a node has lost are loaded again', async () => {
    const machine = machineOf()
    expect((await create(machine, await aBundle())).code).toBe(0)
    writeFileSync(home(machine, '../state/node'), 'docker.io/istio/pilot:1.30.3\n')
    const before = machine.ran().length
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    const again = machine
      .ran()
      .slice(before)
      .filter((line) => /load|create cluster|upgrade/.test(line))
    expect(again.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['kind load'])
  })

  test.each<[string, (file: string) => string | undefined, string, RegExp]>([
    ['another mesh', (file) => file, ' --mesh linkerd', /is for istio 1\.30\.3, not for linkerd: say --mesh istio/],
    [
      'another version',
      (file) => file,
      ' --mesh-version 1.29.0',
      /has istio 1\.30\.3, not 1\.29\.0: leave --mesh-version out/,
    ],
    ['a lab of another mesh', (file) => file, ' --lab shop-linkerd', /is for istio 1\.30\.3, not for linkerd/],
    ['no file', (file) => `${file}.no`, '', /there is no file .*b\.tar\.no: name a bundle/],
    ['a folder', (file) => join(file, '..'), '', /is no file: name a bundle/],
  ])('%s is refused before anything is done', async (_, name, more, expected) => {
    const machine = machineOf()
    const { code, stdout, stderr } = await create(machine, name(await aBundle())!, more)
    expect(stderr).toMatch(expected)
    expect([code, stdout]).toEqual([2, ''])
    expect(machine.ran().filter((line) => !line.includes('version'))).toEqual([])
  })

  test('a cluster that was begun without one does not change to it', async () => {
    const machine = machineOf({ istioctl: usual.istioctl! })
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    expect(await create(machine, await aBundle())).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/was begun without a bundle: remove it with/),
    })
  })

  test('without Helm it is said that a bundle needs it', async () => {
    const machine = machineOf()
    machine.change('helm', undefined)
    expect(await create(machine, await aBundle())).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/helm is not installed[\s\S]*a bundle is installed by Helm/),
    })
  })
})
