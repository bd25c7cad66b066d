import { afterEach, describe, expect, test } from 'vitest'
import type { Pod } from '../../../src/kube/kinds.ts'
import { manualClock } from '../manual-clock.ts'
import { type SmallCluster, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
afterEach(() => cluster.stop())

const pods = { group: '', resource: 'pods' }
const condition = (pod: Pod | undefined, type: string): string | undefined =>
  pod?.status?.conditions?.find((each) => each.type === type)?.status
const main = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]
const waiting = (pod: Pod | undefined): string | undefined => main(pod)?.state?.waiting?.reason
const agnhost = { image: 'registry.k8s.io/e2e-test-images/agnhost:2.53', args: ['netexec'] }
const keepAlive = { image: 'busybox', command: ['sleep', 'infinity'] }

describe('starting', () => {
  test('a pod becomes Running and Ready, with addresses, ids and events in order', async () => {
    cluster = smallCluster()
    cluster.run('a', agnhost)
    await cluster.ready('a')
    const pod = cluster.pod('a')
    expect(pod?.status).toMatchObject({
      phase: 'Running',
      podIP: '10.244.0.2',
      podIPs: [{ ip: '10.244.0.2' }],
      qosClass: 'BestEffort',
    })
    expect(pod?.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ])
    expect(main(pod)).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
      imageID: expect.stringMatching(/^registry\.k8s\.io\/e2e-test-images\/agnhost@sha256:[0-9a-f]{64}$/),
    })
    expect(cluster.events()).toEqual([
      'Normal Pulled: Container image "registry.k8s.io/e2e-test-images/agnhost:2.53" already present on machine',
      'Normal Created: Created container: main',
      'Normal Started: Started container main',
    ])
  })

  // As their charts start them: istio/istio manifests/charts/istio-control/istio-discovery templates/deployment.yaml,
  // linkerd2 charts/linkerd-control-plane templates/destination.yaml.
  test.each([
    ['istiod', { image: 'docker.io/istio/pilot:1.30.3', args: ['discovery'] }, {}],
    [
      'the policy controller',
      { image: 'cr.l5d.io/linkerd/controller:edge-26.6.3', command: ['/linkerd-policy-controller'] },
      { runAsUser: 2103 },
    ],
  ])('%s runs as what it is, and not as root', async (_, container, user) => {
    cluster = smallCluster()
    cluster.run('a', { ...container, securityContext: { runAsNonRoot: true, ...user } })
    await cluster.ready('a')
  })

  test('an unscheduled pod is left alone', async () => {
    cluster = smallCluster()
    cluster.run('later', keepAlive, { spec: { nodeName: undefined } })
    cluster.run('now', keepAlive)
    await cluster.ready('now')
    expect(cluster.pod('later')?.status?.podIP).toBeUndefined()
  })

  test('an idle node has no timer', async () => {
    const clock = manualClock()
    cluster = smallCluster({ clock })
    cluster.run('a', { ...agnhost, readinessProbe: { httpGet: { path: '/healthz', port: 8080 } } })
    await cluster.ready('a')
    expect(clock.waiting).toBe(0)
  })

  test.each([
    ['nosuch/image:1', 'ImagePullBackOff', 'this simulated cluster has only registry.k8s.io/e2e-test-images/agnhost'],
    ['Bad Name', 'InvalidImageName', "couldn't parse image name"],
  ])('image %j waits with %s', async (image, reason, says) => {
    cluster = smallCluster()
    cluster.run('a', { image })
    const pod = await cluster.until('a', (each) => waiting(each) === reason)
    expect(pod?.status?.phase).toBe('Pending')
    expect(cluster.events().join('\n')).toContain(says)
  })

  test('a new image gets a waiting pod going', async () => {
    cluster = smallCluster()
    cluster.run('a', { image: 'nosuch/image:1' })
    await cluster.until('a', (pod) => waiting(pod) === 'ImagePullBackOff')
    cluster.registry.mutate(pods, 'a', 'shop', (draft) => {
      ;(draft as Pod).spec.containers[0]!.image = 'nginx'
    })
    await cluster.ready('a')
  })

  test('a missing ConfigMap holds the container back until it is there', async () => {
    const clock = manualClock()
    cluster = smallCluster({ clock })
    cluster.run('a', {
      ...keepAlive,
      env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'x' } } }],
    })
    await cluster.until('a', (pod) => waiting(pod) === 'CreateContainerConfigError')
    expect(cluster.events().join('\n')).toContain('Error: configmap "settings" not found')
    cluster.add({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'shop' },
      data: { x: 'from the map' },
    })
    clock.advance(5000)
    await cluster.ready('a')
    expect((await cluster.exec('a', ['printenv', 'X'])).stdout).toBe('from the map\n')
  })
})

