/** argv → exit code and words: what a learner types wrong, and what needs no cluster. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProgressStore, newKept } from '../../src/session/progress.ts'
import { runCli } from './io.ts'

const home = mkdtempSync(join(tmpdir(), 'cli-'))
const env = { MESHDOJO_HOME: join(home, 'state'), HOME: home }
const words = (line: string): string[] => (line === '' ? [] : line.split(' '))

describe('wrong usage ends with 2, on stderr, with the nearest right thing', () => {
  writeFileSync(join(home, 'lab.kubeconfig'), 'x')
  writeFileSync(join(home, 'own.config'), 'apiVersion: v1\ncurrent-context: my-own\n')
  test.each([
    ['strat', /unknown verb "strat" \(did you mean "start"\?\)/],
    ['cluster srve', /unknown verb "srve" \(did you mean "serve"\?\)/],
    ['cluster', /a verb is missing: serve, create, bundle, delete, list/],
    ['list --jsno', /unknown option '--jsno'[\s\S]*--json/],
    ['check', /missing required argument 'scenario'/],
    ['check istio-strict-mtl', /no scenario "istio-strict-mtl" \(did you mean "istio-strict-mtls"\?\)/],
    ['check istio-strict-mtls --step strict-prod', /no step "strict-prod".*steps are strict-production/],
    [
      'check istio-strict-mtls --kubeconfig lab.kubecnfig',
      /no kubeconfig lab\.kubecnfig \(did you mean "lab\.kubeconfig"\?\)/,
    ],
    ['check istio-strict-mtls', /which cluster\? Name its kubeconfig/],
    ['start istio-strict', /no scenario "istio-strict"/],
    ['start istio-strict --provider kind', /no scenario "istio-strict"/],
    ['start istio-strict-mtls --provider kind', /the TUI needs a terminal/],
    ['start istio-strict-mtls --context mine', /--context goes with --provider context/],
    [
      'start istio-strict-mtls --provider context --context a --yes-change-this-cluster b',
      /--yes-change-this-cluster b is not the context a: nothing is changed/,
    ],
    ['start istio-strict-mtls --provider docker', /Allowed choices are embedded, kind, context/],
    ['verify nope', /no scenario "nope"/],
    ['verify nope --provider kind', /no scenario "nope"/],
    ['verify --yes-change-this-cluster a', /goes with --provider context/],
    ['lint no-such-folder', /no file or folder no-such-folder/],
    ['why legacy http://orders.production/', /"legacy" is no workload: namespace\/workload/],
    ['why legacy/client http://[no', /"http:\/\/\[no" is no URL/],
    ['why legacy/client http://orders.production/ -H nocolon', /-H "nocolon" is no header/],
    ['tap legacy http://orders.production/', /"legacy" is no workload: namespace\/workload/],
    ['tap legacy/client https://orders.production/', /tap reads http:\/\/ only; here the application itself encrypts/],
    ['tap legacy/client tcp://db.data:5432', /tap reads http:\/\/ only/],
    ['tap legacy/client http://orders.production/ -H nocolon', /-H "nocolon" is no header/],
    ['tap legacy/client', /missing required argument 'url'/],
    ['cluster serve --port 99999', /--port 99999: a number from 0 to 65535/],
    ['cluster serve --mesh cilium', /no mesh "cilium" yet.*meshes are istio/],
    ['cluster serve --lab shop-isto', /no lab "shop-isto" \(did you mean "shop-istio"\?\)/],
    ['cluster serve --lab a --scenario b', /cannot be used with/],
    ['cluster serve --kubeconfig own.config', /own\.config is there already and is not a lab's kubeconfig/],
    ['cluster create --provider embedded', /"meshdojo cluster serve" starts an embedded one/],
    ['cluster create --provider context', /a context is a cluster that you have already/],
    ['cluster create --mesh isto', /no mesh "isto" \(did you mean "istio"\?\)/],
    ['cluster create --mesh linkerd --lab shop-istio', /the lab shop-istio is for istio, not for linkerd/],
    ['cluster create --mesh-version latest', /--mesh-version latest: three numbers/],
    ['cluster create --dry-run --name Mine', /"Mine" is no name for a cluster/],
    ['cluster create --lab a --scenario b', /cannot be used with/],
    ['cluster delete', /which cluster\? Name it with --name; there is none/],
    ['cluster delete --name mine', /meshdojo did not make a cluster meshdojo-mine, and removes only what it made/],
    ['cluster delete --provider context', /a context is a cluster that you have already/],
    ['cluster list --provider embedded', /end with the program that started them/],
    ['cluster list --context mine', /--context goes with --provider context/],
    ['exam', /an exam is taken at a terminal, and this is none/],
    ['exam --json', /with --json the screen is on stderr/],
    ['exam --minutes 0', /--minutes 0: a whole number from 1 to 600/],
    ['exam --seed seven', /--seed seven: a whole number/],
    ['exam --sed 7', /unknown option '--sed'[\s\S]*--seed/],
    ['', /the TUI needs a terminal.*meshdojo list/],
  ])('meshdojo %s', async (line, says) => {
    const { code, stdout, stderr } = await runCli(words(line), env, home)
    expect(stderr).toMatch(says)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test('inside the shell of a lab the TUI does not start again', async () => {
    const { code, stderr } = await runCli(['start', 'istio-strict-mtls'], { ...env, MESHDOJO_LAB: 'istio-strict-mtls' })
    expect([code, stderr]).toEqual([2, expect.stringMatching(/exit or ctrl-d returns/)])
  })
})

describe('a cluster that is not there ends with 3 and what to do', () => {
  test.each([
    ['nothing listens', 'https://127.0.0.1:1', /cannot reach https:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\).*cluster serve/],
    ['no such name', 'https://no-such-host.invalid', /cannot reach .*check the server in the kubeconfig/],
  ])('%s', async (_, server, says) => {
    const path = join(home, 'lost.yaml')
    const clusters = [{ name: 'c', cluster: { server } }]
    const contexts = [{ name: 'x', context: { cluster: 'c' } }]
    writeFileSync(path, JSON.stringify({ 'current-context': 'x', clusters, contexts }))
    for (const line of [
      'check istio-strict-mtls',
      'matrix',
      'why a/b http://c.d/',
      'check istio-strict-mtls --watch',
    ]) {
      const { code, stdout, stderr } = await runCli([...words(line), '--kubeconfig', path], env)
      expect(stderr).toMatch(says)
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    }
  })
})

describe('help and version', () => {
  test.each([
    '',
    'start',
    'list',
    'check',
    'why',
    'matrix',
    'verify',
    'lint',
    'doctor',
    'cluster',
    'cluster serve',
    'cluster create',
    'cluster delete',
    'cluster list',
  ])('meshdojo %s --help', async (line) => {
    const { code, stdout, stderr } = await runCli([...words(line), '--help'], env)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Usage: meshdojo/)
  })

  test('--version', async () => {
    expect(await runCli(['--version'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })
})

describe('list', () => {
  test('--json is an array of what the contract says, with progress', async () => {
    const kept = newKept()
    createProgressStore(env.MESHDOJO_HOME).save('istio-strict-mtls', {
      ...kept,
      progress: { ...kept.progress, state: 'started', step: 1, passed: ['strict-production'] },
    })
    const { code, stdout } = await runCli(['list', '--json'], env)
    const entries = JSON.parse(stdout) as Record<string, unknown>[]
    expect(code).toBe(0)
    const keys = ['name', 'title', 'mesh', 'lab', 'minutes', 'difficulty', 'cks', 'steps', 'progress']
    for (const entry of entries) expect(Object.keys(entry)).toEqual(keys)
    expect(entries.find(({ name }) => name === 'istio-strict-mtls')).toMatchObject({
      mesh: 'istio',
      lab: 'shop-istio',
      progress: { state: 'started', step: 1, passed: ['strict-production'] },
    })
    expect((await runCli(['list'], env)).stdout).toMatch(/istio-strict-mtls .*step 2 of \d/)
  })

  test('unreadable progress is said on stderr and kept aside', async () => {
    const state = join(home, 'broken')
    mkdirSync(join(state, 'progress'), { recursive: true })
    writeFileSync(join(state, 'progress', 'istio-strict-mtls.json'), '{"half')
    const { code, stdout, stderr } = await runCli(['list', '--json'], { MESHDOJO_HOME: state })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toBeInstanceOf(Array)
    expect(stderr).toContain('istio-strict-mtls.json.unreadable-1')
  })
})

describe('lint', () => {
  test('the content of the package is clean', async () => {
    expect(await runCli(['lint'], env)).toEqual({ code: 0, stdout: '', stderr: 'no problems\n' })
  })

  test('problems are on stdout as file:line:column, and end with 1', async () => {
    const folder = join(home, 'scenarios', 'istio', '01-x')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'scenario.yaml'), 'apiVersion: meshdojo.dev/v1\nkind: Scenario\nmetadat: {}\n')
    const { code, stdout } = await runCli(['lint', folder], env)
    expect(code).toBe(1)
    expect(stdout).toMatch(/scenario\.yaml:3:1 .*metadat/)
  })
})

describe('doctor', () => {
  const findings = async (with_: NodeJS.ProcessEnv) => {
    const { code, stdout } = await runCli(['doctor', '--json'], { ...env, ...with_ })
    const { ok, findings: found } = JSON.parse(stdout) as {
      ok: boolean
      findings: { name: string; state: string; next?: string }[]
    }
    return { code, ok, of: (name: string) => found.find((finding) => finding.name === name) }
  }

  test('on a machine with nothing but node, labs still work', async () => {
    const { code, ok, of } = await findings({ PATH: home, EDITOR: '', VISUAL: '' })
    expect([code, ok]).toEqual([0, true])
    expect(of('kubectl')).toMatchObject({ state: 'missing', next: expect.stringContaining('install it') })
    expect(of('editor')).toMatchObject({ state: 'missing', next: expect.stringContaining('EDITOR') })
    expect(of('kind')).toMatchObject({ state: 'missing' })
  })

  test.each([
    ['a state folder that cannot be written', { MESHDOJO_HOME: join(home, 'own.config', 'state') }, 'progress', 1],
    ['a dumb terminal', { TERM: 'dumb' }, 'terminal', 1],
    ['an editor that is not there', { EDITOR: 'no-such-editor' }, 'editor', 0],
  ])('%s is a problem with something to do', async (_, with_, name, code) => {
    const found = await findings(with_)
    expect(found.code).toBe(code)
    expect(found.of(name)).toMatchObject({ state: 'problem', next: expect.any(String) })
  })
})

test.each([
  [60, /^SCENARIO +TIME +PROGRESS$/m],
  [80, /^SCENARIO +TIME +LEVEL +PROGRESS$/m],
  [110, /^SCENARIO +TITLE +TIME +LEVEL +PROGRESS$/m],
  [160, /^SCENARIO +TITLE +MESH +TRACK +TIME +LEVEL +EXAM +PROGRESS$/m],
])('list leaves out columns until no row is wider than a terminal of %i', async (columns, head) => {
  const { stdout } = await runCli(['list'], { MESHDOJO_HOME: '/nonexistent' }, undefined, { isTTY: true, columns })
  expect(stdout).toMatch(head)
  expect(Math.max(...stdout.split('\n').map((row) => row.length))).toBeLessThanOrEqual(columns)
})

test('a folder that cannot be written is said before anything is drawn, with what to do', async () => {
  const file = join(home, 'a-file')
  writeFileSync(file, '')
  for (const argv of [['start', 'istio-tour'], [], ['exam']]) {
    const env = { MESHDOJO_HOME: join(file, 'state'), TERM: 'xterm' }
    const { code, stdout, stderr } = await runCli(argv, env, undefined, { isTTY: true })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/progress: .* cannot be written \(ENOTDIR\); .*set MESHDOJO_HOME/)
  }
})
