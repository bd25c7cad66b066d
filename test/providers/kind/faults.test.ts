/** Every step of every plan, with real processes: given up, failing in the usual ways, and gone on with afterwards. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAlive } from '../../../src/providers/claim.ts'
import { execute } from '../../../src/providers/kind/execute.ts'
import { type MeshName, meshVersions } from '../../../src/providers/kind/install/tools.ts'
import { planCluster } from '../../../src/providers/kind/plan.ts'
import { run } from '../../../src/shell/run.ts'
import { type StandIn, standInFor } from './stand-in.ts'

const plans = (Object.keys(meshVersions) as MeshName[]).flatMap((mesh) =>
  (['tool', 'helm'] as const).map((by) => {
    const spec = { name: `meshdojo-${mesh}`, mesh, by, version: meshVersions[mesh], runtime: 'docker' as const }
    return [
      `${mesh} by ${by}`,
      planCluster({ ...spec, settings: {}, folder: '/state', kubeconfig: '/state/kubeconfig' }),
    ] as const
  }),
)

const says = (text: string): string => `echo '${text}' >&2; exit 1`
const failures: [how: string, body: string, expected: RegExp][] = [
  ['the disk is full', says('write /var/lib/docker/tmp/x: no space left on device'), /to do: the disk is full/],
  [
    'docker is stopped',
    says('ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'),
    /to do: docker is not running: start it/,
  ],
  ['an image cannot be pulled', says('failed to pull image "x": i/o timeout'), /to do: .*check the network/],
  [
    'the cluster is gone',
    says('The connection to the server 127.0.0.1:34567 was refused - did you specify the right host or port?'),
    /to do: the cluster does not answer: see with "docker ps" whether its nodes run/,
  ],
  [
    'the cluster is gone, as Go says it',
    says('Get "https://127.0.0.1:39373/version?timeout=15s": dial tcp 127.0.0.1:39373: connect: connection refused'),
    /to do: the cluster does not answer/,
  ],
  [
    'a proxy is gone',
    says('failed to do request: proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused'),
    /to do: .*check the network, and a proxy if there is one/,
  ],
  ['it takes too long', says('error: timed out waiting for the condition'), /to do: it took too long/],
  ['it is killed', 'kill -9 $$', /was ended by SIGKILL/],
]

describe.each(plans)('%s', (_, plan) => {
  const execution = ({ env, folder }: StandIn, finished: Set<string>) => ({
    run,
    env,
    log: join(folder, 'log.txt'),
    finished,
    onFinished: ({ id }: { id: string }): void => void finished.add(id),
  })

  test('each step, given up while it is at work: its process is gone, nothing later is begun, and the next run goes on', async () => {
    const world = standInFor(plan)
    const finished = new Set<string>()
    for (const [index, { id }] of plan.steps.entries()) {
      world.fault(id, 'hang')
      const stop = new AbortController()
      const failing = execute(plan, { ...execution(world, finished), signal: stop.signal }).catch(
        (error: unknown) => error,
      )
      const pid = await world.hung()
      stop.abort(new Error(`given up at ${id}`))
      expect(await failing).toEqual(new Error(`given up at ${id}`))
      expect(isAlive(pid)).toBe(false)
      expect(existsSync(join(world.folder, 'child.json'))).toBe(false)
      expect([...finished]).toEqual(plan.steps.slice(0, index).map((step) => step.id))
      world.mend(id)
    }
    await execute(plan, execution(world, finished))
    expect(plan.steps.filter(({ id }) => !world.isDone(id))).toEqual([])
    // What was done is not done again, and only what was begun is cleaned: once each.
    const cleaned = plan.steps.flatMap(({ id, half }) => (half ? [`clean ${id}`] : []))
    expect(world.did().filter((line) => line.startsWith('clean'))).toEqual(cleaned)
    expect(world.unexpected()).toEqual([])
  })

  test('each step, failing in each usual way: it is said with what to do, and the next run goes on', async () => {
    const world = standInFor(plan)
    const finished = new Set<string>()
    for (const [index, { id, says: step }] of plan.steps.entries()) {
      const [, body, expected] = failures[index % failures.length]!
      world.fault(id, body)
      const message = await execute(plan, execution(world, finished)).catch((error: Error) => error.message)
      expect(message).toMatch(expected)
      expect(message).toContain(`${step}: it failed\n`)
      expect(message).toMatch(/\nthe same command goes on from here; everything that was printed is in .*log\.txt$/)
      expect([...finished]).toEqual(plan.steps.slice(0, index).map((each) => each.id))
      world.mend(id)
    }
    await execute(plan, execution(world, finished))
    expect(plan.steps.filter(({ id }) => !world.isDone(id))).toEqual([])
    expect(world.unexpected()).toEqual([])
  })
})

test.each(failures)('creating, when %s', async (_, body, expected) => {
  const [, plan] = plans[0]!
  const world = standInFor(plan)
  world.fault('create', body)
  await expect(
    execute(plan, { run, env: world.env, log: join(world.folder, 'log.txt'), finished: new Set() }),
  ).rejects.toThrow(expected)
  expect(world.did()).toEqual(['do create'])
})
