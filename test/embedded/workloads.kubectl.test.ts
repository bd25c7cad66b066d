/** What learners do with running pods, with the kubectl that they have: debug, cp, logs, run, attach, drain. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { type Kubectl, kubectlFor, kubectls } from './kubectl.ts'
import { settled } from './small-cluster.ts'

const found = kubectls(['1.27', '1.30', '1.33'])

describe.skipIf(found.length === 0).each(found)('%s', (binary) => {
  let embedded: EmbeddedCluster
  let served: ServedCluster
  let kubectl: Kubectl
  beforeAll(async () => {
    embedded = await createEmbeddedCluster()
    await settled(embedded)
    served = await serve(embedded)
    kubectl = kubectlFor(binary, served.kubeconfig)
    await kubectl('run', 'client', '--image=curlimages/curl', '--command', '--', 'sleep', 'infinity')
    await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')
    await kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=30s')
  })
  afterAll(async () => {
    kubectl.remove()
    await served.close()
    embedded.stop()
  })

  test('cp carries bytes both ways, folders too', async () => {
    const folder = join(dirname(kubectl.file('note', 'hello\n')), 'folder')
    mkdirSync(folder)
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256)
    writeFileSync(join(folder, 'bytes'), bytes)
    expect(await kubectl('cp', join(folder, '../note'), 'client:/tmp/note')).toMatchObject({ code: 0 })
    expect((await kubectl('exec', 'client', '--', 'cat', '/tmp/note')).stdout).toBe('hello\n')
    expect(await kubectl('cp', folder, 'client:/tmp/folder')).toMatchObject({ code: 0 })
    expect(await kubectl('cp', 'client:/tmp/folder', join(folder, 'back'))).toMatchObject({ code: 0 })
    expect(new Uint8Array(readFileSync(join(folder, 'back/bytes')))).toEqual(bytes)
    // kubectl may end before it has passed tar's words on; exec waits for them.
    expect(await kubectl('cp', 'client:/tmp/none', join(folder, 'none'))).toMatchObject({ code: 1 })
    expect((await kubectl('exec', 'client', '--', 'tar', 'cf', '-', '/tmp/none')).stderr).toContain(
      "tar: removing leading '/' from member names\ntar: tmp/none: No such file or directory\n",
    )
  })

  test('debug adds a container that sees its target’s processes, and leaves the pod ready', async () => {
    const debug = ['debug', 'client', '--image=busybox', '--target=client', '-c', 'tools', '--', 'sh', '-c']
    expect(await kubectl(...debug, 'echo begun; sleep 600')).toMatchObject({ code: 0 })
    await kubectl(
      'wait',
      'pod/client',
      '--for=jsonpath={.status.ephemeralContainerStatuses[0].state.running}',
      '--timeout=30s',
    )
    expect((await kubectl('logs', 'client', '-c', 'tools')).stdout).toBe('begun\n')
    expect((await kubectl('exec', 'client', '-c', 'tools', '--', 'ps')).stdout).toMatch(
      /^PID {3}USER {5}TIME {2}COMMAND\n\s+1 \S+\s+0:00 sleep infinity\n\s+7 root\s+0:00 sh -c .*\n/,
    )
    expect((await kubectl('get', 'pod', 'client', '--no-headers')).stdout).toMatch(/^client\s+1\/1\s+Running\s+0\s/)
    expect((await kubectl('describe', 'pod', 'client')).stdout).toMatch(/Ephemeral Containers:\n {2}tools:\n/)
  })

  test('run --rm shows what the container wrote and takes it away', async () => {
    const ran = await kubectl('run', 'once', '--rm', '-i', '--restart=Never', '--image=busybox', '--', 'echo', 'hello')
    expect(ran.stdout).toMatch(/^hello\npod "once" deleted/)
    const failed = await kubectl(
      'run',
      'fails',
      '--rm',
      '-i',
      '--restart=Never',
      '--image=busybox',
      '--',
      'sh',
      '-c',
      'exit 3',
    )
    expect(failed).toMatchObject({ code: 3, stderr: expect.stringContaining('pod default/fails terminated (Error)') })
  })

  test('logs: of the run before, by label, with prefixes and times, the last lines', async () => {
    await kubectl('run', 'crashes', '--image=busybox', '--', 'sh', '-c', 'echo one; echo two; exit 1')
    await kubectl(
      'wait',
      'pod/crashes',
      '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff',
      '--timeout=30s',
    )
    expect((await kubectl('get', 'pod', 'crashes', '--no-headers')).stdout).toMatch(
      /^crashes\s+0\/1\s+CrashLoopBackOff\s+1 \(/,
    )
    expect((await kubectl('logs', 'crashes', '--previous', '--tail=1')).stdout).toBe('two\n')
    expect((await kubectl('logs', 'crashes', '--timestamps', '--tail=1')).stdout).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z two\n$/,
    )
    expect((await kubectl('logs', 'client', '--previous', '-c', 'client')).stderr).toContain(
      'previous terminated container "client" in pod "client" not found',
    )
    const all = await kubectl('logs', '-l', 'app=web', '--all-containers', '--prefix', '--tail=1')
    expect(all.stdout).toMatch(/^(\[pod\/web-\S+\/nginx\] .*\n){2}$/)
    expect((await kubectl('logs', 'client', '-c', 'none')).stderr).toContain(
      'container none is not valid for pod client',
    )
  })

  test('rollout: paused, resumed, undone to a revision', async () => {
    await kubectl('rollout', 'pause', 'deployment/web')
    await kubectl('set', 'image', 'deployment/web', 'nginx=nginx:1.28')
    expect((await kubectl('rollout', 'status', 'deployment/web', '--watch=false')).stdout).toContain(
      '0 out of 2 new replicas have been updated',
    )
    await kubectl('rollout', 'resume', 'deployment/web')
    expect((await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')).stdout).toContain(
      'successfully rolled out',
    )
    await kubectl('rollout', 'undo', 'deployment/web', '--to-revision=1')
    expect((await kubectl('rollout', 'history', 'deployment/web', '--revision=3')).stdout).toMatch(/Image:\s+nginx\n/)
  })

  test('a budget holds a drain back; pods move to other nodes', async () => {
    await kubectl('create', 'pdb', 'guard', '--selector=app=web', '--min-available=2')
    await kubectl('wait', 'pdb/guard', '--for=jsonpath={.status.currentHealthy}=2', '--timeout=30s')
    expect((await kubectl('get', 'pdb', 'guard', '--no-headers')).stdout).toMatch(/^guard\s+2\s+N\/A\s+0\s/)
    const first = ['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].spec.nodeName}']
    const { stdout: node } = await kubectl(...first)
    const drain = ['drain', node, '--ignore-daemonsets', '--pod-selector=app=web']
    const held = await kubectl(...drain, '--timeout=1s')
    expect(held.code).toBe(1)
    expect(held.stderr).toMatch(
      /error when evicting pods\/"web-\S+" -n "default" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\./,
    )
    expect((await kubectl('get', 'node', node, '--no-headers')).stdout).toMatch(/Ready,SchedulingDisabled/)
    await kubectl('delete', 'pdb', 'guard')
    expect((await kubectl(...drain, '--timeout=30s')).stdout).toContain(`node/${node} drained\n`)
    expect((await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')).code).toBe(0)
    expect(
      (await kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.nodeName}')).stdout.split(' '),
    ).not.toContain(node)
    expect(await kubectl('uncordon', node)).toMatchObject({ code: 0, stdout: `node/${node} uncordoned\n` })
  })

  test('autoscale makes an autoscaler that keeps the count within bounds and says what it cannot know', async () => {
    expect(await kubectl('autoscale', 'deployment/web', '--min=3', '--max=5', '--cpu-percent=60')).toMatchObject({
      code: 0,
    })
    await kubectl('wait', 'deployment/web', '--for=jsonpath={.spec.replicas}=3', '--timeout=30s')
    expect((await kubectl('get', 'hpa', 'web', '--no-headers')).stdout).toMatch(
      /^web\s+Deployment\/web\s+cpu: <unknown>\/60%\s+3\s+5\s/,
    )
    await kubectl('wait', 'hpa/web', '--for=condition=ScalingActive=False', '--timeout=30s')
    const { stdout } = await kubectl('describe', 'hpa', 'web')
    expect(stdout).toContain('unable to fetch metrics from resource metrics API')
    await kubectl('delete', 'hpa', 'web')
  })

  test('a CronJob runs by hand, too', async () => {
    await kubectl('create', 'cronjob', 'tick', '--image=busybox', '--schedule=0 0 1 1 *', '--', 'echo', 'tick')
    await kubectl('create', 'job', 'now', '--from=cronjob/tick')
    expect(await kubectl('wait', 'job/now', '--for=condition=Complete', '--timeout=30s')).toMatchObject({ code: 0 })
    expect((await kubectl('logs', 'job/now')).stdout).toBe('tick\n')
  })

  test('top says that there is no metrics API', async () => {
    expect(await kubectl('top', 'pods')).toMatchObject({ code: 1, stderr: 'error: Metrics API not available\n' })
  })
})
