/** `--dry-run`: what it tells is what the real run does, and telling changes nothing. */
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { type Machine, makeMachine, usual } from '../providers/kind/machine.ts'
import { runCli } from './io.ts'

let embedded: EmbeddedCluster
let served: ServedCluster
beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  served = await serve(embedded, { name: 'mine' })
})
afterAll(async () => {
  await served.close()
  embedded.stop()
})

const cli = ({ env }: Pick<Machine, 'env'>, line: string) => runCli(line.split(' '), env)

/** kind "makes" the embedded cluster: what it writes is a kubeconfig that somebody answers behind. */
const makeRealMachine = (): Machine => {
  const machine = makeMachine()
  const kubeconfig = join(machine.env.HOME!, 'kubeconfig-of-kind')
  writeFileSync(kubeconfig, served.kubeconfig)
  machine.change(
    'kind',
    `${usual.kind}\ncase "$line" in 'kind create'*) /bin/cat '${kubeconfig}' > "$KUBECONFIG" ;; esac`,
  )
  return machine
}

const isQuestion = (line: string): boolean => /^(\w+ version|docker info)/.test(line)
const objectsIn = async (): Promise<Set<string>> => {
  const client = createClient(embedded.cluster)
  const lists = await Promise.all(
    [
      ['v1', 'Namespace'],
      ['v1', 'ConfigMap'],
      ['v1', 'ServiceAccount'],
      ['v1', 'Service'],
      ['apps/v1', 'Deployment'],
    ].map(([apiVersion, kind]) => client.list({ apiVersion: apiVersion!, kind: kind! })),
  )
  return new Set(
    lists.flatMap(({ items }) =>
      items.map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace ? `${namespace}/` : ''}${name}`),
    ),
  )
}
/** `apply Service a/b, c/d` → `Service a/b`, `Service c/d`. */
const applied = (text: string): string[] =>
  [...text.matchAll(/^ +apply (\w+) (.*)$/gm)].flatMap(([, kind, names]) =>
    names!.split(', ').map((name) => `${kind} ${name}`),
  )

describe('with kind', () => {
  test('start tells every command and object that making the cluster then takes, and starts nothing', async () => {
    const machine = makeRealMachine()
    const told = await cli(machine, 'start istio-strict-mtls --provider kind --dry-run')
    expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nthen istio-strict-mtls is on the screen/) })
    expect(machine.ran().filter((line) => !isQuestion(line))).toEqual([])
    expect(existsSync(machine.stateFolder)).toBe(false)

    expect(await cli(machine, 'cluster create --scenario istio-strict-mtls')).toMatchObject({ code: 0 })
    const lines = told.stdout.replaceAll("'", '').split('\n')
    for (const ran of machine.ran().filter((line) => !isQuestion(line)))
      expect(lines.some((line) => line.includes(ran))).toBe(true)
    const there = await objectsIn()
    expect(applied(told.stdout).length).toBeGreaterThan(10)
    for (const object of applied(told.stdout)) expect(there).toContain(object)
    // Every file that stays is one that was told of; the kubeconfig is kind's to write.
    const folder = join(machine.stateFolder, 'kind')
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\./.test(name)))
      expect(told.stdout).toContain(`writes ${join(folder, file)}`)
    expect(machine.unexpected()).toEqual([])
  })

  test('verify tells shared steps once, for each scenario its own lab and claims; JSON has the same as data', async () => {
    const machine = makeMachine()
    const names = 'istio-strict-mtls istio-deny-by-default'
    const { code, stdout } = await cli(machine, `verify ${names} --provider kind --dry-run`)
    expect(code).toBe(0)
    expect(stdout.match(/^ +kind create cluster/gm)).toHaveLength(1)
    expect(stdout).toMatch(/\nistio-deny-by-default, of .*\n {3}steps 1 to 4 again\n {3}prove /)
    const json = JSON.parse((await cli(machine, `verify ${names} --provider kind --dry-run --reporter json`)).stdout)
    expect(json).toMatchObject([
      { scenario: 'istio-strict-mtls', plan: { steps: [{ id: 'create' }, {}, {}, { id: 'lab' }] } },
      { scenario: 'istio-deny-by-default' },
    ])
    expect(existsSync(machine.stateFolder)).toBe(false)
  })

  test('what the real run would refuse is refused, and left out where all are meant', async () => {
    const machine = makeMachine()
    const refused = /istio-only-with-a-token|shop-istio/
    expect(await cli(machine, 'start istio-only-with-a-token --provider kind --dry-run')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/which only the embedded cluster has/),
    })
    const { code, stdout, stderr } = await cli(machine, 'verify --provider kind --dry-run')
    expect([code, stderr]).toEqual([0, expect.stringMatching(/left out istio-only-with-a-token/)])
    expect(stdout).toMatch(refused)
    expect(stdout).not.toMatch(/^istio-only-with-a-token/m)
  })

  test('a program that is missing is named once, and the rest is told all the same', async () => {
    const machine = makeMachine()
    machine.change('istioctl', undefined)
    const { code, stdout, stderr } = await cli(
      machine,
      'verify istio-strict-mtls istio-deny-by-default --provider kind --dry-run',
    )
    expect([code, stderr.match(/istioctl is not installed/g)]).toEqual([0, ['istioctl is not installed']])
    expect(stdout).toContain('istioctl install')
  })
})

describe('with a context', () => {
  const machineOf = () => {
    const home = mkdtempSync(join(tmpdir(), 'dry-context-'))
    const env = { KUBECONFIG: join(home, 'own.yaml'), HOME: home, MESHDOJO_HOME: join(home, 'state') }
    writeFileSync(env.KUBECONFIG, served.kubeconfig)
    return { env }
  }

  test('it reads the cluster and tells what would go and come; nothing of it changes, and nothing is written', async () => {
    const fresh = await createEmbeddedCluster({ mesh: istio })
    const other = await serve(fresh, { name: 'other' })
    const machine = machineOf()
    writeFileSync(machine.env.KUBECONFIG, other.kubeconfig)
    const line = 'start istio-strict-mtls --provider context --dry-run'
    expect(await cli(machine, line)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^other is not a lab: nothing is changed in it/),
    })
    const client = createClient(fresh.cluster)
    await client.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'old', labels: { 'meshdojo.dev/lab': 'x' } },
    })
    const before = (await client.list({ apiVersion: 'v1', kind: 'Namespace' })).items
    const { code, stdout } = await cli(machine, `${line} --yes-change-this-cluster other`)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ remove Namespace old\n/)])
    expect(applied(stdout)).toEqual(
      expect.arrayContaining(['ConfigMap kube-public/meshdojo-lab', 'Namespace production']),
    )
    expect((await client.list({ apiVersion: 'v1', kind: 'Namespace' })).items).toEqual(before)
    expect(existsSync(machine.env.MESHDOJO_HOME)).toBe(false)
    await other.close()
    fresh.stop()
  })
})

describe('on the embedded cluster', () => {
  test('start tells the process and its kubeconfig', async () => {
    const machine = makeMachine()
    const { code, stdout } = await cli(machine, 'start istio-strict-mtls --dry-run')
    expect(code).toBe(0)
    expect(stdout).toMatch(/ cluster serve --mesh istio .*--kubeconfig \S+shop-istio\.kubeconfig --until-stdin-ends/)
    expect(existsSync(machine.stateFolder)).toBe(false)
  })

  test('verify proves exactly what it told', async () => {
    const machine = makeMachine()
    const told = JSON.parse((await cli(machine, 'verify istio-strict-mtls --dry-run --reporter json')).stdout) as {
      steps: { id: string; claims: object[] }[]
    }[]
    const { proofs } = JSON.parse((await cli(machine, 'verify istio-strict-mtls --reporter json')).stdout) as {
      proofs: { step: string; claim: string; mistake?: string; alternative?: string }[]
    }
    expect(proofs.map(({ step, claim, mistake, alternative }) => ({ step, claim, mistake, alternative }))).toEqual(
      told[0]!.steps.flatMap(({ id, claims }) =>
        claims.map((claim) => ({ step: id, mistake: undefined, alternative: undefined, ...claim })),
      ),
    )
  })

  test('check tells what it would list and send, without a cluster that answers', async () => {
    const machine = makeMachine()
    writeFileSync(machine.env.KUBECONFIG!, 'nobody answers here')
    const { code, stdout } = await cli(machine, 'check istio-strict-mtls --dry-run')
    expect([code, stdout]).toEqual([0, expect.stringContaining(`reads ${machine.env.KUBECONFIG}\n`)])
    expect(stdout).toMatch(
      /^ {2}plaintext-refused: in a pod of legacy\/client: curl .* http:\/\/orders\.production\/api\/orders$/m,
    )
    expect(stdout).toMatch(/^ {2}policy-there: list PeerAuthentication \(security\.istio\.io\/v1\) in production$/m)
    const json = JSON.parse(
      (await cli(machine, 'check istio-strict-mtls --dry-run --json --step strict-production')).stdout,
    )
    expect(json).toMatchObject({ scenario: 'istio-strict-mtls', steps: [{ id: 'strict-production' }] })
  })

  test.each([
    ['verify --dry-run --reporter junit', /--dry-run is told by the reporters pretty and json, not by junit/],
    ['start nowhere --dry-run', /there is no scenario "nowhere"/],
    ['start istio-strict-mtls --dry-run --context x', /--context goes with --provider context/],
    ['check istio-strict-mtls --dry-run --step no', /has no step "no"/],
    ['check istio-strict-mtls --dry-run --watch', /--dry-run and --watch do not go together/],
  ])('%s is wrong usage', async (line, says) => {
    expect(await cli(makeMachine(), line)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) })
  })
})