describe('init containers', () => {
  test('run one after the other, native sidecars stay', async () => {
    cluster = smallCluster()
    cluster.run('a', keepAlive, {
      spec: {
        initContainers: [
          { name: 'first', image: 'busybox', command: ['sh', '-c', 'echo first'] },
          { name: 'proxy', image: 'nginx', restartPolicy: 'Always' },
          { name: 'second', image: 'busybox', command: ['true'] },
        ],
      },
    })
    await cluster.ready('a')
    const statuses = cluster.pod('a')?.status?.initContainerStatuses
    expect(statuses?.map(({ name, ready, state }) => [name, ready, Object.keys(state ?? {})[0]])).toEqual([
      ['first', true, 'terminated'],
      ['proxy', true, 'running'],
      ['second', true, 'terminated'],
    ])
  })

  test('one that fails keeps the rest from starting', async () => {
    cluster = smallCluster()
    cluster.run('a', keepAlive, {
      spec: { restartPolicy: 'Never', initContainers: [{ name: 'no', image: 'busybox', command: ['false'] }] },
    })
    const pod = await cluster.until('a', (each) => each?.status?.phase === 'Failed')
    expect(condition(pod, 'Initialized')).toBe('False')
    expect(main(pod)?.state?.waiting?.reason).toBe('PodInitializing')
  })
})

describe('ending', () => {
  test.each([
    ['Never', 0, 'Succeeded', 'Completed'],
    ['Never', 3, 'Failed', 'Error'],
    ['OnFailure', 0, 'Succeeded', 'Completed'],
  ])('restartPolicy %s, exit %i: %s', async (restartPolicy, code, phase, reason) => {
    cluster = smallCluster()
    cluster.run('a', { image: 'busybox', command: ['sh', '-c', `echo bye; exit ${code}`] }, { spec: { restartPolicy } })
    const pod = await cluster.until('a', (each) => each?.status?.phase === phase)
    expect(main(pod)?.state?.terminated).toMatchObject({ exitCode: code, reason })
    let text = ''
    for await (const chunk of cluster.kubelet.logs({ namespace: 'shop', pod: 'a' }, {})) text += chunk
    expect(text).toBe('bye\n')
  })

  test('a container that keeps failing waits longer each time', async () => {
    const clock = manualClock()
    cluster = smallCluster({ clock })
    cluster.run('a', { image: 'busybox', command: ['false'] })
    const crashed = (restarts: number) =>
      cluster.until('a', (pod) => waiting(pod) === 'CrashLoopBackOff' && main(pod)?.restartCount === restarts)
    await cluster.until('a', (pod) => main(pod)?.state?.terminated?.exitCode === 1)
    clock.advance(0)
    const first = await crashed(1)
    expect(main(first)?.state?.waiting).toMatchObject({
      message: expect.stringContaining('back-off 10s restarting failed container=main pod=a_shop('),
    })
    clock.advance(9_999)
    expect(main(cluster.pod('a'))?.restartCount).toBe(1)
    clock.advance(1)
    const second = await crashed(2)
    expect(main(second)?.state?.waiting).toMatchObject({ message: expect.stringContaining('back-off 20s') })
    expect(cluster.events().join('\n')).toContain('Back-off restarting failed container main in pod a_shop(')
  })

  test('a command that does not exist is a StartError', async () => {
    cluster = smallCluster()
    cluster.run('a', { image: 'busybox', command: ['nosuch'] }, { spec: { restartPolicy: 'Never' } })
    const pod = await cluster.until('a', (each) => each?.status?.phase === 'Failed')
    expect(main(pod)?.state?.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message: expect.stringContaining('exec: "nosuch": executable file not found in $PATH'),
    })
  })

  test('deletion is prompt and says what it stops', async () => {
    cluster = smallCluster()
    cluster.run('a', agnhost)
    await cluster.ready('a')
    cluster.registry.delete(pods, 'a', 'shop')
    await cluster.until('a', (pod) => pod === undefined)
    expect(cluster.events().at(-1)).toBe('Normal Killing: Stopping container main')
  })

  test('a running exec ends with its container', async () => {
    cluster = smallCluster()
    cluster.run('a', keepAlive)
    await cluster.ready('a')
    const running = cluster.exec('a', ['sleep', 'infinity'])
    cluster.registry.delete(pods, 'a', 'shop', { gracePeriodSeconds: 0 })
    expect((await running).exitCode).not.toBe(0)
  })
})

