/** What `doctor` says of a machine: each shortage on its own, with what to do about it. */
import { describe, expect, test } from 'vitest'
import { type Machine as Facts, kindNeeds } from '../../../src/providers/kind/needs.ts'
import { run } from '../../../src/shell/run.ts'
import { runCli } from '../../cli/io.ts'
import { makeMachine, usual } from './machine.ts'

/** A machine that has enough of everything, with some of it changed. */
const needs = async (info: string, more: Partial<Facts> = {}) => {
  const machine = makeMachine({ ...usual, docker: info })
  const facts: Facts = { env: machine.env, run, arch: 'x64', proc: () => '1000000', free: async () => 50e9, ...more }
  const found = await kindNeeds(facts)
  return (name: string) => found.find((need) => need.name === name)
}
const plenty = `echo '8 16000000000 /var/lib/docker'`

test('enough of everything: all is well but the tools of other meshes', async () => {
  const of = await needs(plenty)
  for (const name of ['runtime', 'cpu', 'memory', 'disk', 'architecture', 'inotify', 'kind', 'kubectl', 'istioctl'])
    expect(of(name)).toMatchObject({ name, state: 'ok' })
  expect(of('linkerd')).toMatchObject({ state: 'missing', next: expect.stringMatching(/^install 26\.6\.3 or newer/) })
})

describe('a shortage is a problem with something to do', () => {
  test.each<[string, string, string, Partial<Facts>, RegExp, RegExp]>([
    ['one CPU', 'cpu', `echo '1 16000000000 /'`, {}, /^1 CPUs for docker$/, /give docker at least 2/],
    ['little memory for docker', 'memory', `echo '8 2000000000 /'`, {}, /^2\.0 GB for docker$/, /at least 6\.0 GB/],
    [
      'a full disk',
      'disk',
      plenty,
      { free: async () => 1e9 },
      /^1\.0 GB free .*\/var\/lib\/docker/,
      /docker system prune/,
    ],
    [
      'low limits of inotify',
      'inotify',
      plenty,
      { proc: (path) => (path.endsWith('instances') ? '128' : '600000') },
      /max_user_instances 128, max_user_watches 600000/,
      /sudo sysctl fs\.inotify\.max_user_instances=512$/,
    ],
    ['another architecture', 'architecture', plenty, { arch: 's390x' }, /s390x/, /x64 and arm64 only/],
    [
      'docker is stopped',
      'runtime',
      `echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1`,
      {},
      /Cannot connect to the Docker daemon/,
      /docker is not running: start it/,
    ],
  ])('%s', async (_, name, info, more, says, next) => {
    const need = (await needs(info, more))(name)
    expect(need).toMatchObject({
      state: 'problem',
      says: expect.stringMatching(says),
      next: expect.stringMatching(next),
    })
  })
})

test('doctor --json has them, and embedded labs are well without any', async () => {
  const machine = makeMachine({ kind: `echo 'kind v0.11.1 go1.16.4'` })
  const { code, stdout } = await runCli(['doctor', '--json'], machine.env)
  const { ok, findings } = JSON.parse(stdout) as {
    ok: boolean
    findings: { name: string; for: string; state: string }[]
  }
  const of = (name: string) => findings.find((finding) => finding.name === name && finding.for === 'kind')
  expect([code, ok]).toEqual([0, true])
  expect(of('runtime')).toMatchObject({ state: 'missing' })
  expect(of('kind')).toMatchObject({ state: 'problem', next: expect.stringMatching(/install 0\.31\.0 or newer/) })
  expect(findings.find((finding) => finding.for === 'context')).toMatchObject({ state: 'missing', says: 'no context' })
})