describe('probes', () => {
  test.each([
    [{ httpGet: { path: '/healthz', port: 8080 } }, 'True', ''],
    [{ httpGet: { path: '/healthz', port: 'web' } }, 'True', ''],
    [{ tcpSocket: { port: 8080 } }, 'True', ''],
    [{ exec: { command: ['true'] } }, 'True', ''],
    [
      { httpGet: { path: '/echo?code=500', port: 8080 } },
      'False',
      'Readiness probe failed: HTTP probe failed with statuscode: 500',
    ],
    [
      { httpGet: { path: '/', port: 81 } },
      'False',
      'Readiness probe failed: Get "http://10.244.0.2:81/": dial tcp 10.244.0.2:81: connect: connection refused',
    ],
    [
      { tcpSocket: { port: 81 } },
      'False',
      'Readiness probe failed: dial tcp 10.244.0.2:81: connect: connection refused',
    ],
    [
      { exec: { command: ['cat', '/nope'] } },
      'False',
      "Readiness probe failed: cat: can't open '/nope': No such file or directory",
    ],
  ])('readiness %j: Ready=%s', async (readinessProbe, status, says) => {
    cluster = smallCluster()
    cluster.run('a', { ...agnhost, ports: [{ name: 'web', containerPort: 8080 }], readinessProbe })
    if (status === 'True') await cluster.ready('a')
    else {
      await new Promise<void>((resolve) => {
        const stop = cluster.registry.watch(
          { group: '', resource: 'events' },
          ({ object }) => {
            if (object.reason !== 'Unhealthy') return
            resolve()
            queueMicrotask(() => stop())
          },
          { replay: true },
        )
      })
      expect(cluster.events().join('\n')).toContain(says)
    }
    expect(condition(cluster.pod('a'), 'Ready')).toBe(status)
  })

  test('liveness that fails restarts the container', async () => {
    const clock = manualClock()
    cluster = smallCluster({ clock })
    cluster.run('a', { ...agnhost, livenessProbe: { tcpSocket: { port: 81 }, failureThreshold: 1 } })
    const dead = await cluster.until('a', (pod) => main(pod)?.state?.terminated !== undefined)
    expect(main(dead)?.state?.terminated?.exitCode).toBe(137)
    clock.advance(0)
    await cluster.until('a', (pod) => main(pod)?.restartCount === 1)
    expect(cluster.events().join('\n')).toContain('Container main failed liveness probe, will be restarted')
  })
})

test('environment: fields, expansion, Service variables', async () => {
  cluster = smallCluster()
  cluster.add({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'my-db', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.9', ports: [{ name: 'sql', port: 5432 }] },
  })
  cluster.run('a', {
    ...keepAlive,
    env: [
      { name: 'A', value: 'x' },
      { name: 'B', value: '$(A)y $(NOPE) $$(A)' },
      { name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'L', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
    ],
  })
  await cluster.ready('a')
  const { stdout } = await cluster.exec('a', ['env'])
  expect(stdout.split('\n')).toEqual(
    expect.arrayContaining([
      'B=xy $(NOPE) $(A)',
      'WHO=a',
      'IP=10.244.0.2',
      'L=a',
      'HOSTNAME=a',
      'MY_DB_SERVICE_HOST=10.96.0.9',
      'MY_DB_PORT_5432_TCP_ADDR=10.96.0.9',
      'MY_DB_SERVICE_PORT_SQL=5432',
    ]),
  )
})
